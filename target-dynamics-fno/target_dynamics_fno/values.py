"""Mapped values in the forms F&O takes: dates at noon UTC, members of enums, empties in place of null."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from dynamics_odata.edm import (
    FNO_EMPTY_DATE,
    FNO_EMPTY_GUID,
    FNO_EMPTY_INSTANT,
    fno_date_text,
    guid_text,
    instant_text,
    parse_date,
    parse_decimal,
    parse_instant,
)
from dynamics_singer.target import RowError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_odata.metadata.model import FnoProperty
    from dynamics_singer.target.unchanged import Comparison

Kind = Literal["text", "number", "int32", "int64", "date", "instant", "guid", "boolean", "enum", "binary"]

_AX_KINDS: dict[str, Kind] = {
    "Enum": "enum",
    "Date": "date",
    "UtcDateTime": "instant",
    "Real": "number",
    "Int32": "int32",
    "Time": "int32",
    "Int64": "int64",
    "Record": "int64",
    "Guid": "guid",
    "String": "text",
    "Container": "binary",
}
_EDM_KINDS: dict[str, Kind] = {
    "Edm.String": "text",
    "Edm.Decimal": "number",
    "Edm.Int32": "int32",
    "Edm.Int64": "int64",
    "Edm.DateTimeOffset": "instant",
    "Edm.Guid": "guid",
    "Edm.Boolean": "boolean",
    "Edm.Binary": "binary",
}
_COMPARISONS: dict[Kind, Comparison] = {
    "text": "text",
    "number": "number",
    "int32": "number",
    "int64": "number",
    "date": "date",
    "instant": "instant",
    "guid": "guid",
    "boolean": "boolean",
    "enum": "name",
    "binary": "text",
}
# F&O: odata. X++ knows no null; these stand in its place.
_EMPTIES: dict[Kind, Any] = {
    "text": "",
    "number": 0,
    "int32": 0,
    "int64": 0,
    "date": FNO_EMPTY_DATE,
    "instant": FNO_EMPTY_INSTANT,
    "guid": FNO_EMPTY_GUID,
    "boolean": False,
}
_BITS = {"int32": 31, "int64": 63}
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


@dataclass(frozen=True, slots=True)
class Codec:
    """How the values of one property are written and compared."""

    name: str
    kind: Kind
    members: tuple[str, ...] = ()

    @classmethod
    def of(cls, member: FnoProperty) -> Codec:
        """The codec of a property, from its X++ type or else its EDM type."""
        kind = _AX_KINDS.get(member.ax_type) or _EDM_KINDS.get(member.edm_type, "text")
        return cls(member.name, kind, member.enum_members)

    @property
    def comparison(self) -> Comparison:
        """How a value is compared with the stored one."""
        return _COMPARISONS[self.kind]

    @property
    def empty(self) -> Any:
        """What clears the property; None where nothing can."""
        if self.kind == "enum":
            return self.members[0] if self.members else None
        return _EMPTIES.get(self.kind)

    def is_blank(self, value: Any) -> bool:
        """Whether a mapped value clears the property: null, or blank text where no text belongs."""
        return value is None or (self.kind != "text" and isinstance(value, str) and not value.strip())

    def convert(self, value: Any) -> Any:
        """A mapped value that is not blank, as F&O takes it.

        Raises:
            RowError: the value cannot be read as this property's type; names the property.
        """
        try:
            return _CONVERTERS[self.kind](self, value)
        except (ValueError, TypeError, OverflowError) as error:
            raise RowError(f"Field '{self.name}': {error}", "bad_value") from None


def _text(_codec: Codec, value: Any) -> str:
    """The text without trailing blanks: X++ keeps none, so that with them a row would never be unchanged."""
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot travel; its error is a ValueError
        return value.rstrip(" ")
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise TypeError(f"a text is needed, not {_type_name(value)}")


def _number(_codec: Codec, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise TypeError(f"a number is needed, not {_type_name(value)}")
    return parse_decimal(value)


def _whole(codec: Codec, value: Any) -> int:
    number = _number(codec, value)
    if number != number.to_integral_value():
        raise ValueError(f"a whole number is needed, not '{number}'")
    bound = 2 ** _BITS[codec.kind]
    if not -bound <= number < bound:
        raise ValueError(f"'{number}' does not fit into {_BITS[codec.kind] + 1} bits")
    return int(number)


def _date(_codec: Codec, value: Any) -> str:
    """The day as written, whatever its time and offset, at noon UTC."""
    text = _needed_text(value, "a date such as 2026-01-31")
    day = text[:10]
    if len(text) > len(day):
        parse_instant(text)
    return fno_date_text(parse_date(day))


def _instant(_codec: Codec, value: Any) -> str:
    """The moment in UTC to the second, the finest that X++ keeps; a plain date is its midnight."""
    text = _needed_text(value, "a moment such as 2026-01-31T09:15:00Z")
    plain_date = len(text) == len("2026-01-31")
    day = parse_date(text) if plain_date else None
    moment = datetime(day.year, day.month, day.day, tzinfo=timezone.utc) if day else parse_instant(text)
    return instant_text(moment.replace(microsecond=0))


def _guid(_codec: Codec, value: Any) -> str:
    return guid_text(_needed_text(value, "a GUID"))


def _boolean(_codec: Codec, value: Any) -> bool:
    word = str(value).strip().casefold()
    if word not in _YES | _NO:
        raise ValueError("yes or no is needed")
    return word in _YES


def _enum(codec: Codec, value: Any) -> str:
    """The member in its own spelling; true and false stand for Yes and No."""
    if isinstance(value, bool):
        value = "Yes" if value else "No"
    by_name = {member.casefold(): member for member in codec.members}
    found = by_name.get(value.strip().casefold()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"'{value}' is not one of {_listed(codec.members)}")
    return found


def _binary(_codec: Codec, value: Any) -> str:
    return _needed_text(value, "base64 text")


def _needed_text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is needed, not {_type_name(value)}")
    return value.strip()


def _type_name(value: Any) -> str:
    names = {bool: "true or false", dict: "an object", list: "a list", str: "a text"}
    return names.get(type(value), "a number")


def _listed(members: tuple[str, ...]) -> str:
    shown = ", ".join(members[:12])
    return f"{shown}, …" if len(members) > 12 else shown  # noqa: PLR2004  # more would fill the log


_CONVERTERS: dict[Kind, Callable[[Codec, Any], Any]] = {
    "text": _text,
    "number": _number,
    "int32": _whole,
    "int64": _whole,
    "date": _date,
    "instant": _instant,
    "guid": _guid,
    "boolean": _boolean,
    "enum": _enum,
    "binary": _binary,
}
