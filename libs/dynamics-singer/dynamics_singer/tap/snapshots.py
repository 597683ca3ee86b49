"""What changed in rows that are read completely each time: new, changed and vanished, told by fingerprints.

Beside the state lies a generation of the rows of the last run: in the order in which they came, a hash of the
key and a hash of the record (16 bytes a row), and the keys themselves. A run reads the generation that its
state names alongside the rows of the service, and writes the next one, which STATE names after the last
record: a run that broke, or whose target did, is repeated from the same generation. Without a generation
every row is new, so nothing is lost with the files.

Several pipelines may keep their generations in one folder: a run removes those alone that its own state has
replaced, and those that follow the one it starts from, which no state names.

Rows mostly come in the order they came in last time, so a window of the old generation is enough to find
them; another order costs memory and sends rows again, and loses none. Two keys with one 64-bit hash, of which
there is one chance in ten million among a million rows, would hide the end of one of the two rows.
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from xxhash import xxh3_64_intdigest as digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Generation", "Snapshot"]

WINDOW = 20_000
"""Rows of the old generation that are held at a time."""

_AT_ONCE = 4096
_WORDS = 2
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_PARTS = (".rows", ".keys")


@dataclass(frozen=True, slots=True)
class Generation:
    """The rows of one run: their number, and the files that hold their hashes and keys."""

    rows: Path
    keys: Path
    count: int

    @classmethod
    def named(cls, folder: Path, stream: str, name: object, source: str) -> Generation | None:
        """The generation that a STATE names; None when it is not there whole, or of another `source`."""
        if not isinstance(name, str) or not name or _UNSAFE.search(name):
            return None
        rows, keys = (folder / f"{_head(stream)}-{name}{ending}" for ending in _PARTS)
        try:
            size, expected = rows.stat().st_size, array("Q")
            with rows.open("rb") as file:
                file.seek(max(0, size - 32))
                expected.frombytes(file.read(32))
            found = [size // 16 - 2, digest(source.encode()), keys.stat().st_size]
        except (OSError, ValueError):
            return None
        return cls(rows, keys, found[0]) if list(expected[:3]) == found else None

    def hashes(self) -> Iterator[tuple[int, int]]:
        """Hash of the key and hash of the record of each row."""
        with self.rows.open("rb") as file:
            left = self.count
            while left:
                words = array("Q")
                words.frombytes(file.read(16 * min(left, _AT_ONCE)))
                left -= len(words) // _WORDS
                yield from zip(words[::2], words[1::2], strict=True)

    def keys_of(self, numbers: set[int]) -> Iterator[bytes]:
        """The keys of rows given by their place, in order."""
        with self.keys.open("rb") as file:
            yield from (line[:-1] for number, line in enumerate(file) if number in numbers)


class Snapshot:
    """One complete read, compared with the generation before and written down as the next.

    Args:
        folder: where generations are kept; made private when missing.
        stream: names the files.
        before: what the state says of the generation to compare with, from `finish`; None for nothing.
        source: tells what is read and how; a generation of another source does not count.
        window: rows of the old generation that are held at a time.

    Every method may raise `OSError`.
    """

    def __init__(
        self, folder: Path, stream: str, before: object, source: str, *, window: int = WINDOW
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._source = source
        self._mark = dict(before) if isinstance(before, dict) else {}
        self.before = Generation.named(folder, stream, self._mark.get("generation"), source)
        self.name = uuid.uuid4().hex
        self.rows = 0
        if self.before is not None:
            _forget(folder, stream, self._mark)
        self._paths = [folder / f"{_head(stream)}-{self.name}{ending}" for ending in _PARTS]
        self._files = [_private(path.with_suffix(f"{path.suffix}.part")) for path in self._paths]
        self._old = enumerate(self.before.hashes()) if self.before else enumerate(())
        self._all_seen = False
        self._width = window
        self._window: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._passed: dict[int, tuple[int, int]] = {}
        self._early: set[int] = set()
        self._refill()

    def news(self, keys: Sequence[bytes], lines: Sequence[bytes]) -> list[bytes]:
        """Of some records, one for each key, those that are new or changed."""
        hashes = array("Q")
        news = []
        for key, line in zip(keys, lines, strict=True):
            key_hash, row_hash = digest(key), digest(line)
            hashes.append(key_hash)
            hashes.append(row_hash)
            if self._known(key_hash) != row_hash:
                news.append(line)
        self.rows += len(keys)
        self._files[0].write(hashes.tobytes())
        self._files[1].write(b"".join(key + b"\n" for key in keys))
        return news

    @property
    def is_suspicious(self) -> bool:
        """Whether no row came at all where there were some."""
        return not self.rows and self.before is not None and self.before.count > 0

    def vanished(self) -> Iterator[bytes]:
        """Keys of the rows that are there no more; none when the read brought no row at all.

        An answer without rows is more likely a fault than the end of everything.
        """
        if self.before is None or self.is_suspicious:
            return
        rest = {number for number, _ in (*self._window.values(), *self._passed.values())}
        rest.update(number for number, (key_hash, _) in self._old if key_hash not in self._early)
        yield from self.before.keys_of(rest)

    def keep(self, keys: Sequence[bytes]) -> None:
        """Remember rows that were not read but are there; the next run sends them if they are read then."""
        self._files[0].write(array("Q", [word for key in keys for word in (digest(key), 0)]).tobytes())
        self._files[1].write(b"".join(key + b"\n" for key in keys))
        self.rows += len(keys)

    def finish(self) -> dict[str, str]:
        """Make the new generation last; gives what STATE has to say of it."""
        if self.is_suspicious:
            self.abandon()
            return self._mark
        rows, keys = self._files
        replaced = str(self._mark.get("generation", ""))
        trailer = [self.rows, digest(self._source.encode()), keys.tell(), digest(replaced.encode())]
        rows.write(array("Q", trailer).tobytes())
        for file, path in zip((keys, rows), reversed(self._paths), strict=True):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            path.with_suffix(f"{path.suffix}.part").rename(path)
        return {"generation": self.name, **({"replaces": replaced} if replaced else {})}

    def stop(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def abandon(self) -> None:
        """Remove what was written."""
        self.stop()
        for path in self._paths:
            path.with_suffix(f"{path.suffix}.part").unlink(missing_ok=True)

    def _known(self, key_hash: int) -> int | None:
        """The old hash of a row's record, None for a new row."""
        found = self._window.pop(key_hash, None)
        if found is not None:
            self._pass(until=found[0])
            return found[1]
        found = self._passed.pop(key_hash, None)
        if found is not None:
            return found[1]
        if not self._all_seen:
            self._early.add(key_hash)
            self._pass(until=next(iter(self._window.values()))[0] + 1)
        return None

    def _pass(self, until: int) -> None:
        """Let the window go on: rows before a place are gone, or come out of order."""
        while self._window and next(iter(self._window.values()))[0] < until:
            key_hash, found = self._window.popitem(last=False)
            self._passed[key_hash] = found
        self._refill()

    def _refill(self) -> None:
        """Take in old rows until the window is full, less those that came early."""
        while not self._all_seen and len(self._window) < self._width:
            number, (key_hash, row_hash) = next(self._old, (-1, (0, 0)))
            if number < 0:
                self._all_seen = True
            elif key_hash in self._early:
                self._early.remove(key_hash)
            else:
                self._window[key_hash] = (number, row_hash)


def _head(stream: str) -> str:
    return _UNSAFE.sub("_", stream)


def _forget(folder: Path, stream: str, mark: Mapping[str, object]) -> None:
    """Remove the generation that this one has replaced, and those that follow it and that no state names."""
    replaced, named = (str(mark.get(item, "")) for item in ("replaces", "generation"))
    follower = digest(named.encode())
    for path in folder.glob(f"{_head(stream)}-*.rows"):
        name = path.stem.rpartition("-")[2]
        if name != named and (name == replaced or _predecessor(path) == follower):
            for ending in _PARTS:
                path.with_suffix(ending).unlink(missing_ok=True)


def _predecessor(rows: Path) -> int:
    """The last word of a generation: which one it follows."""
    with rows.open("rb") as file:
        file.seek(max(0, rows.stat().st_size - 8))
        return int.from_bytes(file.read(8), sys.byteorder)


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
