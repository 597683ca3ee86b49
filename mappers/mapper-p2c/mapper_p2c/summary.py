"""What a run did, per stream: counted, logged without content of rows, and appended to the run summary."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from mapper_p2c.errors import RowError

#: Keys shown in the log for each kind of reject.
_SHOWN_KEYS = 3

#: Gives the current time; tests bring their own.
Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The current time in UTC."""
    return dt.datetime.now(dt.timezone.utc)


def stamp(moment: dt.datetime) -> str:
    """A point in time as the summary and the rejects write it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Counts:
    """Counted records of one task.

    Attributes:
        read: records that came in, without retried rejects.
        written: records sent on, retried ones included.
        filtered: left out by the task's filter.
        skipped: deletes that were dropped.
        retried: rejects of earlier runs that were tried again.
        rejected: records that could not be mapped, retried ones included.
        new_rejects: the rejected ones that are not retried ones.
    """

    read: int = 0
    written: int = 0
    filtered: int = 0
    skipped: int = 0
    retried: int = 0
    rejected: int = 0
    new_rejects: int = 0

    def status(self, *, broken: bool) -> str:
        """Completed, Warning (some rejected) or Error (broken, or nothing sent on though some was due)."""
        if broken:
            return "Error"
        if not self.rejected:
            return "Completed"
        return "Warning" if self.written or not self.new_rejects else "Error"


@dataclass(slots=True)
class TaskSummary:
    """The counts of one task, its rejects by kind, and their report."""

    task: str
    stream: str
    started_at: dt.datetime
    counts: Counts = field(default_factory=Counts)
    _kinds: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _number: dict[tuple[str, str], int] = field(default_factory=dict)

    def reject(self, error: RowError, key: str) -> None:
        """Count a reject under its kind, and remember the first few keys."""
        kind = (error.pattern, error.code)
        self._number[kind] = self._number.get(kind, 0) + 1
        keys = self._kinds.setdefault(kind, [])
        if len(keys) < _SHOWN_KEYS and key not in keys:
            keys.append(key)

    def log(self, logger: logging.Logger, rejects: Path) -> None:
        """Log one line per kind of reject, and the counts as the last line."""
        for (pattern, code), keys in self._kinds.items():
            number = self._number[pattern, code]
            more = ", …" if number > len(keys) else ""
            logger.warning(
                "%s: %d rejected (%s): %s; keys %s%s; kept in %s",
                *(self.task, number, code, pattern, ", ".join(keys), more, rejects),
            )
        counts = self.counts
        logger.info(
            "%s %s: %d read, %d written, %d filtered, %d deletes dropped, %d retried, %d rejected",
            *(self.task, self.stream, counts.read, counts.written, counts.filtered, counts.skipped),
            *(counts.retried, counts.rejected),
        )

    def append(self, path: Path, ended_at: dt.datetime, *, broken: bool, run_id: str = "") -> None:
        """Append the summary line to a file of JSON lines."""
        counts = asdict(self.counts)
        del counts["new_rejects"]
        line = {
            "run_id": run_id,
            "plugin": "mapper-p2c",
            "task": self.task,
            "stream": self.stream,
            "status": self.counts.status(broken=broken),
            "created": 0,
            "updated": 0,
            "unchanged": 0,
            "deleted": 0,
            "requests": 0,
            "throttled_seconds": 0,
            **counts,
            "started_at": stamp(self.started_at),
            "ended_at": stamp(ended_at),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
