"""Source filters: a small closed form, evaluated here and printable as an OData filter for the tap."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Raw

from mapper_p2c.transforms import resolved
from mapper_p2c.values import is_blank, literal, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mapper_p2c.templates.model import Condition


_PLAIN = frozenset({bool, int, str, type(None)})
_MOST_REMEMBERED = 1000


def condition(given: Condition, names: Mapping[str, Any]) -> Callable[[Any], bool]:
    """A test for the value of a condition's field.

    Texts compare without regard to case, as both services do. A blank or absent field equals only null, so
    `ne` lets it pass.
    """
    expected = frozenset(_comparable(value) for value in _expected(given, names))
    wanted = given.op != "ne"
    seen: dict[Any, bool] = {}

    def test(value: Any) -> bool:
        # Conditions meet few different values; class and value tell 1 from True.
        known = seen.get((value.__class__, value)) if value.__class__ in _PLAIN else None
        if known is None:
            known = (_comparable(value) in expected) is wanted
            if value.__class__ in _PLAIN and len(seen) < _MOST_REMEMBERED:
                seen[value.__class__, value] = known
        return known

    return test


def _expected(given: Condition, names: Mapping[str, Any]) -> list[Any]:
    values = given.value if given.op == "in" else (given.value,)
    return [resolved(value, names, given.place) for value in values]


def _comparable(value: Any) -> Any:
    if isinstance(value, Raw):
        value = scalar(bytes(value))
    if value is UNSET or is_blank(value):
        return None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Decimal(str(value))
    # A boolean must not equal the number 1.
    return ("boolean", value) if isinstance(value, bool) else str(value).casefold()


def odata_text(conditions: Iterable[Condition], names: Mapping[str, Any]) -> str:
    """The filter as OData `$filter` text, in the source's own field names; "" for no filter."""
    return " and ".join(_odata(given, names) for given in conditions)


def _odata(given: Condition, names: Mapping[str, Any]) -> str:
    """One condition. For Dataverse `ne` must name null: there a comparison with null is never true.

    Names in Dataverse are lower case, those of Finance and Operations, which knows no null, are not.
    """
    path = given.field.replace(".", "/")
    if given.op == "ne" and path.islower():
        (value,) = _expected(given, names)
        return (
            f"({path} ne {_odata_literal(value)} or {path} eq null)"
            if value is not None
            else f"{path} ne null"
        )
    terms = [
        f"{path} {'ne' if given.op == 'ne' else 'eq'} {_odata_literal(value)}"
        for value in _expected(given, names)
    ]
    return terms[0] if len(terms) == 1 else f"({' or '.join(terms)})"


def _odata_literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return literal(value)
