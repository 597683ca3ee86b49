"""Runs and what they did, as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from prospect_to_cash import statuses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prospect_to_cash.history.database import Execution, RejectedRow, Run

_COUNTS = ("read", "filtered", "created", "updated", "written", "unchanged", "skipped", "deleted", "rejected")


def runs(found: Iterable[Run]) -> Table:
    """One line for each run."""
    table = _table("run", "job", "started", "ended", "status")
    for run in found:
        origin = "" if run.by_p2c else " (meltano run)"
        table.add_row(run.id[:8], run.job + origin, run.started_at, run.ended_at, status(run.status))
    return table


def executions(found: Iterable[Execution]) -> Table:
    """What each plugin did: counts that are zero everywhere are left out."""
    listed = list(found)
    counts = [name for name in _COUNTS if any(getattr(one, name) for one in listed)]
    table = _table("plugin", "task", "stream", "status")
    for name in counts:
        table.add_column(name, justify="right")
    for one in listed:
        numbers = [str(getattr(one, name)) for name in counts]
        table.add_row(one.plugin, one.task, one.stream, status(one.status), *numbers)
    return table


def rejected(execution: Execution, rows: Iterable[RejectedRow], *, reveal: bool) -> Table:
    """The rows an execution rejected, with reasons; values of the rows only when asked."""
    table = _table("key", "code", "attempt", "reason")
    table.title = f"{execution.task or execution.stream}: rejected by {execution.plugin}"
    table.title_justify = "left"
    for row in rows:
        table.add_row(row.key, row.code, str(row.attempt), row.reason if reveal else row.shown)
    return table


def status(name: str) -> Text:
    """A status in its colour."""
    return Text(name, style=statuses.STYLES.get(name, ""))


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
