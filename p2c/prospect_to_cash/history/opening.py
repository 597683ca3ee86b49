"""The history as a command finds it: with all that the plugins have written, and without what is too old."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dynamics_singer.locks import holder_of

from prospect_to_cash.errors import OperatorError
from prospect_to_cash.history.collecting import collect
from prospect_to_cash.history.database import Database

if TYPE_CHECKING:
    from prospect_to_cash.project import Project

#: Days for which runs are remembered unless `P2C_HISTORY_DAYS` says otherwise.
HISTORY_DAYS = 45


def opened(project: Project) -> Database:
    """The project's history, brought up to date; runs whose `p2c` died are closed, old ones forgotten.

    Raises:
        OperatorError: `P2C_HISTORY_DAYS` is no number of days.
    """
    written = project.variables.get("P2C_HISTORY_DAYS", "") or str(HISTORY_DAYS)
    if not written.isdecimal():
        raise OperatorError(f"P2C_HISTORY_DAYS is {written!r}; give a whole number of days.")
    database = Database(project.home / "history.sqlite")
    collect(database, project.home)
    _end_the_dead(project, database)
    database.forget(stamp(timedelta(days=int(written))))
    return database


def job_lock(job: str) -> str:
    """Name of the lock that `p2c run` holds for a job."""
    return f"job {job}"


def stamp(ago: timedelta = timedelta()) -> str:
    """The present moment, or one before it, as ISO 8601 in UTC."""
    return (datetime.now(timezone.utc) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


def _end_the_dead(project: Project, database: Database) -> None:
    """Close the runs whose `p2c run` died: nobody holds the lock of the job under their id."""
    for unfinished in database.running():
        holder = holder_of(project.home / "locks", job_lock(unfinished.job))
        if holder is None or holder.run_id != unfinished.id:
            ends = [one.ended_at for one in database.executions(unfinished.id)]
            database.end(unfinished.id, max(ends, default=unfinished.started_at), broken=True)
