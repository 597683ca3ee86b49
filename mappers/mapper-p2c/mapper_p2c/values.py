"""JSON scalars on their way through a row: reading them exactly, and giving them the destination's type."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from mapper_p2c.errors import RowError

if TYPE_CHECKING:
    from mapper_p2c.templates import Row

#: A step of a row: value in, value out; None is blank. Raises RowError.
Step = Callable[[Any], Any]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_FIRST_OF_NUMBER = frozenset(b"-0123456789")


def scalar(raw: bytes) -> Any:
    """A JSON scalar as Python value; numbers keep their exact digits (int or Decimal).

    Raises:
        RowError: the JSON is an object or a list, or text that is no Unicode.
    """
    if raw[0] in _FIRST_OF_NUMBER:
        text = raw.decode("ascii")
        return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    if raw[0] in b"{[":
        raise RowError("not_a_scalar", "holds an object or a list where one value belongs")
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RowError("bad_text", "holds text that is no valid Unicode") from None


def is_number(raw: bytes) -> bool:
    """Whether a piece of valid JSON is a number."""
    return raw[0] in _FIRST_OF_NUMBER


def is_blank(value: Any) -> bool:
    """Whether a value counts as blank: none, empty text, or nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip(" "))


def cut(text: str, length: int) -> str:
    """The text, cut so that it fits a field of a length.

    Dynamics keeps text as UTF-16, where characters beyond the basic plane count twice; none is cut in half.
    """
    if text.isascii():
        return text[:length]
    return text.encode("utf-16-le", "surrogatepass")[: 2 * length].decode("utf-16-le", "ignore")


def literal(value: Any) -> str:
    """A scalar as text: numbers with the digits they came with, booleans as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def to_text(value: Any) -> str:
    """Any scalar as text."""
    return literal(value)


def to_number(value: Any) -> int | Decimal:
    """A number with its exact digits; text is read as a number with a decimal point."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return value
    # A float comes from the constants of a configuration only: records are read exactly.
    text = value.strip() if isinstance(value, str) else repr(value)
    if not _NUMBER.fullmatch(text):
        raise RowError("not_a_number", "is no number", value=literal(value))
    number = Decimal(text)
    return number if {*"eE."} & {*text} else int(number)


def to_integer(value: Any) -> int:
    """A whole number; a fraction other than zero is refused, so that nothing is lost unnoticed."""
    number = to_number(value)
    if number != int(number):
        raise RowError(
            "not_an_integer", "has decimals and the destination holds whole numbers", value=str(value)
        )
    return int(number)


def to_boolean(value: Any) -> bool:
    """True or false; also yes and no, 1 and 0."""
    known = _WORDS.get(literal(value).strip().casefold())
    if known is None:
        raise RowError("not_a_boolean", "is neither true nor false", value=literal(value))
    return known


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return _DATE.fullmatch(text) is not None  # newer Pythons read other forms too


def _is_time(text: str) -> bool:
    try:
        dt.time.fromisoformat(text)
    except ValueError:
        return False
    return True


def to_date(value: Any) -> str:
    """A date `YYYY-MM-DD`; of a point in time the date part as written."""
    text = literal(value).strip()
    found = _DATETIME.fullmatch(text)
    date = found[1] if found else text
    if not _is_date(date):
        raise RowError("not_a_date", "is no date of the form YYYY-MM-DD", value=literal(value))
    return date


def to_datetime(value: Any) -> str:
    """A point in time as written; a date alone becomes midnight UTC."""
    text = literal(value).strip()
    found = _DATETIME.fullmatch(text)
    if found and _is_date(found[1]) and _is_time(found[2]):
        return text
    if _is_date(text):
        return f"{text}T00:00:00Z"
    raise RowError("not_a_datetime", "is no point in time of ISO 8601", value=literal(value))


def to_uuid(value: Any) -> str:
    """A GUID in its usual form."""
    text = literal(value).strip()
    if not _UUID.fullmatch(text):
        raise RowError("not_a_guid", "is no GUID", value=literal(value))
    return text


#: How a value that is not blank gets a type.
CONVERSIONS: dict[str, Step] = {
    "text": to_text,
    "integer": to_integer,
    "number": to_number,
    "boolean": to_boolean,
    "date": to_date,
    "datetime": to_datetime,
    "uuid": to_uuid,
}


def conform(row: Row) -> Step:
    """The last step of every row: the destination's type, its length and, of a picklist, its members."""
    convert = CONVERSIONS[row.type]
    length, members = row.length, frozenset(row.values)

    def step(value: Any) -> Any:
        value = convert(value)
        if length is not None and isinstance(value, str) and len(value) > length:
            check_length(row, value)
        if members and value not in members:
            raise RowError("not_a_member", f"is none of {', '.join(row.values)}", value=literal(value))
        return value

    return step


def check_length(row: Row, text: str) -> None:
    """Refuse a text that the destination cannot hold.

    Raises:
        RowError: names the row, the text's length and the limit; a key is never cut.
    """
    length = row.length
    if length is None or len(text) <= length:
        return
    if row.key:
        raise RowError(
            "key_too_long",
            f"the key has more than the {length} characters {row.destination} holds, and a key is never cut",
            value=text,
            row=row.words,
        )
    raise RowError(
        "too_long", f"more than the {length} characters {row.destination} holds", value=text, row=row.words
    )
