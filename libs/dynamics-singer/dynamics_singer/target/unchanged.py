"""Compares mapped values with the row at the destination, so that only real differences are written."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from dynamics_odata.edm import parse_instant

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

Comparison = Literal["text", "number", "boolean", "date", "instant", "guid", "name"]
"""How two values are compared: exact text, number by value, day, moment in time, guid, name without case."""

_EMPTY: Mapping[str, tuple[Any, ...]] = {
    "text": ("",),
    "name": ("",),
    "number": (Decimal(0),),
    "date": (date(1900, 1, 1),),
    "instant": (datetime(1900, 1, 1, tzinfo=timezone.utc), datetime(1900, 1, 1, 12, tzinfo=timezone.utc)),
    "guid": (UUID(int=0),),
}


def changed_fields(
    sent: Mapping[str, Any],
    stored: Mapping[str, Any],
    comparisons: Mapping[str, Comparison],
    *,
    calculated: Container[str] = (),
    empties: bool = False,
) -> dict[str, Any]:
    """The fields to send: those that differ; none at all when only calculated ones do.

    Args:
        sent: the mapped values, under the destination's names.
        stored: the row as the destination gives it; a field it lacks counts as null.
        comparisons: how each field is compared; one not named is compared as text or number.
        calculated: fields that the server computes: they are sent along, but never cause a write.
        empties: the destination has no null and stores "", 0 and 1900-01-01 in its place (F&O).
    """
    changed = {
        name: value
        for name, value in sent.items()
        if not same(comparisons.get(name), value, stored.get(name), empties=empties)
    }
    return changed if any(name not in calculated for name in changed) else {}


def same(comparison: Comparison | None, sent: Any, stored: Any, *, empties: bool = False) -> bool:
    """Whether two values mean the same; a value that cannot be read as its kind equals only its own text."""
    kind = comparison or _natural(sent, stored)
    left, right = _canonical(kind, sent), _canonical(kind, stored)
    if empties:
        left, right = _without_empty(kind, left), _without_empty(kind, right)
    return type(left) is type(right) and bool(left == right)


def _natural(sent: Any, stored: Any) -> Comparison:
    known = sent if sent is not None else stored
    if isinstance(known, bool):
        return "boolean"
    return "number" if isinstance(known, (int, Decimal)) else "text"


def _without_empty(kind: str, value: Any) -> Any:
    return None if value in _EMPTY.get(kind, ()) else value


def _canonical(kind: str, value: Any) -> Any:
    """The value in the one form its kind is compared in; unreadable ones stay as they are."""
    if value is None:
        return None
    try:
        return _READERS[kind](value)
    except (ValueError, InvalidOperation, TypeError, AttributeError):
        return str(value)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError("a truth value is no number")
    return Decimal(str(value))


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else parse_instant(str(value))


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value).strip()[:10])


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).casefold()
    if text in {"true", "1"}:
        return True
    if text in {"false", "0"}:
        return False
    raise ValueError("no truth value")


_READERS: dict[str, Any] = {
    "text": str,
    "name": lambda value: str(value).casefold(),
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "guid": lambda value: UUID(str(value)),
}
