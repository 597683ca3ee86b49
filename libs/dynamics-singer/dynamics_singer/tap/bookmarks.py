"""Bookmarks: how far a stream was read, and which rows a look-back must not send again.

Three kinds of state, all plain JSON under the stream's name:

- `modified`: ``replication_key``, ``replication_key_value`` (the latest instant read, at most the present),
  ``window`` (key to version of the rows read since the look-back's start) and ``query``; in the midst of a
  stream with parents also ``parents_since``.
- `changes`: ``delta_link`` and ``query``; ``keys`` names the file of known keys, ``parents`` is a bookmark of
  the first kind for the parents alone.
- `full`: nothing.

``query`` is a fingerprint of what was asked for; when it changes, what was read before does not count any
more.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from dynamics_singer.tap.row_stamps import RowStamps, instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from msgspec import Raw

    from dynamics_singer.tap.parents import Parent

__all__ = ["ModifiedBookmark", "fingerprint", "instant"]

PARENTS = "(parents)"
"""Stands for the replication key where rows are followed by changes of their parents only."""

WINDOW_IN_PASSING = 10_000
"""Above this many remembered rows only the last STATE of a run carries them; resuming then repeats rows."""


def fingerprint(*parts: object) -> str:
    """A short digest of what a stream asks the server for."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def _now() -> datetime:
    return datetime.now(timezone.utc)


class ModifiedBookmark:
    """The `modified` bookmark of one stream while it is read in order of (instant, key).

    A row is identified by its key and version; the version is the row's ETag, or its instant where the server
    sends none. `key` and `stamp` name the columns that hold the row's key and the instant of its last change.
    `clock` gives the present: a row dated later, by an import or a plug-in, must not take the bookmark past
    the changes that are still to come. A clock that is behind makes the window larger and loses nothing.

    A row with `parents` changes when one of them does: its instant is the latest of its own and theirs, its
    version is made of all of theirs. Such rows come in the order of their own instants, so until the last of
    them is read, the bookmark holds both how far the rows were read and since when parents count. Without a
    `stamp` only the parents count.

    Raises:
        ValueError: `state` holds a ``replication_key_value`` that is no UTC instant.
    """

    def __init__(  # noqa: PLR0913 - what a bookmark has to know
        self,
        state: Mapping[str, Any],
        *,
        key: Sequence[str],
        stamp: str,
        lookback: timedelta,
        start: str | None = None,
        parents: Sequence[Parent] = (),
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._stamp = stamp or PARENTS
        self._lookback = lookback
        self._start = start
        self._parents = tuple(parents)
        self._clock = clock
        value = state.get("replication_key_value") if state.get("replication_key") == self._stamp else None
        self._reached: str | None = _text(_parsed(str(value))) if value else None
        parents_from = state.get("parents_since") if value else None
        self._parents_from = _text(_parsed(str(parents_from))) if parents_from else self._reached
        self._latest = self._parents_from
        window = state.get("window") if value else None
        self._before: dict[str, str] = dict(window) if isinstance(window, dict) else {}
        self._until = instant(self._reached) if self._reached else ""
        self._read: dict[str, tuple[str, str]] = {}
        self._rows = RowStamps(key, stamp, self._parents)

    @property
    def since(self) -> str | None:
        """The instant to read from (``ge``): the bookmark less the look-back, never before the start date."""
        return self._from(self._reached)

    @property
    def parents_since(self) -> str | None:
        """The same for changes of parents."""
        return self._from(self._parents_from)

    def _from(self, reached: str | None) -> str | None:
        if reached is None:
            return self._start
        reading_from = _text(_parsed(reached) - self._lookback)
        if self._start and instant(self._start) > instant(reading_from):
            return self._start
        return reading_from

    def fresh(self, rows: Sequence[Raw]) -> list[Raw]:
        """Give the rows of a page that were not sent before, and remember all of them."""
        if self._parents:
            return self._fresh_children(rows)
        known = self._known_head(rows)
        fresh = [row for index, row in enumerate(rows) if index not in known]
        self._remember(rows)
        return fresh

    def _fresh_children(self, rows: Sequence[Raw]) -> list[Raw]:
        """The same for rows with parents, whose order says nothing about when they changed."""
        fresh = []
        for row in rows:
            stamped = self._rows.of(row)
            if self._before.get(stamped.key) != stamped.version:
                fresh.append(row)
            if stamped.own:
                self._reach(stamped.own)
            if stamped.latest:
                latest = min(stamped.latest, self._present())
                self._latest = f"{max(latest, instant(self._latest or ''))}Z"
                self._read[stamped.key] = (stamped.latest, stamped.version)
        if self._latest:
            self._prune(self._floor(self._latest))
        return fresh

    def _known_head(self, rows: Sequence[Raw]) -> set[int]:
        """Indexes of rows already sent; rows are in order.

        Only rows up to the old bookmark can have been sent, and rows dated in the future.
        """
        known: set[int] = set()
        if not self._before or not rows:
            return known
        has_future = self._rows.of(rows[-1]).own > self._present()
        for index, row in enumerate(rows):
            stamped = self._rows.of(row)
            if stamped.own > self._until and not has_future:
                break
            if self._before.get(stamped.key) == stamped.version:
                known.add(index)
        return known

    def _remember(self, rows: Sequence[Raw]) -> None:
        """Move the bookmark to the page's last row; keep key and version of the rows inside the look-back."""
        floor = ""
        for row in reversed(rows):
            stamped = self._rows.of(row)
            if stamped.own and not floor:
                self._reach(stamped.own)
                floor = self._floor(self._reached or "")
            if not stamped.own or stamped.own < floor:
                break
            self._read[stamped.key] = (stamped.own, stamped.version)
        if floor:
            self._prune(floor)

    def _prune(self, floor: str) -> None:
        self._read = {key: entry for key, entry in self._read.items() if entry[0] >= floor}

    def _reach(self, when: str) -> None:
        reached = min(when, self._present())
        if self._reached is None or reached > instant(self._reached):
            self._reached = f"{reached}Z"

    def start_at(self, reached: str) -> None:
        """Begin at an instant before which nothing needs to be known; for a bookmark without state."""
        self._reached = self._parents_from = self._latest = f"{min(instant(reached), self._present())}Z"

    def _present(self) -> str:
        return instant(_text(self._clock().replace(microsecond=0)))

    def _floor(self, reached: str) -> str:
        return instant(_text(_parsed(reached) - self._lookback))

    def to_state(self, *, last: bool = False) -> dict[str, Any]:
        """The bookmark as it goes into STATE; `last` says that the stream was read to its end."""
        if self._parents and last and self._latest:
            self._reached = max(self._latest, self._reached or "", key=instant)
            self._parents_from = self._reached
            self._prune(self._floor(self._reached))
        if self._reached is None:
            return {}
        window = {key: version for key, (_, version) in self._read.items()}
        if not last and (self._parents or instant(self._reached) <= self._until):
            window = {**self._before, **window}
        state: dict[str, Any] = {"replication_key": self._stamp, "replication_key_value": self._reached}
        if self._parents and not last and self._parents_from:
            state["parents_since"] = self._parents_from
        if last or len(window) <= WINDOW_IN_PASSING:
            state["window"] = window
        return state


def _parsed(text: str) -> datetime:
    """Read a UTC instant; digits of a fraction beyond microseconds do not matter for a look-back."""
    whole, _, fraction = instant(text).partition(".")
    moment = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return moment + timedelta(microseconds=int((fraction + "000000")[:6]) if fraction else 0)


def _text(moment: datetime) -> str:
    """Write a UTC instant as Dataverse does; a fraction only where there is one."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"
