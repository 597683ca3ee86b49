"""The SCHEMA that goes out: names, types, lengths, scale, lookups and key of a task's destination."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mapper_p2c.templates import Row, Task

_TYPES = {"text": "string", "date": "string", "datetime": "string", "uuid": "string"}
_FORMATS = {"date": "date", "datetime": "date-time", "uuid": "uuid"}


def message(task: Task, rows: Iterable[Row]) -> dict[str, Any]:
    """The SCHEMA message of a task's destination stream.

    Beside plain JSON Schema it carries `x-task` (the task), `x-scale` (digits after the point), `x-lookup`
    (entities a lookup may point to), `x-calculated` (the destination calculates the field too) and
    `x-create-only` (sent for new rows only).

    Args:
        task: the task.
        rows: its rows that take part.
    """
    properties: dict[str, Any] = {}
    for row in rows:
        _place(task, properties, row)
    keys = list(task.key_properties)
    return {
        "type": "SCHEMA",
        "stream": task.destination.stream,
        "schema": {"type": "object", "x-task": task.name, "properties": properties, "required": keys},
        "key_properties": keys,
    }


def _place(task: Task, properties: dict[str, Any], row: Row) -> None:
    *lookups, name = row.destination.split(".")
    level = properties
    for depth, lookup in enumerate(lookups):
        path = ".".join(lookups[: depth + 1])
        target = level.setdefault(
            lookup,
            {
                "type": "object" if lookups[0] in task.key_properties else ["object", "null"],
                "x-lookup": list(task.destination.lookups.get(path, (lookup,))),
                "properties": {},
            },
        )
        level = target["properties"]
    level[name] = _property(row)


def _property(row: Row) -> dict[str, Any]:
    kind = _TYPES.get(row.type, row.type)
    given: dict[str, Any] = {
        "type": kind if row.key else [kind, "null"],
        "format": _FORMATS.get(row.type),
        "maxLength": row.length if row.type == "text" else None,
        "x-scale": row.scale,
        "minimum": row.minimum,
        "maximum": row.maximum,
        "x-calculated": row.calculated or None,
        "x-create-only": row.create_only or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def flattened(task: Task) -> Task:
    """The task with flat names, for targets that know no lookups: `Organization_OrganizationId`."""
    destination = task.destination
    return replace(
        task,
        destination=replace(
            destination,
            key=tuple(replace(key, field=_flat(key.field)) for key in destination.key),
            lookups={},
        ),
        defaults={_flat(name): value for name, value in task.defaults.items()},
        rows=tuple(replace(row, destination=_flat(row.destination)) for row in task.rows),
    )


def _flat(path: str) -> str:
    return path.replace(".", "_")
