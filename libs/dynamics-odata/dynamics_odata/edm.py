"""Exact codecs between EDM values on the wire and Python values; nothing here ever becomes a float.

Edm.Decimal is written with the digits it came with, Edm.Int64 is range-checked, instants are UTC with a
``Z``, and F&O's two peculiarities have names: dates that travel as noon UTC, and 1900-01-01 for "no date"
(F&O: odata).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

__all__ = [
    "FNO_EMPTY_DATE",
    "FNO_EMPTY_GUID",
    "FNO_EMPTY_INSTANT",
    "date_text",
    "decimal_text",
    "fno_date_text",
    "guid_text",
    "instant_text",
    "is_fno_empty",
    "parse_date",
    "parse_decimal",
    "parse_fno_date",
    "parse_guid",
    "parse_instant",
    "parse_int64",
]

# The widest offset that XML Schema, and with it OData, knows.
MAX_OFFSET_HOURS, MINUTES_PER_HOUR = 14, 60

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

FNO_EMPTY_DATE = "1900-01-01T12:00:00Z"
FNO_EMPTY_INSTANT = "1900-01-01T00:00:00Z"
FNO_EMPTY_GUID = "00000000-0000-0000-0000-000000000000"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?\s*"
    r"(?:([Zz])|([+-])(\d{2}):?(\d{2}))?",
    re.ASCII,
)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)


def parse_decimal(value: object) -> Decimal:
    """An Edm.Decimal with exactly the digits given as text, int or Decimal; trailing zeros are kept.

    Raises:
        ValueError: for text that is no JSON number, and for floats, whose digits are lost already.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("the value is no exact decimal number")


def decimal_text(value: Decimal | int) -> str:
    """A decimal as JSON number text without an exponent: ``Decimal("0E-10")`` gives ``0.0000000000``."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def parse_int64(value: object) -> int:
    """An Edm.Int64 given as text or int.

    Raises:
        ValueError: when it is no whole number or outside 64 bits.
    """
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise ValueError("the value is no whole number")
    if not INT64_MIN <= number <= INT64_MAX:
        raise ValueError("the number does not fit into 64 bits")
    return number


def parse_date(text: str) -> date:
    """An Edm.Date such as ``2024-02-29``.

    Raises:
        ValueError: when it is no date or carries a time.
    """
    if not _DATE.fullmatch(text.strip()):
        raise ValueError("the text is no date of the form YYYY-MM-DD")
    return date.fromisoformat(text.strip())


def date_text(value: date) -> str:
    """An Edm.Date; of an instant, its date in UTC."""
    return (_utc(value).date() if isinstance(value, datetime) else value).isoformat()


def parse_instant(text: str) -> datetime:
    """An Edm.DateTimeOffset as UTC; text without an offset is UTC, as the Dataverse Web API takes it.

    Digits beyond the microsecond are cut off, never rounded up, so that a bookmark cannot pass a row.

    Raises:
        ValueError: when it is no instant.
    """
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise ValueError("the text is no instant of the form YYYY-MM-DDTHH:MM:SSZ")
    day, minutes, seconds, fraction, _, sign, hours, rest = found.groups()
    local = datetime.fromisoformat(f"{day}T{minutes}:{seconds or '00'}").replace(
        microsecond=int((fraction or "0").ljust(6, "0")[:6]), tzinfo=timezone.utc
    )
    if sign is None:
        return local
    if int(hours) > MAX_OFFSET_HOURS or int(rest) >= MINUTES_PER_HOUR:
        raise ValueError("the text carries an impossible offset")
    offset = timedelta(hours=int(hours), minutes=int(rest))
    try:
        return local - offset if sign == "+" else local + offset
    except OverflowError:
        raise ValueError("the instant is outside the years 1 to 9999 in UTC") from None


def instant_text(value: datetime) -> str:
    """An aware datetime as UTC with ``Z``, with a fraction only where there is one.

    Raises:
        ValueError: for a naive datetime, which could mean any instant.
    """
    utc = _utc(value)
    fraction = f".{utc.microsecond:06d}".rstrip("0") if utc.microsecond else ""
    return f"{utc.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"


def parse_fno_date(text: str) -> date | None:
    """An F&O date (AXType Date, noon UTC); None for the empty date 1900-01-01. Plain dates are taken too."""
    day = parse_date(text) if _DATE.fullmatch(text.strip()) else parse_instant(text).date()
    return None if day == date(1900, 1, 1) else day


def fno_date_text(value: date | None) -> str:
    """A date as F&O wants it: noon UTC, so that no time zone moves it; None gives the empty date."""
    if value is None:
        return FNO_EMPTY_DATE
    return instant_text(datetime.combine(date.fromisoformat(date_text(value)), time(12), timezone.utc))


def is_fno_empty(text: str) -> bool:
    """Whether an F&O date or instant means "none": 1900-01-01 at any hour."""
    return text.startswith("1900-01-01")


def parse_guid(text: str) -> UUID:
    """An Edm.Guid, with or without braces, in either case.

    Raises:
        ValueError: when it is no GUID.
    """
    return UUID(text.strip())


def guid_text(value: UUID | str) -> str:
    """A GUID as both services write it: lower case, no braces."""
    return str(value if isinstance(value, UUID) else parse_guid(value))


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError("the datetime has no time zone")
    return value.astimezone(timezone.utc)
