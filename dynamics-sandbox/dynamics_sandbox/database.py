"""One SQLite file per environment: how it is opened, read from many threads and written by one at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from contextvars import ContextVar
from queue import Empty, LifoQueue
from threading import Lock
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.odata.sqlite import DECIMAL_COLLATION, TEXT_COLLATION, register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["BEFORE_COMMIT", "DECIMAL_COLLATION", "TEXT_COLLATION", "Database", "quoted"]

#: Called in the writing thread when a transaction of the current request is about to be committed; what it
#: raises rolls the transaction back. Set by the control API, which makes faults and hooks happen there.
BEFORE_COMMIT: Final[ContextVar[tuple[Callable[[], None], ...]]] = ContextVar("BEFORE_COMMIT", default=())

_PRAGMAS = (
    "page_size = 32768",  # rows of two kilobytes on small pages double the file and triple the time
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "temp_store = MEMORY",
    "foreign_keys = OFF",  # the services check references themselves, with errors of their own
)
# Every reader that is under way has a cache of its own; the system's file cache stands behind them all.
_READER_CACHE_KIB: Final = 2048
_WRITER_CACHE_KIB: Final = 16384


def quoted(name: str) -> str:
    """Give an SQL identifier that is safe whatever the name holds."""
    return '"' + name.replace('"', '""') + '"'


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # SQLite ends it by itself after some errors, such as a full disk
        connection.execute("ROLLBACK")


def _double_text(value: float | None) -> str | None:
    """Give the shortest text that reads back as the same double; SQLite itself stops at 15 digits."""
    return None if value is None else repr(float(value))


class Database:
    """A database file with a pool of reading connections and one writer at a time.

    Every transaction sees one state of the data: readers keep the snapshot they began with (WAL), and a
    writer's changes appear all at once when it ends without an exception.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._writing = Lock()
        self._commits = 0
        self._same_as: tuple[object, ...] = ()
        self._writer = self._connect(_WRITER_CACHE_KIB)

    def _connect(self, cache_kib: int = _READER_CACHE_KIB) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=60, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        register(connection)
        connection.create_function("double_text", 1, _double_text, deterministic=True)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a read transaction."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            _roll_back(connection)
            self._idle.put(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writing connection in a transaction: committed at the end, rolled back by an exception."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                for act in BEFORE_COMMIT.get():
                    act()
            except BaseException:
                _roll_back(self._writer)
                raise
            self._commits += 1
            self._writer.execute("COMMIT")

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep everybody in this process from writing while the block runs."""
        with self._writing:
            yield

    def copy_to(self, path: Path) -> None:
        """Write a copy of the file as it is now; readers and writers go on meanwhile."""
        with closing(sqlite3.connect(path)) as copy, self.reading() as connection:
            copy.execute("PRAGMA synchronous = OFF")
            connection.backup(copy)

    def replace_by(self, path: Path) -> bool:
        """Replace everything by a copy in one step; readers keep the state they began with.

        The caller keeps other writers away with `still`, for several files at once if need be. A copy that is
        in place already, with nothing written since, is left alone: tests go back to their start often.

        Returns:
            Whether anything was replaced.
        """
        if self._same_as == self._state(path):
            return False
        with closing(sqlite3.connect(path)) as copy:
            copy.backup(self._writer)
        self._same_as = self._state(path)
        return True

    def _state(self, path: Path) -> tuple[object, ...]:
        """What differs once the copy is another file, or anybody has written here, other processes too."""
        copy = path.stat()
        (others,) = self._writer.execute("PRAGMA data_version").fetchone()
        return str(path), copy.st_ino, copy.st_mtime_ns, copy.st_size, self._commits, others

    def close(self) -> None:
        """Close every idle connection and the writer."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
        with self._writing:
            self._writer.close()
