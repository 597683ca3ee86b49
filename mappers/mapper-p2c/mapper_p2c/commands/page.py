"""`explain --html`: a template as one web page that needs nothing but itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mapper_p2c.commands import describing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapper_p2c.templates import Row, Task, Template

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #8885; padding: .3rem .6rem; text-align: left; vertical-align: top }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
.doc { color: #2a7 } .picture { color: #27a } .inferred { color: #a62 } .own { color: #a2a }
"""
_HEADINGS = ("#", "source", "on the way", "destination", "holds", "tag", "remark")


def of(template: Template) -> str:
    """The page."""
    title = escape(f"{template.name}: {template.title}")
    requires = "".join(f" <code>{escape(name)}</code>" for name in template.requires)
    parts = [
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f"<h1>{title}</h1><p>Version {escape(template.version)}.",
        f" Runs after{requires}.</p>" if requires else "</p>",
        *(part for task in template.tasks for part in _task(task)),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _task(task: Task) -> Iterable[str]:
    source, destination = escape(task.source.stream), escape(task.destination.stream)
    yield f"<h2>{escape(task.title)}: <code>{source}</code> → <code>{destination}</code></h2>"
    if task.source.filter:
        yield f"<p>Only where {escape(' and '.join(map(describing.condition, task.source.filter)))}.</p>"
    yield f"<table><thead><tr>{''.join(f'<th>{heading}</th>' for heading in _HEADINGS)}</tr></thead><tbody>"
    for row in task.rows:
        yield _row(task, row)
    yield "</tbody></table>"
    if task.quirks:
        items = "".join(
            f"<li><code>{escape(quirk.name)}</code>: {escape(quirk.about)}</li>" for quirk in task.quirks
        )
        yield f"<p>Quirks that can be switched on:</p><ul>{items}</ul>"


def _row(task: Task, row: Row) -> str:
    remark = "; ".join(filter(None, (describing.marks(row), row.note)))
    cells = (
        str(row.number),
        f"<code>{escape(row.source_words)}</code>",
        escape(", then ".join(describing.transforms(task, row)) or "="),
        f"<code>{escape(row.destination)}</code>",
        escape(describing.held(row)),
        f'<span class="{row.tag}">{row.tag}</span>',
        escape(remark),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
