"""The mark the mapper leaves in STATE behind retried rejects; once it is back, the target has written them.

The mapper hears nothing from the target. But a target lets a STATE go only after everything before it is
written, the next run hands that STATE to the tap, and a tap of the Singer SDK brings it back as its very
first message (`Tap.sync_all`), bookmarks of streams it does not know included (`Tap.load_state`). So the mark
is one more entry of the bookmarks: `{"bookmarks": {"mapper-p2c/accounts-to-cds": {"sent": "<token>"}}}`.
"""

from __future__ import annotations

from functools import cached_property

import msgspec
from msgspec import Raw

_OWNER = "mapper-p2c"

_members = msgspec.json.Decoder(dict[str, Raw]).decode


class _Mark(msgspec.Struct):
    """The mark of one task: token of the run that sent the records."""

    sent: str


class StateLine:
    """A STATE line whose marks can be read and set; everything else keeps its bytes.

    A line without an object `value.bookmarks` carries no marks: `token` finds none, and `mark` does nothing.
    """

    def __init__(self, line: bytes) -> None:
        self._line = line.rstrip(b"\r\n")
        self._changed = False

    @cached_property
    def _bookmarks(self) -> dict[str, Raw] | None:
        try:
            return _members(_members(_members(self._line)["value"])["bookmarks"])
        except (KeyError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def token(self, task: str) -> str:
        """The token in a task's mark; empty without one."""
        # Most lines bear no mark, and bookmarks can be long: they are read only where it is worth it.
        if _OWNER.encode() not in self._line or not self._bookmarks:
            return ""
        try:
            return msgspec.json.decode(self._bookmarks[_name(task)], type=_Mark).sent
        except (KeyError, msgspec.DecodeError):
            return ""

    def mark(self, task: str, token: str) -> None:
        """Set a task's mark; an empty token takes it away."""
        if self.token(task) == token or self._bookmarks is None:
            return
        self._changed = True
        if token:
            self._bookmarks[_name(task)] = Raw(msgspec.json.encode(_Mark(token)))
        else:
            del self._bookmarks[_name(task)]

    @property
    def line(self) -> bytes:
        """The line to pass on: exactly as it came in, unless a mark was set or taken away."""
        if not self._changed:
            return self._line
        message = _members(self._line)
        value = _members(message["value"])
        value["bookmarks"] = Raw(msgspec.json.encode(self._bookmarks))
        message["value"] = Raw(msgspec.json.encode(value))
        return msgspec.json.encode(message)


def _name(task: str) -> str:
    return f"{_OWNER}/{task}"
