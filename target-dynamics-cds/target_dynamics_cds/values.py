"""Values: a record's value in the form its Dataverse column takes, or the reason why it cannot be taken.

Converted values are what the Web API itself answers with (dates and date-times as its text, ids lower-case,
numbers exact), so that equality with a value read back means that nothing would change.
"""

from __future__ import annotations

import uuid
from datetime import datetime, time, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from dynamics_odata.edm import date_text, instant_text, parse_date, parse_instant
from dynamics_singer.target.rows import RowError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_odata.metadata.model import Column
    from dynamics_singer.target.unchanged import Comparison

_JSON = msgspec.json.Encoder(decimal_format="number")
_EARLIEST = datetime(1753, 1, 1, tzinfo=timezone.utc)
_DAY = len("2024-02-29")


def convert(column: Column, field: str, value: Any) -> Any:
    """`value` of the record's `field` as `column` takes it; None (clear the column) for null and empty text.

    Raises:
        RowError: the value does not fit: wrong type, too long, too many digits, out of range, unknown option.
            Its reason names field, column and limit, never the value.
    """
    if value is None or value == "":
        return None
    conversion: Callable[[Column, str, Any], Any] = _CONVERSIONS.get(column.kind, _text)
    return conversion(column, field, value)


def key_value(column: Column, converted: Any) -> Any:
    """A converted value as the Python type that filter and key literals are made from."""
    if not isinstance(converted, str):
        return converted
    return _KEY_TYPES.get(column.kind, str)(converted)


def comparable(value: Any) -> Any:
    """A key part in the form in which Dataverse compares it: text without case and trailing blanks."""
    return value.rstrip(" ").lower() if isinstance(value, str) else value


def guid(field: str, value: Any) -> str:
    """An id as Dataverse writes it: lower case, no braces."""
    try:
        return str(uuid.UUID(value))
    except (AttributeError, TypeError, ValueError):
        raise RowError(f"{field} takes an id (GUID) and the row has something else", "bad_value") from None


def _text(column: Column, field: str, value: Any) -> str:
    text = value if isinstance(value, str) else _JSON.encode(value).decode()
    # SQL Server counts UTF-16 units: a character beyond the basic plane takes two of them.
    length = len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
    if column.max_length is not None and length > column.max_length:
        raise RowError(
            f"{_place(column, field)} takes at most {column.max_length} characters and the row has {length}",
            "too_long",
        )
    return text


def _whole(column: Column, field: str, value: Any) -> int:
    number = _number(column, field, value)
    if number != number.to_integral_value():
        raise RowError(f"{_place(column, field)} takes whole numbers only", "bad_value")
    return int(number)


def _decimal(column: Column, field: str, value: Any) -> Decimal | int:
    number = _number(column, field, value)
    digits = _digits_after_point(number)
    if column.scale is not None and digits > column.scale:
        raise RowError(
            f"{_place(column, field)} takes {column.scale} digits after the point and the row has {digits}",
            "too_many_digits",
        )
    return number if isinstance(value, Decimal) else int(number)


def _double(column: Column, field: str, value: Any) -> Decimal | int:
    number = _number(column, field, value)
    return number if isinstance(value, Decimal) else int(number)


def _number(column: Column, field: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise RowError(f"{_place(column, field)} takes a number and the row has {_type_name(value)}")
    number = Decimal(value)
    if not number.is_finite():
        raise RowError(f"{_place(column, field)} takes a finite number")
    low, high = column.minimum, column.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise RowError(f"{_place(column, field)} takes numbers from {low} to {high}", "out_of_range")
    return number


def _digits_after_point(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _boolean(column: Column, field: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return bool(_option(column, field, value))


def _option(column: Column, field: str, value: Any) -> int:
    """An option's value, given as the value itself or as its label in any case."""
    for option in column.options if not isinstance(value, bool) else ():
        if value == option.value or (isinstance(value, str) and value.lower() == option.label.lower()):
            return option.value
    if not column.options and isinstance(value, int) and not isinstance(value, bool):
        return value
    labels = ", ".join(f"{option.label} ({option.value})" for option in column.options[:10])
    raise RowError(f"{_place(column, field)} takes one of its options: {labels}", "unknown_option")


def _options(column: Column, field: str, value: Any) -> str:
    """Several options as Dataverse writes them, ``1,3,7``; taken from such text or from a list."""
    parts = value if isinstance(value, list) else str(value).split(",")
    numbers = {_option(column, field, int(part) if str(part).strip().isdecimal() else part) for part in parts}
    return ",".join(map(str, sorted(numbers)))


def _moment(column: Column, field: str, value: Any) -> datetime:
    if not isinstance(value, str):
        raise RowError(f"{_place(column, field)} takes a date and the row has {_type_name(value)}")
    try:
        moment = (
            datetime.combine(parse_date(value), time(), timezone.utc)
            if len(value) == _DAY
            else parse_instant(value)
        )
    except ValueError:
        raise RowError(
            f"{_place(column, field)} takes a date (ISO 8601) and the row has other text"
        ) from None
    if moment < _EARLIEST:
        raise RowError(f"{_place(column, field)} takes dates from 1753-01-01 on", "out_of_range")
    return moment


def _instant(column: Column, field: str, value: Any) -> str:
    """An instant in UTC; the column holds whole seconds, so a fraction is cut off."""
    return instant_text(_moment(column, field, value).replace(microsecond=0))


def _date(column: Column, field: str, value: Any) -> str:
    moment = _moment(column, field, value)
    if moment.time() != time():
        raise RowError(f"{_place(column, field)} takes a date without time, and the row has a time of day")
    return date_text(moment)


def _guid(_column: Column, field: str, value: Any) -> str:
    return guid(field, value)


def _place(column: Column, field: str) -> str:
    return field if field.lower() == column.name else f"{field} (column {column.name})"


def _type_name(value: Any) -> str:
    names = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")


_CONVERSIONS: dict[str, Callable[[Column, str, Any], Any]] = {
    "string": _text,
    "memo": _text,
    "integer": _whole,
    "bigint": _whole,
    "decimal": _decimal,
    "money": _decimal,
    "double": _double,
    "boolean": _boolean,
    "choice": _option,
    "state": _option,
    "status": _option,
    "choices": _options,
    "datetime": _instant,
    "date": _date,
    "guid": _guid,
}

_KEY_TYPES: dict[str, Callable[[str], Any]] = {
    "guid": uuid.UUID,
    "lookup": uuid.UUID,
    "date": parse_date,
    "datetime": parse_instant,
}

COMPARISONS: dict[str, Comparison] = {
    "integer": "number",
    "bigint": "number",
    "decimal": "number",
    "money": "number",
    "double": "number",
    "choice": "number",
    "state": "number",
    "status": "number",
    "boolean": "boolean",
    "datetime": "instant",
    "date": "date",
    "guid": "guid",
    "lookup": "guid",
}
"""How values of each kind of column are compared with what is stored; kinds not named here are text."""
