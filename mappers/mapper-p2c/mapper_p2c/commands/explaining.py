"""`explain` on a terminal: each task as the table of a mapping page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from mapper_p2c.commands import describing

if TYPE_CHECKING:
    from rich.console import Console

    from mapper_p2c.templates import Task, Template


def explain(console: Console, template: Template) -> None:
    """Print a template: title, prerequisites, and every task with filter, rows and quirks."""
    console.print(f"{template.name} {template.version}: {template.title}", style="bold")
    if template.requires:
        console.print(f"runs after {', '.join(template.requires)}")
    for task in template.tasks:
        console.print()
        _task(console, task)


def _task(console: Console, task: Task) -> None:
    console.print(f"{task.title}: {task.source.stream} → {task.destination.stream}", style="bold")
    for given in task.source.filter:
        console.print(f"  only where {describing.condition(given)}")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("#", "source", "on the way", "destination", "holds", "tag", "remark"):
        table.add_column(heading, overflow="fold")
    for row in task.rows:
        remark = "; ".join(filter(None, (describing.marks(row), row.note)))
        steps = ", then ".join(describing.transforms(task, row)) or "="
        table.add_row(
            str(row.number), row.source_words, steps, row.destination, describing.held(row), row.tag, remark
        )
    console.print(table)
    for quirk in task.quirks:
        console.print(f"  quirk {quirk.name}: {quirk.about}")
    for version in task.destination.versions:
        console.print(f"  instead of {task.destination.stream}: {version}")
