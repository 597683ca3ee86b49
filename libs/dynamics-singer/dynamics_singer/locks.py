"""Locks that keep two runs from writing the same entity of a company at the same time.

A lock is an advisory file lock (`flock`), so it ends with the process that holds it, however that ends. Its
file says who holds it, and stays.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from dynamics_singer.errors import LockedError
from dynamics_singer.names import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock.

    Attributes:
        what: the run in words, such as `p2c run accounts`.
        run_id: its id; processes that belong to the run bear the same and may pass.
        pid: the process that took the lock.
        since: when, ISO 8601 in UTC.
    """

    what: str
    run_id: str = ""
    pid: int = 0
    since: str = ""

    @classmethod
    def here(cls, what: str, run_id: str = "") -> Holder:
        """This process, now."""
        return cls(what, run_id, os.getpid(), datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))


class Locks:
    """The locks one process holds in a folder; without a folder there are none to take."""

    def __init__(self, folder: Path | None, holder: Holder) -> None:
        self._folder = folder
        self._holder = holder
        self._held: dict[str, weakref.finalize[[int], Locks]] = {}
        self.descriptors: list[int] = []
        """Open files of the locks; a child that inherits them keeps the locks alive if this process dies."""

    def take(self, names: Iterable[str]) -> None:
        """Take the locks of some entities, in an order of its own so that two runs cannot block each other.

        Raises:
            LockedError: another run holds one of them; says which, since when, and what to do.
        """
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(set(names) - set(self._held)):
            self._take(self._folder / f"{file_name(name)}.lock", name)

    def release(self) -> None:
        """Give all locks back."""
        for close in self._held.values():
            close()
        self._held.clear()
        self.descriptors.clear()

    def _take(self, path: Path, name: str) -> None:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        close = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _holder(descriptor)
            close()
            if other.run_id and other.run_id == self._holder.run_id:
                return
            who = f"{other.what} (process {other.pid}, since {other.since})"
            raise LockedError(
                f"{name} is being written by another run: {who}. Wait for its end, then run again; nothing "
                "of this run was written to it"
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(self._holder), 0)
        self._held[name] = close
        self.descriptors.append(descriptor)


def holder_of(folder: Path, name: str) -> Holder | None:
    """Who holds the lock of an entity now; None where nobody does."""
    try:
        descriptor = os.open(folder / f"{file_name(name)}.lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(descriptor)
    finally:
        os.close(descriptor)
    return None


def _holder(descriptor: int) -> Holder:
    """Who holds the lock; unnamed in the moment before its holder has said so."""
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    except msgspec.DecodeError:
        return Holder("one that has just begun")
