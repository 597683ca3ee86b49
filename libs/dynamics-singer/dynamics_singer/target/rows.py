"""What goes into a writer and what comes back: a row, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["created", "updated", "written", "unchanged", "skipped", "deleted", "rejected"]
"""How a row ended; `written` where the service does not tell a creation from an update."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row to write.

    Attributes:
        stream: name of the stream it came in.
        record: the decoded values; numbers with a point are `Decimal`, whole numbers exact ints.
        raw: the record's JSON exactly as received; what a rejects file keeps.
        retried: it comes from the rejects file, not from the input.
        attempt: how often it has been tried, this time included (1 for a row seen for the first time).
    """

    stream: str
    record: dict[str, Any]
    raw: bytes
    retried: bool = False
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one row.

    Attributes:
        kind: how it ended.
        reason: why it was rejected or skipped, in one sentence for people; empty otherwise.
        code: the service's error code, or a word of ours that names the kind of fault.
        request_id: the service's id of the request, for support cases.
    """

    kind: Kind
    reason: str = ""
    code: str = ""
    request_id: str = ""


class RowError(Exception):
    """This row cannot be written as it is (blank key, impossible value): it becomes a reject."""

    def __init__(self, reason: str, code: str = "bad_value") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code

    def outcome(self) -> Outcome:
        """The reject this error stands for."""
        return Outcome("rejected", self.reason, self.code)
