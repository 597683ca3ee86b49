"""A file beside the state that knows the key of every row sent, for what change tracking does not tell.

Change tracking names a deleted row by its id alone, and a full resync names no deleted row at all. The file
only grows: a line for each row sent and for each deletion. STATE names the file and how much of it counts, so
a run that broke, or a state that is older than the file, goes on from exactly what that state covers.
"""

from __future__ import annotations

import re
import time
import uuid
import zlib
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["KnownKeys"]

_BYTES_PER_PART = 32 << 20
"""Files beyond this size are compared in parts, so that memory stays flat."""

_UNFINISHED = ".part"
_ABANDONED_AFTER = 7 * 86_400
"""Seconds after which an unfinished file belongs to no running process any more."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class KnownKeys:
    """Keys of the rows of one stream that were sent, by id.

    An id and its key are bytes without line ends; a key is the JSON that names the row to readers of the
    stream. The folder is made private when missing. Every method may raise `OSError`.
    """

    def __init__(self, path: Path, file: IO[bytes], replaces: str = "") -> None:
        self._path = path
        self._file = file
        self._replaces = replaces

    @classmethod
    def begin(cls, folder: Path, stream: str, *, replaces: Mapping[str, Any] | None = None) -> KnownKeys:
        """A new file for a stream read from its start; `replaces` is the mark of the one before."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = _UNSAFE.sub("_", stream)
        for left in folder.glob(f"{head}-*{_UNFINISHED}"):
            if left.stat().st_mtime < time.time() - _ABANDONED_AFTER:
                left.unlink(missing_ok=True)
        path = folder / f"{head}-{uuid.uuid4().hex}{_UNFINISHED}"
        path.touch(mode=0o600, exist_ok=False)
        return cls(path, path.open("r+b"), str((replaces or {}).get("file", "")))

    @classmethod
    def resume(cls, folder: Path, mark: Any) -> KnownKeys | None:
        """The file that a STATE names, cut to what it covers; None when it is not there as it should be."""
        if not isinstance(mark, dict):
            return None
        name, length, replaced = (mark.get(item) for item in ("file", "length", "replaces"))
        if not isinstance(name, str) or not isinstance(length, int) or _UNSAFE.search(name):
            return None
        path = folder / name
        if not path.is_file() or not 0 <= length <= path.stat().st_size:
            return None
        if isinstance(replaced, str) and replaced and not _UNSAFE.search(replaced):
            (folder / replaced).unlink(missing_ok=True)
        file = path.open("r+b")
        file.truncate(length)
        file.seek(length)
        return cls(path, file)

    def add(self, keys: Iterable[tuple[bytes, bytes]]) -> None:
        """Note rows that are sent, as ids and keys."""
        self._file.write(b"".join(b"+%b\t%b\n" % pair for pair in keys))

    def remove(self, ids: Iterable[bytes]) -> None:
        """Note rows that are gone."""
        self._file.write(b"".join(b"-%b\n" % each for each in ids))

    def find(self, ids: Iterable[bytes]) -> dict[bytes, bytes]:
        """The keys of those among `ids` that are known and not removed."""
        wanted = set(ids)
        found: dict[bytes, bytes] = {}
        if wanted:
            for sign, each, key in self._lines():
                if each in wanted:
                    _apply(found, sign, each, key)
        return found

    def in_use(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those among `keys` that a row which is not removed has: a row made anew may bear an old key."""
        wanted = {key for key in keys if key}
        found: dict[bytes, bytes] = {}
        if wanted:
            for sign, each, key in self._lines():
                if sign == b"-" or key in wanted:
                    _apply(found, sign, each, key)
        return set(found.values())

    def missing_in(self, newer: KnownKeys) -> Iterator[tuple[bytes, bytes]]:
        """Ids and keys that are known here and not in a newer file: the rows deleted in between."""
        parts = 1 + self._path.stat().st_size // _BYTES_PER_PART
        for part in range(parts):
            there = newer._alive(part, parts)
            yield from ((each, key) for each, key in self._alive(part, parts).items() if each not in there)

    def mark(self) -> dict[str, Any]:
        """What STATE says about the file as it is now; a new file gets its lasting name first."""
        self._file.flush()
        length = self._file.tell()
        if self._path.suffix == _UNFINISHED:
            self._file.close()
            self._path = self._path.rename(self._path.with_suffix(""))
            self._file = self._path.open("r+b")
            self._file.seek(length)
        mark: dict[str, Any] = {"file": self._path.name, "length": length}
        return {**mark, "replaces": self._replaces} if self._replaces else mark

    def close(self) -> None:
        """Close the file; one that no STATE names is of no use and goes."""
        self._file.close()
        if self._path.suffix == _UNFINISHED:
            self._path.unlink(missing_ok=True)

    def _alive(self, part: int, parts: int) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for sign, each, key in self._lines():
            if parts == 1 or zlib.crc32(each) % parts == part:
                _apply(found, sign, each, key)
        return found

    def _lines(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        self._file.flush()
        with self._path.open("rb") as lines:
            for line in lines:
                each, _, key = line[1:-1].partition(b"\t")
                yield line[:1], each, key


def _apply(found: dict[bytes, bytes], sign: bytes, each: bytes, key: bytes) -> None:
    if sign == b"+":
        found[each] = key
    else:
        found.pop(each, None)
