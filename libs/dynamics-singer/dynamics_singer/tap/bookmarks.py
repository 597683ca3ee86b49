"""Bookmarks: how far a stream was read, and which rows a look-back must not send again.

Three kinds of state, all plain JSON under the stream's name:

- `modified`: ``replication_key``, ``replication_key_value`` (the latest instant read, at most the present),
  ``window`` (key to version of the rows read since the look-back's start) and ``query``.
- `changes`: ``delta_link`` and ``query``.
- `full`: nothing.

``query`` is a fingerprint of what was asked for; when it changes, what was read before does not count any
more.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from dynamics_singer.tap.emission import decode_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["ModifiedBookmark", "fingerprint", "instant"]

WINDOW_IN_PASSING = 10_000
"""Above this many remembered rows only the last STATE of a run carries them; resuming then repeats rows."""


def fingerprint(*parts: object) -> str:
    """A short digest of what a stream asks the server for."""
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def instant(text: str) -> str:
    """Bring a UTC instant into a form that sorts as text: no zone letter, no trailing zeros of a fraction."""
    text = text.removesuffix("Z").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _now() -> datetime:
    return datetime.now(timezone.utc)


class ModifiedBookmark:
    """The `modified` bookmark of one stream while it is read in order of (instant, key).

    A row is identified by its key and version; the version is the row's ETag, or its instant where the server
    sends none. `key` and `stamp` name the columns that hold the row's id and the instant of its last change.
    `clock` gives the present: a row dated later, by an import or a plug-in, must not take the bookmark past
    the changes that are still to come. A clock that is behind makes the window larger and loses nothing.

    Raises:
        ValueError: `state` holds a ``replication_key_value`` that is no UTC instant.
    """

    def __init__(
        self,
        state: Mapping[str, Any],
        *,
        key: str,
        stamp: str,
        lookback: timedelta,
        start: str | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._stamp = stamp
        self._lookback = lookback
        self._start = start
        self._clock = clock
        value = state.get("replication_key_value") if state.get("replication_key") == stamp else None
        self._reached: str | None = _text(_parsed(str(value))) if value else None
        window = state.get("window") if value else None
        self._before: dict[str, str] = dict(window) if isinstance(window, dict) else {}
        self._until = instant(self._reached) if self._reached else ""
        self._read: dict[str, tuple[str, str]] = {}
        kind = msgspec.defstruct(
            "Stamped",
            [("key", str), ("instant", str | None, None), ("version", str | None, None)],
            rename={"key": key, "instant": stamp, "version": "@odata.etag"},
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    @property
    def since(self) -> str | None:
        """The instant to read from (``ge``): the bookmark less the look-back, never before the start date."""
        if self._reached is None:
            return self._start
        reading_from = _text(_parsed(self._reached) - self._lookback)
        if self._start and instant(self._start) > instant(reading_from):
            return self._start
        return reading_from

    def fresh(self, rows: Sequence[Raw]) -> list[Raw]:
        """Give the rows of a page that were not sent before, and remember all of them."""
        known = self._known_head(rows)
        fresh = [row for index, row in enumerate(rows) if index not in known]
        self._remember(rows)
        return fresh

    def _known_head(self, rows: Sequence[Raw]) -> set[int]:
        """Indexes of rows already sent; rows are in order.

        Only rows up to the old bookmark can have been sent, and rows dated in the future.
        """
        known: set[int] = set()
        if not self._before or not rows:
            return known
        has_future = self._stamped(rows[-1])[1] > self._present()
        for index, row in enumerate(rows):
            key, when, version = self._stamped(row)
            if when > self._until and not has_future:
                break
            if self._before.get(key) == version:
                known.add(index)
        return known

    def _remember(self, rows: Sequence[Raw]) -> None:
        """Move the bookmark to the page's last row; keep key and version of the rows inside the look-back."""
        floor = ""
        for row in reversed(rows):
            key, when, version = self._stamped(row)
            if when and not floor:
                self._reach(when)
                floor = self._floor()
            if not when or when < floor:
                break
            self._read[key] = (when, version)
        if floor:
            self._read = {key: entry for key, entry in self._read.items() if entry[0] >= floor}

    def _reach(self, when: str) -> None:
        reached = min(when, self._present())
        if self._reached is None or reached > instant(self._reached):
            self._reached = f"{reached}Z"

    def _present(self) -> str:
        return instant(_text(self._clock().replace(microsecond=0)))

    def _floor(self) -> str:
        return instant(_text(_parsed(self._reached or "") - self._lookback))

    def _stamped(self, row: Raw) -> tuple[str, str, str]:
        stamped = decode_row(self._decoder, row)
        when = instant(stamped.instant) if stamped.instant else ""
        return stamped.key, when, _version(stamped.version) or when

    def to_state(self, *, last: bool = False) -> dict[str, Any]:
        """The bookmark as it goes into STATE; `last` says that the stream was read to its end."""
        if self._reached is None:
            return {}
        window = {key: version for key, (_, version) in self._read.items()}
        if not last and instant(self._reached) <= self._until:
            window = {**self._before, **window}
        state: dict[str, Any] = {"replication_key": self._stamp, "replication_key_value": self._reached}
        if last or len(window) <= WINDOW_IN_PASSING:
            state["window"] = window
        return state


def _version(etag: str | None) -> str:
    """The bare version of an ETag such as ``W/"1042"``."""
    return (etag or "").removeprefix("W/").strip('"')


def _parsed(text: str) -> datetime:
    """Read a UTC instant; digits of a fraction beyond microseconds do not matter for a look-back."""
    whole, _, fraction = instant(text).partition(".")
    moment = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return moment + timedelta(microseconds=int((fraction + "000000")[:6]) if fraction else 0)


def _text(moment: datetime) -> str:
    """Write a UTC instant as Dataverse does; a fraction only where there is one."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"
