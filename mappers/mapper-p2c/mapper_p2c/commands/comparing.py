"""`diff`: a recorded stream mapped twice, and where the two outputs differ."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.table import Table

from mapper_p2c.commands import trial
from mapper_p2c.commands.recorded import singer_lines

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from mapper_p2c.commands.trial import Result
    from mapper_p2c.templates import Template

#: Records whose fields are listed; the counts cover all.
_LISTED = 100


def compare(console: Console, pair: tuple[Template, Template], path: Path, *, organization: str) -> None:
    """Print each record that comes out differently, field by field, and the counts by field."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("record", "field", "as shipped", "with overrides"):
        table.add_column(heading, overflow="fold")
    counts: Counter[str] = Counter()
    read = changed = 0
    both = [trial.results(template, singer_lines(path, template), organization) for template in pair]
    for one, other in zip(*both, strict=True):
        read += 1
        differences = _differences(one, other)
        changed += bool(differences)
        counts.update(differences.keys())
        if changed <= _LISTED:
            for field, values in differences.items():
                table.add_row(_key(one), field, *values)
    if changed:
        console.print(table)
    for field, number in counts.most_common():
        console.print(f"{field}: {number}")
    console.print(f"{read} records read, {changed} come out differently")


def _key(result: Result) -> str:
    """The record's business key as the source gives it, or what the first row reads."""
    record = json.loads(result.line)["record"]
    keys = [source for row in result.task.rows if row.key for source in row.sources]
    flat = trial.fields(record)
    return ", ".join(str(flat[path]) for path in dict.fromkeys(keys) if flat.get(path) is not None)


def _differences(one: Result, other: Result) -> dict[str, tuple[str, str]]:
    if one.outcome != other.outcome:
        return {"(outcome)": (one.outcome, other.outcome)}
    if one.record == other.record:
        return {}
    before, after = (_texts(result) for result in (one, other))
    return {
        field: (before.get(field, "(absent)"), after.get(field, "(absent)"))
        for field in dict.fromkeys((*before, *after))
        if before.get(field) != after.get(field)
    }


def _texts(result: Result) -> dict[str, str]:
    record: Any = json.loads(result.record, parse_float=str)
    return {
        name: "(blank)" if value is None else json.dumps(value, ensure_ascii=False)
        for name, value in trial.fields(record).items()
    }
