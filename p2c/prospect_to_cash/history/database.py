"""The database of runs: one SQLite file in the company's folder, readable by its owner only."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from prospect_to_cash import statuses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY, job TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT NOT NULL,
    status TEXT NOT NULL, by_p2c INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS execution (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES run ON DELETE CASCADE, line BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS execution_run ON execution (run);
CREATE TABLE IF NOT EXISTS rejected (
    execution INTEGER NOT NULL REFERENCES execution ON DELETE CASCADE, key TEXT NOT NULL, code TEXT NOT NULL,
    reason TEXT NOT NULL, shown TEXT NOT NULL, attempt INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS rejected_execution ON rejected (execution);
CREATE TABLE IF NOT EXISTS source (first_line BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
"""

_RUNS = "SELECT id, job, started_at, ended_at, status, by_p2c FROM run "


class Execution(msgspec.Struct, frozen=True):
    """What one plugin did with one stream: a line of the run summary."""

    plugin: str
    task: str
    stream: str
    status: str
    started_at: str
    ended_at: str
    run_id: str = ""
    read: int = 0
    filtered: int = 0
    created: int = 0
    updated: int = 0
    written: int = 0
    unchanged: int = 0
    skipped: int = 0
    deleted: int = 0
    retried: int = 0
    rejected: int = 0
    requests: int = 0
    throttled_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job, or of a task that somebody ran with bare `meltano run`.

    Attributes:
        id: a UUID; for a bare run made up when its summary was found.
        job: the job, or the task of a bare run.
        started_at: ISO 8601 in UTC, as `ended_at`, which is empty while the run is on.
        status: Running, Completed, Warning or Error.
        by_p2c: False for a bare run.
    """

    id: str
    job: str
    started_at: str
    ended_at: str
    status: str
    by_p2c: bool


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was rejected in an execution.

    Attributes:
        key: values of the stream's key.
        code: short name of the problem.
        reason: why, as the plugin or the service said it; may quote values of the row.
        shown: the same without values of the row.
        attempt: how often it had been tried.
    """

    key: str
    code: str
    reason: str
    shown: str
    attempt: int


class Database:
    """The runs of a company. Every method is one transaction."""

    def __init__(self, path: Path) -> None:
        """Open the file, made where it is absent."""
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        with self.transaction() as connection:
            connection.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are kept together, or not at all when the block raises."""
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def begin(self, run: Run) -> None:
        """Keep a run that has just started."""
        with self.transaction() as connection:
            insert_run(connection, run)

    def end(self, run_id: str, ended_at: str, *, broken: bool) -> str:
        """Close a run; gives its status, that of its worst execution."""
        parts = [one.status for one in self.executions(run_id)]
        status = statuses.worst(parts, broken=broken)
        with self.transaction() as connection:
            values = (ended_at, status, run_id)
            connection.execute("UPDATE run SET ended_at = ?, status = ? WHERE id = ?", values)
        return status

    def runs(self, *, job: str | None = None, limit: int = 20) -> list[Run]:
        """The latest runs, newest first."""
        condition = "WHERE ? IS NULL OR job = ? ORDER BY started_at DESC, id LIMIT ?"
        return self._runs(condition, (job, job, limit))

    def running(self) -> list[Run]:
        """The runs that have no end yet."""
        return self._runs("WHERE status = ?", (statuses.RUNNING,))

    def find(self, beginning: str) -> list[Run]:
        """The runs whose id begins so."""
        return self._runs("WHERE substr(id, 1, ?) = ?", (len(beginning), beginning))

    def _runs(self, condition: str, values: tuple[Any, ...]) -> list[Run]:
        with self.transaction() as connection:
            return [_run(row) for row in connection.execute(_RUNS + condition, values).fetchall()]

    def executions(self, run_id: str) -> list[Execution]:
        """What a run's plugins did, in the order in which they ended."""
        return [execution for _, execution in self._numbered(run_id)]

    def rejected(self, run_id: str) -> Iterator[tuple[Execution, list[RejectedRow]]]:
        """The executions of a run that rejected rows, with those of the rows that were still kept then."""
        for number, execution in self._numbered(run_id):
            if execution.rejected:
                with self.transaction() as connection:
                    rows = connection.execute(
                        "SELECT key, code, reason, shown, attempt FROM rejected "
                        "WHERE execution = ? ORDER BY key",
                        (number,),
                    ).fetchall()
                yield execution, [RejectedRow(*row) for row in rows]

    def forget(self, before: str) -> None:
        """Remove the runs that started before a moment (ISO 8601 in UTC)."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM run WHERE started_at < ?", (before,))

    def _numbered(self, run_id: str) -> list[tuple[int, Execution]]:
        with self.transaction() as connection:
            rows = connection.execute(
                "SELECT number, line FROM execution WHERE run = ? ORDER BY number", (run_id,)
            ).fetchall()
        return [(number, msgspec.json.decode(line, type=Execution)) for number, line in rows]


def insert_run(connection: sqlite3.Connection, run: Run) -> None:
    """Add a run to an open transaction."""
    connection.execute(
        "INSERT INTO run (id, job, started_at, ended_at, status, by_p2c) VALUES (?, ?, ?, ?, ?, ?)",
        (run.id, run.job, run.started_at, run.ended_at, run.status, run.by_p2c),
    )


def insert_execution(
    connection: sqlite3.Connection, run_id: str, execution: Execution, rows: Sequence[RejectedRow]
) -> None:
    """Add an execution and its rejected rows to an open transaction."""
    cursor = connection.execute(
        "INSERT INTO execution (run, line) VALUES (?, ?)", (run_id, msgspec.json.encode(execution))
    )
    connection.executemany(
        "INSERT INTO rejected (execution, key, code, reason, shown, attempt) VALUES (?, ?, ?, ?, ?, ?)",
        [(cursor.lastrowid, row.key, row.code, row.reason, row.shown, row.attempt) for row in rows],
    )


def _run(row: tuple[Any, ...]) -> Run:
    run_id, job, started_at, ended_at, status, by_p2c = row
    return Run(run_id, job, started_at, ended_at, status, by_p2c=bool(by_p2c))
