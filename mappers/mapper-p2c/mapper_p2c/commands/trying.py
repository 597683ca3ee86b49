"""`try`: what every row makes of a record: its input, each transform, its output."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.table import Table

from mapper_p2c.commands import describing, trial
from mapper_p2c.commands.choosing import names_of
from mapper_p2c.commands.recorded import singer_lines
from mapper_p2c.errors import RowError
from mapper_p2c.transforms import constant, steps
from mapper_p2c.values import conform, is_blank, literal

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from mapper_p2c.templates import Row, Task, Template

_ABSENT = object()


def try_records(
    console: Console, template: Template, path: Path, *, stream: str | None, organization: str
) -> None:
    """Print a table for each record of a file and each task that reads it."""
    for result in trial.results(template, singer_lines(path, template, stream), organization):
        record = json.loads(result.line, parse_float=Decimal)["record"]
        console.print(f"{result.task.title}: {result.outcome}", style="bold")
        if result.reason:
            console.print(f"  {result.reason}")
        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in ("#", "source", "value", "on the way", "destination", "value"):
            table.add_column(heading, overflow="fold")
        for row in result.program.rows:
            table.add_row(*_cells(result.task, row, record, organization))
        console.print(table)
        console.print()


def _cells(task: Task, row: Row, record: Any, organization: str) -> tuple[str, ...]:
    given = [_at(record, source) for source in row.sources]
    way, output = _traced(task, row, given, organization)
    shown = " | ".join(map(_shown, given))
    return (str(row.number), row.source_words, shown, way, row.destination, output)


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        if record is None:
            return None
        if not isinstance(record, dict) or name not in record:
            return _ABSENT
        record = record[name]
    return record


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "(absent)"
    return "(blank)" if is_blank(value) else literal(value)


def _traced(task: Task, row: Row, given: list[Any], organization: str) -> tuple[str, str]:
    """The transforms of a row with the value behind each, and what comes out."""
    names = names_of(task, organization)
    words = describing.transforms(task, row)
    if not row.sources:
        return ", then ".join(words), _shown(constant(task, row, names))
    if all(value is _ABSENT for value in given):
        return "", "(absent)"
    filled = [value for value in given if value is not _ABSENT and not is_blank(value)]
    value = filled[0] if filled else None
    passed: list[str] = []
    if row.transforms and row.transforms[0].kind == "join":
        value = row.transforms[0].value.join(map(literal, filled)) or None
        passed.append(f"{words.pop(0)} → {_shown(value)}")
    try:
        for word, step in zip(words, steps(task, row, names), strict=True):
            value = step(value)
            passed.append(f"{word} → {_shown(value)}")
        value = None if is_blank(value) else conform(row)(value)
    except RowError as error:
        return ", then ".join(passed), f"rejected: {error.problem}"
    return ", then ".join(passed) or "=", _shown(value)
