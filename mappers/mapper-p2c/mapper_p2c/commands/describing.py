"""Templates in words: what a transform, a type or a filter says, for terminal, HTML and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from mapper_p2c.values import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapper_p2c.templates import Row, Task, Transform
    from mapper_p2c.templates.model import Condition

_COUNTRY = {"iso2": "country code, 2 letters", "iso3": "country code, 3 letters"}
_OPERATORS = {"eq": "is", "ne": "is not", "in": "is one of"}


def transforms(task: Task, row: Row) -> list[str]:
    """Each transform of a row in words, in order; none for a plain copy."""
    return [_TRANSFORMS[step.kind](task, row, step) for step in row.transforms]


def held(row: Row) -> str:
    """What the destination holds: type, length or digits, members."""
    words = [row.type]
    if row.length is not None and row.type == "text":
        words.append(f"up to {row.length}")
    if row.scale is not None:
        words.append(f"{row.scale} decimals")
    if row.values:
        words.append(f"one of {', '.join(row.values)}")
    return ", ".join(words)


def marks(row: Row) -> str:
    """What is special about a row: key, optional, calculated, for new rows only."""
    known = {
        "key": row.key,
        "optional": row.optional,
        "calculated by the destination": row.calculated,
        "new rows only": row.create_only,
    }
    return ", ".join(word for word, holds in known.items() if holds)


def condition(given: Condition) -> str:
    """A condition of a source filter in words."""
    value = ", ".join(map(_constant, given.value)) if given.op == "in" else _constant(given.value)
    return f"{given.field} {_OPERATORS[given.op]} {value}"


def _constant(value: Any) -> str:
    return "blank" if value is None or value == "" else literal(value)


def _entries(entries: Mapping[str, Any]) -> str:
    return ", ".join(f"{_constant(name)} → {_constant(value)}" for name, value in entries.items())


def _default(task: Task, row: Row, step: Transform) -> str:
    value = task.defaults[row.destination] if step.value is UNSET else step.value
    return f"{'blank → ' if row.sources else ''}{_constant(value)}"


def _map(_task: Task, _row: Row, step: Transform) -> str:
    rest = "" if step.otherwise is UNSET else f", others → {_constant(step.otherwise)}"
    return f"{_entries(step.entries)}{rest}"


def _country(_task: Task, _row: Row, step: Transform) -> str:
    return f"{_COUNTRY[step.value]}{f' ({_entries(step.entries)})' if step.entries else ''}"


def _truncate(_task: Task, row: Row, step: Transform) -> str:
    if row.type in {"integer", "number"}:
        return "integer part"
    return f"cut to {step.value or row.length}"


def _join(_task: Task, _row: Row, step: Transform) -> str:
    return f"joined by {step.value!r}"


def _convert(_task: Task, _row: Row, step: Transform) -> str:
    return f"as {step.value}"


_TRANSFORMS = {
    "join": _join,
    "default": _default,
    "map": _map,
    "country": _country,
    "truncate": _truncate,
    "convert": _convert,
}
