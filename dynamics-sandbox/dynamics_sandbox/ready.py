"""The ready file ``sandbox.json``: where a running sandbox is reached and how to sign in to it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME: Final = "sandbox.json"
_LOCK_NAME: Final = "serving.lock"


class Ready(msgspec.Struct, frozen=True):
    """What a client needs; the file is readable by its owner only, since it holds the secret."""

    authority: str
    sales: str
    cds: str
    fno: str
    ca_bundle: str
    tenant_id: str
    client_id: str
    client_secret: str
    pid: int

    def line(self) -> str:
        """The content of the file: one line of JSON."""
        return msgspec.json.encode(self).decode()


def publish(data_dir: Path, ready: Ready) -> None:
    """Writes the ready file."""
    write_whole(data_dir / FILE_NAME, f"{ready.line()}\n".encode())


def withdraw(data_dir: Path) -> None:
    """Removes the ready file, so that nobody takes a stopped sandbox for a running one."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def read_ready(data_dir: Path) -> Ready | None:
    """The ready file of a sandbox that is running on a data folder; None when none is."""
    try:
        content = (data_dir / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return None
    if not is_served(data_dir):
        return None  # left behind by a process that was killed
    try:
        return msgspec.json.decode(content, type=Ready)
    except msgspec.MsgspecError as error:
        raise SandboxError(f"{data_dir / FILE_NAME} cannot be read ({error}); restart the sandbox.") from None


@contextmanager
def sole_server(data_dir: Path) -> Iterator[None]:
    """Holds the data folder for one serving process; the lock ends with the process, however that ends.

    Raises:
        SandboxError: another process serves the folder.
    """
    # A locked SQLite file is a lock that works alike on every system and outlives no crash.
    with _lock(data_dir, patience=1.0) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise SandboxError(
                f"A sandbox is already running on {data_dir}; stop it or choose another --data."
            ) from None
        yield


def is_served(data_dir: Path) -> bool:
    """Whether a process serves the data folder."""
    if not (data_dir / _LOCK_NAME).exists():
        return False
    with _lock(data_dir) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
    return False


@contextmanager
def _lock(data_dir: Path, patience: float = 0) -> Iterator[sqlite3.Connection]:
    """A connection that waits ``patience`` seconds for the lock: longer than a command that only looks."""
    connection = sqlite3.connect(data_dir / _LOCK_NAME, timeout=patience, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
