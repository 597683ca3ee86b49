"""One action per row: from the decoded source value to what is written, the cheapest way there is.

Every row has a careful way, a callable that takes any decoded value. Most rows also have a fast way, an
expression that needs no call for the values that are usual; it gives the same result or goes the careful way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from mapper_p2c.errors import RowError
from mapper_p2c.transforms import steps
from mapper_p2c.values import check_length, conform, is_blank, is_number, literal, scalar

if TYPE_CHECKING:
    from mapper_p2c.source import Field
    from mapper_p2c.templates import Row, Task

#: A row at work on the values of its sources: UNSET (absent) stays UNSET, None is blank. Raises RowError.
Work = Callable[..., Any]

_FORMATS = {"date": "date", "datetime": "date-time", "uuid": "uuid"}

#: Transforms whose result is worth remembering: few different values, the same result each time.
_REMEMBERED = frozenset({"default", "map", "country"})
_MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Action:
    """What a row does with its source value.

    Attributes:
        call: the careful way; None where the decoded value is written as it is.
        strict: the fast way takes text that is not empty and, if `limit` is given, not longer than it.
        limit: longest text of the fast way.
        fast: the fast way as an expression over `{v}` (value), `{c}` (the careful way) and `{s}` (`seen`).
        seen: results by value, filled by `call`, for expressions that look there first.
    """

    call: Work | None
    fast: str = "{c}({v})"
    strict: bool = False
    limit: int | None = None
    seen: dict[Any, Any] = field(default_factory=dict)


def action(task: Task, row: Row, sources: Sequence[Field], names: Mapping[str, Any]) -> Action:
    """The action of a row with one source or several.

    Raises:
        TemplateError: a constant of the row does not fit its destination.
    """
    if len(sources) == 1:
        made = _single(task, row, sources[0], names)
    else:
        made = Action(_several(row, sources, steps(task, row, names)))
    return _key(row, made) if row.key else made


def _single(task: Task, row: Row, source: Field, names: Mapping[str, Any]) -> Action:
    if not row.transforms and not row.values:
        made = _copy(row, source)
    elif source.kind in {"text", "integer", "boolean"} and _REMEMBERED.issuperset(
        step.kind for step in row.transforms
    ):
        made = _remembered(_general(row, source, steps(task, row, names)))
    elif source.kind == row.type == "text" and [step.kind for step in row.transforms] == ["truncate"]:
        length = row.transforms[0].value or row.length
        usual = f"{{v}}.__class__ is str and 0 < len({{v}}) <= {length} and {{v}}.isascii()"
        made = Action(_general(row, source, steps(task, row, names)), f"({{v}} if {usual} else {{c}}({{v}}))")
    else:
        made = Action(_general(row, source, steps(task, row, names)))
    return made


def _copy(row: Row, source: Field) -> Action:
    if source.kind == "text" and (row.type == "text" or source.format == _FORMATS.get(row.type, "none")):
        limit = row.length if row.type == "text" else None
        return Action(_copy_text(row), "{v}", strict=True, limit=limit)
    if source.kind == "number" and row.type == "number":
        return Action(_copy_number(row))
    if source.kind == row.type or (source.kind, row.type) == ("integer", "number"):
        return Action(None, "{v}")
    return Action(_general(row, source, ()))


def _copy_text(row: Row) -> Work:
    length = row.length if row.type == "text" else None

    def copy(value: Any) -> Any:
        if value is UNSET or is_blank(value):
            return value if value is UNSET else None
        if length is not None and len(value) > length:
            check_length(row, value)
        return value

    return copy


def _copy_number(row: Row) -> Work:
    words = row.words

    def copy(value: Any) -> Any:
        if value is UNSET:
            return value
        raw = bytes(value)
        if is_number(raw):
            return value  # the very bytes that came in
        if raw == b"null":
            return None
        raise RowError("not_a_number", "the source field should hold a number and does not", row=words)

    return copy


def _general(row: Row, source: Field, made: tuple[Work, ...]) -> Work:
    raw, words, finish = source.kind in {"number", "any"}, row.words, conform(row)

    def run(value: Any) -> Any:
        if value is UNSET:
            return value
        try:
            if raw:
                value = scalar(bytes(value))
            for step in made:
                value = step(value)
            return None if is_blank(value) else finish(value)
        except RowError as error:
            error.row = words
            raise

    return run


def _several(row: Row, sources: Sequence[Field], made: tuple[Work, ...]) -> Work:
    """Work on the first value that is not blank, or on all that are not where the row joins them.

    Absent only where every source is absent.
    """
    is_raw = [source.kind in {"number", "any"} for source in sources]
    joint = next((step.value for step in row.transforms if step.kind == "join"), None)
    words, finish = row.words, conform(row)

    def run(*values: Any) -> Any:
        if all(value is UNSET for value in values):
            return UNSET
        try:
            read = [
                scalar(bytes(value)) if raw and value is not UNSET and value is not None else value
                for value, raw in zip(values, is_raw, strict=True)
            ]
            given = [value for value in read if value is not UNSET and not is_blank(value)]
            value = given[0] if given else None
            if joint is not None and given:
                value = joint.join(literal(each) for each in given)
            for step in made:
                value = step(value)
            return None if is_blank(value) else finish(value)
        except RowError as error:
            error.row = words
            raise

    return run


def _remembered(run: Work) -> Action:
    seen: dict[Any, Any] = {}

    def remember(value: Any) -> Any:
        result = run(value)
        if len(seen) >= _MOST_REMEMBERED:
            seen.clear()
        seen[value] = result
        return result

    return Action(remember, "({s}[{v}] if {v} in {s} else {c}({v}))", seen=seen)


def _key(row: Row, made: Action) -> Action:
    words, name, call = row.words, row.destination, made.call

    def run(*values: Any) -> Any:
        result = values[0] if call is None else call(*values)
        if result is None or result is UNSET:
            raise RowError(
                "blank_key", f"the business key {name} is blank; such a row is never written", row=words
            )
        return result

    fast = "({v} if {v}.__class__ is str else {c}({v}))" if made.strict else "{c}({v})"
    return replace(made, call=run, fast=fast)


def lookup(struct: Any, sourced: tuple[bool, ...], name: str) -> Callable[..., Any]:
    """Puts a lookup together from its parts.

    Absent where a part that has a source is absent, null where all of them are blank.

    Raises:
        RowError: (on call) some parts are blank and others are not, so that no row can be found.
    """

    def make(*values: Any) -> Any:
        given = [value for value, has_source in zip(values, sourced, strict=True) if has_source]
        if any(value is UNSET for value in given):
            return UNSET
        if all(value is None for value in given):
            return None
        if any(value is None for value in given):
            raise RowError("incomplete_lookup", f"the lookup {name} has blank key fields", row=name)
        return struct(*values)

    return make
