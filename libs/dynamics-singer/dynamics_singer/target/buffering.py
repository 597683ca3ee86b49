"""Rows that wait to be written, and the states that wait for them."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from .rows import Row, RowError

Identity = tuple["Hashable", ...]
"""("key", part, …) of a row with a key, ("raw", digest) of a row whose key cannot be used."""


def keyed(key: Iterable[Hashable]) -> Identity:
    """Identity of a row with a usable key."""
    return ("key", *key)


def keyless(raw: bytes) -> Identity:
    """Identity of a row without a usable key: the same text is the same row."""
    return ("raw", hashlib.sha256(raw).hexdigest())


@dataclass(frozen=True, slots=True)
class Pending:
    """A row that waits.

    Attributes:
        row: the row.
        position: its number among the records of the input; None for a retried reject, which no state covers.
        error: why it cannot be written at all, or None.
    """

    row: Row
    position: int | None
    error: RowError | None = None


class Buffer:
    """The waiting rows of one stream, in order of arrival, at most one per identity."""

    def __init__(self) -> None:
        self._rows: dict[Identity, Pending] = {}

    def __len__(self) -> int:
        """How many rows wait."""
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[Identity, Pending]]:
        """The waiting rows in order."""
        return iter(self._rows.items())

    def takes(self, identity: Identity) -> bool:
        """Whether a row can be added before a flush: its key does not wait, or only as a retried reject."""
        waiting = self._rows.get(identity)
        return waiting is None or waiting.row.retried

    def add(self, identity: Identity, pending: Pending) -> None:
        """Append a row; a retried reject with its key makes way, since the new version is the newer one."""
        if not self.takes(identity):
            raise ValueError("this key is waiting already: flush first")
        self._rows.pop(identity, None)
        self._rows[identity] = pending

    def clear(self) -> None:
        """Forget the rows: they are written or among the rejects."""
        self._rows.clear()

    def first_position(self) -> int | None:
        """Smallest position that waits; None when no row of the input does."""
        return min((one.position for one in self._rows.values() if one.position is not None), default=None)


class WaitingStates:
    """States that may not leave before every record that came ahead of them has a home."""

    def __init__(self) -> None:
        self._states: deque[tuple[int, bytes]] = deque()

    def add(self, position: int, state: bytes) -> None:
        """Remember a state that covers the first `position` records of the input."""
        if self._states and self._states[-1][0] == position:
            self._states.pop()
        self._states.append((position, state))

    def take_covered(self, first_waiting: int | None) -> bytes | None:
        """The newest state whose records are all done, given the smallest position that still waits."""
        newest: bytes | None = None
        while self._states and (first_waiting is None or self._states[0][0] <= first_waiting):
            newest = self._states.popleft()[1]
        return newest
