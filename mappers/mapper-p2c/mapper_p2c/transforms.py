"""The closed set of transforms: default, map, country, truncate, convert. Each becomes one step of a row.

`join` is no step: it says how the values of several sources become one, before the first step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from mapper_p2c import countries
from mapper_p2c.errors import RowError, TemplateError, nearest
from mapper_p2c.values import CONVERSIONS, Step, conform, cut, is_blank, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mapper_p2c.templates import Row, Task, Transform


def resolved(value: Any, names: Mapping[str, Any], where: str) -> Any:
    """A constant of a template, with `$organization` and `$task` replaced.

    Raises:
        TemplateError: the constant begins with `$` and names nothing known.
    """
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value[1:] not in names:
        known = [f"${name}" for name in names]
        raise TemplateError(f"{where}: {value!r} names nothing{nearest(value, known, listed=True)}")
    return names[value[1:]]


def steps(task: Task, row: Row, names: Mapping[str, Any]) -> tuple[Step, ...]:
    """The transforms of a row as callables; blank goes in and out as None.

    Raises:
        TemplateError: a constant does not fit the destination.
    """
    made = tuple(
        _MAKERS[transform.kind](task, row, transform, names)
        for transform in row.transforms
        if transform.kind != "join"
    )
    _check_constants(task, row, names)
    return made


def constant(task: Task, row: Row, names: Mapping[str, Any]) -> Any:
    """The value of a row without source: nothing goes in, the default comes out, of the right type."""
    value = None
    try:
        for step in steps(task, row, names):
            value = step(value)
        return conform(row)(value)
    except RowError as error:
        raise TemplateError(f"{row.where}: the value {value!r}: {error.problem}.") from error


def _default_value(task: Task, row: Row, transform: Transform, names: Mapping[str, Any]) -> Any:
    value = task.defaults[row.destination] if transform.value is UNSET else transform.value
    return resolved(value, names, row.where)


def _default(task: Task, row: Row, transform: Transform, names: Mapping[str, Any]) -> Step:
    value = _default_value(task, row, transform, names)
    return lambda given: value if is_blank(given) else given


def _map(_task: Task, _row: Row, transform: Transform, _names: Mapping[str, Any]) -> Step:
    entries = dict(transform.entries)
    blank, otherwise = entries.get(""), transform.otherwise

    def step(given: Any) -> Any:
        if is_blank(given):
            return blank
        found = entries.get(literal(given).strip().casefold(), otherwise)
        if found is UNSET:
            raise RowError("unknown_value", "the value map has no entry for the value", value=literal(given))
        return found

    return step


def _country(_task: Task, _row: Row, transform: Transform, _names: Mapping[str, Any]) -> Step:
    known = {**countries.codes(transform.value), **transform.entries}

    def step(given: Any) -> Any:
        if is_blank(given):
            return None
        found = known.get(countries.key(literal(given)), UNSET)
        if found is UNSET:
            raise RowError("unknown_country", "is no country name or code of ISO 3166", value=literal(given))
        return found

    return step


def _truncate(_task: Task, row: Row, transform: Transform, _names: Mapping[str, Any]) -> Step:
    if row.key:
        raise TemplateError(f"{row.where}: a key is never cut; remove `truncate`.")
    if row.type in {"integer", "number"}:
        return lambda given: None if is_blank(given) else int(CONVERSIONS["number"](given))
    length = transform.value or row.length
    if row.type != "text" or length is None:
        raise TemplateError(f"{row.where}: `truncate` needs a text field with a `length`, or a number.")
    return lambda given: None if is_blank(given) else cut(literal(given), length)


def _convert(_task: Task, _row: Row, transform: Transform, _names: Mapping[str, Any]) -> Step:
    convert = CONVERSIONS[transform.value]
    return lambda given: None if is_blank(given) else convert(given)


_MAKERS = {
    "default": _default,
    "map": _map,
    "country": _country,
    "truncate": _truncate,
    "convert": _convert,
}


def _check_constants(task: Task, row: Row, names: Mapping[str, Any]) -> None:
    """Refuse constants that the destination could not hold; those of the last step can be judged here."""
    if not row.transforms:
        return
    last = row.transforms[-1]
    outputs: list[Any] = [*last.entries.values()]
    if last.kind == "default":
        outputs.append(_default_value(task, row, last, names))
    if last.kind == "map" and last.otherwise is not UNSET:
        outputs.append(last.otherwise)
    check = conform(row)
    for output in outputs:
        if is_blank(output):
            continue
        try:
            check(output)
        except RowError as error:
            raise TemplateError(f"{row.where}: the {last.kind} gives {output!r}: {error.problem}.") from error
