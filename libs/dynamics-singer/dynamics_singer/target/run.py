"""The parts a run is made of: what it needs from outside, and what it knows of each stream."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .buffering import Buffer, Identity, keyed, keyless
from .rows import RowError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from .messages import RecordText
    from .reasons import RejectLog
    from .rejects import RejectsFile
    from .schema import StreamSchema
    from .settings import TargetSettings
    from .summary import Statistics, Tally
    from .writer import StreamWriter


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(timezone.utc)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs from outside.

    Attributes:
        plugin: name of the target, for the summary.
        settings: how to write.
        make_writer: makes the writer of a stream; may ask the service.
        statistics: reads the wire's counters.
        emit_state: sends a state (JSON text) on.
        between_requests: called when a batch is done and may raise to end the run there (stop signals).
        log: where the log goes.
        clock: seconds that only grow.
        now: the present moment, aware.
    """

    plugin: str
    settings: TargetSettings
    make_writer: Callable[[StreamSchema], StreamWriter]
    statistics: Callable[[], Statistics]
    emit_state: Callable[[bytes], None]
    between_requests: Callable[[], None]
    log: logging.Logger
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now


@dataclass(slots=True)
class Stream:
    """A stream of the run: how it is written, what waits, what became of it."""

    schema: StreamSchema
    writer: StreamWriter
    rejects: RejectsFile
    buffer: Buffer
    tally: Tally
    reject_log: RejectLog

    def identify(self, record: RecordText) -> tuple[Identity, RowError | None]:
        """The row's identity, and why it cannot be written if it cannot."""
        try:
            identity = keyed(self.writer.key_of(record.values))
        except RowError as error:
            return keyless(record.raw), error
        return identity, RowError(record.flaw, "broken_text") if record.flaw else None
