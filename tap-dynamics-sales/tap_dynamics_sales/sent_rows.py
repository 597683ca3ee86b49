"""Keeps the keys of the rows a stream has sent, and tells from them which rows are gone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dynamics_singer.tap.known_keys import KnownKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from msgspec import Raw

    from tap_dynamics_sales.row_keys import RowKeys

__all__ = ["SentRows"]

_DELETIONS_AT_ONCE = 1000


class SentRows:
    """The known keys of one stream during one run.

    A folder that cannot be used costs one warning and the deletions of a resync, never the run. `source`
    tells environment, table and key; the file of another source does not count.
    """

    def __init__(
        self, keys: RowKeys, folder: Path, *, stream: str, source: str, warn: Callable[..., None]
    ) -> None:
        self._keys = keys
        self._folder = folder
        self._stream = stream
        self._source = source
        self._warn = warn
        self._known: KnownKeys | None = None
        self._before: KnownKeys | None = None

    def resume(self, mark: Any) -> None:
        """Go on with the file a STATE names."""
        self._known = self._open(mark)

    def begin(self, mark: Any) -> None:
        """Start a new file; the one named, if it is there, is compared with it later."""
        self.close()
        self._before = self._open(mark)
        try:
            self._known = KnownKeys.begin(self._folder, self._stream, replaces=mark if self._before else None)
        except OSError as error:
            self._give_up(error)

    @property
    def finds_deletions(self) -> bool:
        """Whether a file of the time before is there to compare with."""
        return self._before is not None

    def _open(self, mark: Any) -> KnownKeys | None:
        if not isinstance(mark, dict) or mark.get("source") != self._source:
            return None
        try:
            return KnownKeys.resume(self._folder, mark)
        except OSError as error:
            self._give_up(error)
            return None

    def sent(self, rows: Sequence[Raw]) -> None:
        """Note rows that go out."""
        if self._known is None:
            return
        try:
            self._known.add(self._keys.of(rows))
        except OSError as error:
            self._give_up(error)

    def gone(self, ids: Sequence[str]) -> tuple[list[bytes], int]:
        """Keys of deleted rows, and how many of them nobody knows.

        A key that another row bears by now is not gone.
        """
        wanted = [each.encode() for each in ids]
        if not wanted or (self._known is None and not self._keys.by_id):
            return [], len(wanted)
        found = dict.fromkeys(wanted, b"")
        if self._known is not None:
            if not self._keys.by_id:
                found = self._known.find(wanted)
            self._known.remove(wanted)
            reborn = self._known.in_use(found.values())
            found = {each: key for each, key in found.items() if key not in reborn}
        records = [self._keys.record(each, key) for each, key in found.items()]
        return records, len(wanted) - len(records)

    def missing(self) -> Iterator[list[bytes]]:
        """Keys of the rows that were there before the snapshot just read and are not any more."""
        if self._before is None or self._known is None:
            return
        chunk: list[tuple[bytes, bytes]] = []
        for pair in self._before.missing_in(self._known):
            chunk.append(pair)
            if len(chunk) == _DELETIONS_AT_ONCE:
                yield self._records(chunk)
                chunk = []
        if chunk:
            yield self._records(chunk)

    def _records(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        reborn = self._known.in_use(key for _, key in pairs) if self._known else set()
        return [self._keys.record(each, key) for each, key in pairs if not key or key not in reborn]

    def mark(self) -> Mapping[str, Any]:
        """What goes into STATE, empty without a file."""
        if self._known is None:
            return {}
        try:
            return {"keys": {**self._known.mark(), "source": self._source}}
        except OSError as error:
            self._give_up(error)
            return {}

    def _give_up(self, error: OSError) -> None:
        self.close()
        self._warn(
            "the keys of its rows cannot be kept in `data_dir` (%s): a full resync will find no deletions",
            error.strerror,
            level=logging.WARNING,
        )

    def close(self) -> None:
        """Close the files."""
        for known in (self._known, self._before):
            if known is not None:
                known.close()
        self._known = self._before = None
