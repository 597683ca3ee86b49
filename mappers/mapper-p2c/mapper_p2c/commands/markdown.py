"""`guide`: every shipped template as Markdown tables, for the mapping guide of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapper_p2c import templates
from mapper_p2c.commands import describing
from mapper_p2c.jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapper_p2c.templates import Row, Task, Template
    from mapper_p2c.templates.model import Condition


def guide() -> str:
    """The tables of every template, in the order in which the jobs run."""
    names = [name for legs in JOBS.values() for name in legs]
    return "\n".join(line for name in names for line in _template(templates.load(name)))


def _template(template: Template) -> Iterator[str]:
    yield f"## {template.name}"
    yield ""
    yield f"{template.title}. Version {template.version}."
    if template.requires:
        yield f"Runs after {', '.join(f'[{name}](#{name})' for name in template.requires)}."
    yield ""
    for task in template.tasks:
        yield from _task(task)


def _task(task: Task) -> Iterator[str]:
    yield f"**{task.title}**: `{task.source.stream}` → `{task.destination.stream}`"
    if task.source.filter:
        conditions = "; ".join(f"`{given.field}` {_without_field(given)}" for given in task.source.filter)
        yield f"Only where {conditions}."
    yield ""
    yield "| source | on the way | destination | holds | tag | remark |"
    yield "|---|---|---|---|---|---|"
    yield from (_row(task, row) for row in task.rows)
    yield ""
    for quirk in task.quirks:
        yield f"- quirk `{quirk.name}`: {quirk.about}"
    for version in task.destination.versions:
        yield f"- in place of `{task.destination.stream}`: `{version}`"
    for version in task.source.versions:
        yield f"- in place of `{task.source.stream}`: `{version}`"
    if task.quirks or task.destination.versions or task.source.versions:
        yield ""


def _without_field(given: Condition) -> str:
    return describing.condition(given).partition(" ")[2]


def _row(task: Task, row: Row) -> str:
    source = " or ".join(f"`{name}`" for name in row.sources) or "—"
    steps = ", then ".join(describing.transforms(task, row)) or "="
    remark = "; ".join(filter(None, (describing.marks(row), row.note)))
    cells = (source, steps, f"`{row.destination}`", describing.held(row), row.tag, remark)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
