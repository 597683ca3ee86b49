"""From the plugins' summary lines to the history: each line once, whoever started the run.

Plugins append their lines to `summary.jsonl`. A line with the id of a known run belongs to it. Lines without
belong to bare `meltano run`s: those of one task whose times overlap, as those of a mapper and its target do,
make one run.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from prospect_to_cash import statuses
from prospect_to_cash.history.database import (
    Database,
    Execution,
    RejectedRow,
    Run,
    insert_execution,
    insert_run,
)
from prospect_to_cash.rejects.files import kept

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

#: Size in bytes from which the summary file is put aside; what is put aside is read once more, then replaced.
ROTATE_AT = 5_000_000


def collect(database: Database, home: Path, *, rotate_at: int = ROTATE_AT) -> None:
    """Take what the plugins have written since the last time."""
    summary = home / "summary.jsonl"
    aside = summary.with_suffix(".jsonl.old")
    with database.transaction() as connection:
        for path in (aside, summary):
            for execution in _new_lines(connection, path):
                rows = list(_rejected_rows(execution, home / "rejects"))
                insert_execution(connection, _run_of(connection, execution), execution, rows)
        if summary.exists() and summary.stat().st_size > rotate_at:
            summary.replace(aside)


def _new_lines(connection: sqlite3.Connection, path: Path) -> Iterator[Execution]:
    """The lines that were not read before; the last one only once it is complete."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        first_line = file.readline()  # tells one file from another, also when it was put aside
        known = "SELECT position FROM source WHERE first_line = ?"
        found = connection.execute(known, (first_line,)).fetchone()
        position = found[0] if found else 0
        file.seek(position)
        content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    if complete:
        connection.execute(
            "INSERT OR REPLACE INTO source (first_line, position) VALUES (?, ?)",
            (first_line, position + len(complete)),
        )
    yield from filter(None, map(_execution, complete.splitlines()))


def _execution(line: bytes) -> Execution | None:
    """A line of a plugin of ours; None where another program wrote it, as the file is open to all."""
    try:
        return msgspec.json.decode(line, type=Execution)
    except msgspec.DecodeError:
        return None


def _run_of(connection: sqlite3.Connection, execution: Execution) -> str:
    """The run an execution belongs to, made where it is not known; a run without `p2c` grows with it."""
    job = execution.task or execution.stream
    known = connection.execute(
        "SELECT id, status, ended_at, by_p2c FROM run WHERE id = ? "
        "OR (? = '' AND NOT by_p2c AND job = ? AND started_at <= ? AND ended_at >= ?)",
        (execution.run_id, execution.run_id, job, execution.ended_at, execution.started_at),
    ).fetchone()
    if not known:
        run_id = execution.run_id or str(uuid.uuid4())
        times = (execution.started_at, execution.ended_at)
        insert_run(connection, Run(run_id, job, *times, execution.status, by_p2c=False))
        return run_id
    run_id, status, ended_at, by_p2c = known
    if not by_p2c:
        connection.execute(
            "UPDATE run SET status = ?, ended_at = ? WHERE id = ?",
            (statuses.worst((status, execution.status)), max(ended_at, execution.ended_at), run_id),
        )
    return str(run_id)


def _rejected_rows(execution: Execution, rejects: Path) -> Iterator[RejectedRow]:
    """The rows that an execution rejected, as far as they are still kept."""
    if not execution.rejected:
        return
    for reject in kept(rejects, execution.plugin, execution.task, execution.stream):
        if execution.started_at <= reject.rejected_at <= execution.ended_at:
            yield RejectedRow(reject.key, reject.code, reject.reason, reject.shown, reject.attempt)
