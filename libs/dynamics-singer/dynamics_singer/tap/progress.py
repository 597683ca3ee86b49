"""How far a run is, on standard error: live lines on a terminal, one line every few seconds in a log."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Display", "LogDisplay", "Progress", "StreamProgress", "display"]

LOG_SECONDS = 5.0
"""A stream's lines in a log are at least so far apart."""


@dataclass
class StreamProgress:
    """What a stream did in this run so far; times are seconds of a clock that only goes forward.

    `expected` is how many rows there are to read, None where nobody knows; it may be a day old.
    """

    name: str
    started: float
    expected: int | None = None
    sent: int = 0
    deleted: int = 0
    dropped: int = 0
    ended: float | None = None

    def rate(self, now: float) -> float:
        """Records a second, from the start to the end or until now."""
        seconds = (now if self.ended is None else self.ended) - self.started
        return (self.sent + self.deleted) / seconds if seconds > 0 else 0.0

    @property
    def share(self) -> float | None:
        """The part that is done, from 0 to 1; never all of it before the end."""
        if self.ended is not None:
            return 1.0
        return min(self.sent / self.expected, 0.99) if self.expected else None


class Display(Protocol):
    """Where progress is shown; `wants_share` says whether a request for the number of rows is worth it."""

    wants_share: bool

    def show(self, stream: StreamProgress) -> None:
        """A stream has begun, or is one page further."""

    def finish(self, streams: Iterable[StreamProgress]) -> None:
        """The run is over, well or not."""


@dataclass
class LogDisplay:
    """One line a stream every few seconds, and one more for each when the run is over."""

    logger: logging.Logger
    clock: Callable[[], float] = time.monotonic
    wants_share: bool = False
    _shown: dict[str, float] = field(default_factory=dict)

    def show(self, stream: StreamProgress) -> None:
        """Log a line, unless the last one of this stream is too fresh."""
        now = self.clock()
        if now - self._shown.setdefault(stream.name, stream.started) < LOG_SECONDS:
            return
        self._shown[stream.name] = now
        self._log("progress", stream, now)

    def finish(self, streams: Iterable[StreamProgress]) -> None:
        """Log what each stream did."""
        for stream in streams:
            self._log("finished" if stream.ended is not None else "broken off", stream, self.clock())

    def _log(self, what: str, stream: StreamProgress, now: float) -> None:
        self.logger.info(
            "%s: stream=%s records=%d deletions=%d seconds=%.1f records_per_second=%.0f",
            what,
            stream.name,
            stream.sent,
            stream.deleted,
            (now if stream.ended is None else stream.ended) - stream.started,
            stream.rate(now),
        )


class Progress:
    """The progress of all streams of a run; any thread may tell of its own stream.

    `display` is told of every page, and of the end: when `streams` streams have ended or one has failed.
    """

    def __init__(
        self, display: Display, streams: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._display = display
        self._open = streams
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: list[StreamProgress] = []
        self._is_over = False

    @contextmanager
    def stream(self, name: str, expected: Callable[[], int | None]) -> Iterator[StreamProgress]:
        """The time a stream is read; `expected` is asked for the rows where the display has a use for it."""
        stream = StreamProgress(name, self._clock(), expected() if self._display.wants_share else None)
        with self._lock:
            self._streams.append(stream)
        self.moved(stream)
        try:
            yield stream
        except BaseException:
            self.close()
            raise
        self._end(stream)

    def moved(self, stream: StreamProgress) -> None:
        """A page of a stream is out."""
        with self._lock:
            if not self._is_over:
                self._display.show(stream)

    def _end(self, stream: StreamProgress) -> None:
        stream.ended = self._clock()
        self.moved(stream)
        with self._lock:
            self._open -= 1
        if self._open <= 0:
            self.close()

    def close(self) -> None:
        """Show the final state, once: all is read, or the run breaks off. Nothing is shown after it."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
            self._display.finish(self._streams)


def display(logger: logging.Logger) -> Display:
    """Where to show progress: on the terminal if standard error is one, in the log else."""
    if not sys.stderr.isatty():
        return LogDisplay(logger)
    # Imported here because it costs a tenth of a second, which runs without a terminal need not pay.
    from dynamics_singer.tap.terminal import TerminalDisplay  # noqa: PLC0415 - as said

    return TerminalDisplay()
