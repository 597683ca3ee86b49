"""A PostgreSQL of one's own: the operating system's programs, a temporary folder, a free port."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.peers.places import command

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Database", "database"]

_SUPERUSER = "proof"
_NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Database:
    """A running server: `user` may do everything in database `name`, without a password."""

    host: str
    port: int
    user: str
    name: str

    def rows(self, query: str) -> list[dict[str, str | None]]:
        """What a query gives, each value as PostgreSQL writes it; instants in UTC."""
        copy = f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER, NULL '{_NULL}')"
        address = ["-h", self.host, "-p", str(self.port), "-U", self.user, "-d", self.name]
        done = subprocess.run(
            [command("psql"), *address, "-q", "-v", "ON_ERROR_STOP=1", "-c", copy],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PGTZ": "UTC"},
        )
        reader = csv.DictReader(done.stdout.splitlines(keepends=True))
        return [{name: None if text == _NULL else text for name, text in row.items()} for row in reader]


@contextmanager
def database() -> Iterator[Database]:
    """A fresh server, removed at the end. It does not run as root: user `postgres` or `nobody` does then."""
    folder = tempfile.mkdtemp(prefix="postgresql-")
    as_user = _unprivileged(folder)
    try:
        data = f"{folder}/data"
        _run(*as_user, command("initdb"), "-D", data, "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "-N")
        port = _free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(*as_user, command("pg_ctl"), "-D", data, "-l", f"{folder}/log", "-o", options, "-w", "start")
        try:
            yield Database("127.0.0.1", port, _SUPERUSER, "postgres")
        finally:
            _run(*as_user, command("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


def _unprivileged(folder: str) -> list[str]:
    """What to put before a command; PostgreSQL refuses to run as root."""
    if os.geteuid():
        return []
    for user in ("postgres", "nobody"):
        try:
            shutil.chown(folder, user)
        except LookupError:
            continue
        return [command("setpriv"), "--reuid", user, "--clear-groups", "--"]
    raise RuntimeError("there is neither a user postgres nor a user nobody to run PostgreSQL as")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _run(*arguments: str) -> None:
    # pg_ctl leaves its output to the server it starts, so that a pipe would never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{arguments[-1]}: {output.read().decode('utf-8', 'replace')}")
