"""Values on their way in: JSON and key literals become what a column stores, exact and in UTC.

Stored forms: text as it is; enums by member name; decimals as text with exact digits; whole numbers as
numbers; dates ``YYYY-MM-DDT12:00:00Z`` (F&O has no date type: a date is noon UTC of its day); instants
``YYYY-MM-DDTHH:MM:SSZ``; GUIDs in lower case; booleans 0 or 1. X++ has no null: see ``empty_value``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.odata.nodes import EnumMember

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.fno.model import Model, Property
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.odata.nodes import Literal

Stored: TypeAlias = str | int
Row: TypeAlias = dict[str, Stored]

_EMPTY: Final[dict[str, Stored]] = {
    "String": "",
    "Real": "0",
    "Int32": 0,
    "Int64": 0,
    "Date": "1900-01-01T12:00:00Z",
    "UtcDateTime": "1900-01-01T00:00:00Z",
    "Guid": "00000000-0000-0000-0000-000000000000",
    "Boolean": 0,
}
_RANGES: Final = {"Int32": range(-(2**31), 2**31), "Int64": range(-(2**63), 2**63)}
# numeric(32,6) of the product's tables, with room to round.
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_LARGEST: Final = Decimal(10) ** 26
_INSTANT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE
)


def empty_value(item: Property, model: Model) -> Stored:
    """What a field holds that was never set; the product knows no null."""
    return model.enums[item.type].empty if item.is_enum else _EMPTY[item.type]


class Converter:
    """Turns JSON values and query literals into stored ones.

    Args:
        model: for the members of enums.
        settings: say how many digits are kept after the point.
    """

    def __init__(self, model: Model, settings: FnoSettings) -> None:
        self._model = model
        self._settings = settings
        self._readers: dict[str, Callable[[Property, Any], Stored | None]] = {
            "String": _text,
            "Real": self._decimal,
            "Int32": _whole_number,
            "Int64": _whole_number,
            "Date": _noon,
            "UtcDateTime": _instant,
            "Guid": _guid,
            "Boolean": _boolean,
        }

    def from_json(self, item: Property, value: Any) -> Stored:
        """The stored form of a JSON value in a body; numbers come as int or Decimal.

        Raises:
            FnoError: 400, the value does not fit the type, or is null where the type has no null.
        """
        if value is None:
            return self._from_null(item)
        reader = self._member if item.is_enum else self._readers[item.type]
        stored = reader(item, value)
        if stored is None:
            shown = json.dumps(value) if isinstance(value, bool) else value
            raise FnoError(
                400, f"Cannot convert the literal '{shown}' to the expected type '{item.edm_type}'."
            )
        return stored

    def from_literal(self, item: Property, literal: Literal) -> Stored:
        """The stored form of a literal in a key; enums are qualified, dates bare.

        Raises:
            FnoError: 400, the literal is of another type.
        """
        value: Any = literal.value
        if isinstance(value, EnumMember) != item.is_enum or (
            item.is_enum and value.type_name != item.edm_type
        ):
            raise FnoError(400, f"The key value of '{item.name}' is not of type '{item.edm_type}'.")
        if isinstance(value, EnumMember):
            value = value.member
        elif isinstance(value, dt.datetime):
            value = value.isoformat()
        elif isinstance(value, (uuid.UUID, dt.date)):
            value = str(value)
        return self.from_json(item, value)

    @staticmethod
    def number(text: str) -> int | Decimal | str:
        """A number written as text, as JSON would give it; the text itself when it is none."""
        try:
            value = Decimal(text)
        except InvalidOperation:
            return text
        return int(value) if value == value.to_integral_value() else value

    def _from_null(self, item: Property) -> Stored:
        if item.type != "String" and not item.is_enum:
            expected = f"'{item.edm_type}[Nullable=False]'"
            raise FnoError(
                400,
                f"A null value was found for the property named '{item.name}', which has the expected type "
                f"{expected}. The expected type {expected} does not allow null values.",
            )
        return empty_value(item, self._model)

    def _member(self, item: Property, value: Any) -> Stored | None:
        return value if isinstance(value, str) and value in self._model.enums[item.type].members else None

    def _decimal(self, _: Property, value: Any) -> Stored | None:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            return None
        exact = Decimal(value)
        if not exact.is_finite() or not -_LARGEST < exact < _LARGEST:
            return None
        return decimal_text(exact.quantize(Decimal(1).scaleb(-self._settings.decimal_places), context=_EXACT))


def instant_text(moment: dt.datetime) -> str:
    """The stored form of an instant in UTC; fractions of a second are cut."""
    return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}Z"


def decimal_text(value: Decimal) -> str:
    """The shortest plain notation: no exponent, no zeros behind the last digit, no minus before zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _text(_: Property, value: Any) -> Stored | None:
    return value if isinstance(value, str) else None


def _whole_number(item: Property, value: Any) -> Stored | None:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and value in _RANGES[item.type]
    return int(value) if fits else None


def _moment(value: Any) -> dt.datetime | None:
    """The instant in UTC; an offset is required, fractions of a second are cut."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, minutes, seconds, offset = match.groups()
    zone = "+00:00" if offset in {"Z", "z"} else offset
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{minutes}{seconds or ':00'}{zone}")
        return moment.astimezone(dt.timezone.utc)
    except (ValueError, OverflowError):
        return None


def _instant(_: Property, value: Any) -> Stored | None:
    moment = _moment(value)
    return instant_text(moment) if moment else None


def _noon(_: Property, value: Any) -> Stored | None:
    moment = _moment(value)
    return f"{moment.date().isoformat()}T12:00:00Z" if moment else None


def _guid(_: Property, value: Any) -> Stored | None:
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _boolean(_: Property, value: Any) -> Stored | None:
    return int(value) if isinstance(value, bool) else None
