"""What a run did, counted per stream: the summary lines for machines and the last log line for people."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from .errors import SummaryFileError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .rows import Outcome, Row

Status = Literal["Completed", "Warning", "Error"]


class Statistics(Protocol):
    """What the wire has counted so far."""

    @property
    def requests(self) -> int:
        """HTTP requests sent, repeated ones included."""
        ...  # pragma: no cover

    @property
    def throttled_seconds(self) -> float:
        """Seconds waited because the service asked for it."""
        ...  # pragma: no cover


@dataclass(slots=True)
class Usage:
    """Requests and throttled seconds as plain sums."""

    requests: int = 0
    throttled_seconds: float = 0.0

    @classmethod
    def total(cls, parts: Iterable[Statistics]) -> Usage:
        """Sum of several counters."""
        usage = cls()
        for part in parts:
            usage.requests += part.requests
            usage.throttled_seconds += part.throttled_seconds
        return usage

    def add_growth(self, before: Statistics, after: Statistics) -> None:
        """Add what was counted between two readings."""
        self.requests += after.requests - before.requests
        self.throttled_seconds += after.throttled_seconds - before.throttled_seconds


@dataclass(slots=True)
class Tally:
    """Counts of one stream in one run."""

    task: str
    stream: str
    started_at: str
    read: int = 0
    retried: int = 0
    rejected_new: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    skipped_for: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)

    @property
    def owner(self) -> str:
        """The task, or the stream where no task is named."""
        return self.task or self.stream

    @property
    def written(self) -> int:
        """Rows that were sent and accepted, whatever the service told about creation or update."""
        return self.kinds["created"] + self.kinds["updated"] + self.kinds["written"]

    def count(self, row: Row, outcome: Outcome) -> None:
        """Count the verdict on a row."""
        self.kinds[outcome.kind] += 1
        self.retried += row.retried
        if outcome.kind == "rejected" and not row.retried:
            self.rejected_new += 1
        if outcome.kind == "skipped":
            self.skipped_for[outcome.reason] += 1

    def status(self, *, broken: bool) -> Status:
        """Completed: nothing rejected. Error: the run broke, or new rows were due and none got through."""
        if broken:
            return "Error"
        if not self.kinds["rejected"]:
            return "Completed"
        settled = sum(self.kinds.values()) - self.kinds["rejected"]
        return "Error" if self.rejected_new and not settled else "Warning"

    def line(self, plugin: str, ended_at: str, *, broken: bool, run_id: str = "") -> dict[str, Any]:
        """The stream's line of the run summary."""
        kinds = self.kinds
        return {
            "run_id": run_id,
            "plugin": plugin,
            "task": self.task,
            "stream": self.stream,
            "status": self.status(broken=broken),
            "read": self.read,
            "created": kinds["created"],
            "updated": kinds["updated"],
            "written": self.written,
            "unchanged": kinds["unchanged"],
            "skipped": kinds["skipped"],
            "deleted": kinds["deleted"],
            "retried": self.retried,
            "rejected": kinds["rejected"],
            "filtered": 0,
            "requests": self.usage.requests,
            "throttled_seconds": round(self.usage.throttled_seconds, 3),
            "started_at": self.started_at,
            "ended_at": ended_at,
        }

    def sentence(self) -> str:
        """The stream's last log line."""
        kinds = self.kinds
        parts = [
            f"{self.read} read",
            f"{self.written} written ({kinds['created']} created, {kinds['updated']} updated)",
            f"{kinds['unchanged']} unchanged",
        ]
        parts += [f"{kinds[kind]} {kind}" for kind in ("skipped", "deleted") if kinds[kind]]
        if self.retried:
            parts.append(f"{self.retried} retried")
        parts.append(f"{kinds['rejected']} rejected")
        return f"{self.owner} {self.stream}: {', '.join(parts)}"


def append_summary(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Append JSON lines to the summary file in one write.

    Raises:
        SummaryFileError: the file cannot be written.
    """
    content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
        with os.fdopen(descriptor, "ab") as file:
            file.write(content)
    except OSError as error:
        raise SummaryFileError(
            f"The summary file {path} cannot be written: {error.strerror}",
            hint="Correct the setting `summary_path`",
        ) from error
