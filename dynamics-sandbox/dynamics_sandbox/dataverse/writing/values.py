"""Values on their way from JSON into a column: type, length, option and range are checked here."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import (
    STRING_TOO_LONG,
    VALUE_OUT_OF_OPTIONS,
    DataverseError,
    payload_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.settings import DataverseSettings

_EXACT = Context(prec=60)
_EDM_NAMES = {
    "string": "Edm.String",
    "integer": "Edm.Int32",
    "decimal": "Edm.Decimal",
    "double": "Edm.Double",
    "boolean": "Edm.Boolean",
    "datetime": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "guid": "Edm.Guid",
}


def edm_type(attribute: Attribute) -> str:
    """Name the EDM type of a column."""
    return "Edm.Int64" if attribute.type == "BigInt" else _EDM_NAMES[attribute.kind]


def guid_text(text: str) -> str | None:
    """Give a GUID as the service writes it (lower case, no braces), or None when the text is none."""
    try:
        return str(uuid.UUID(text)) if len(text.strip("{}")) == 36 else None  # noqa: PLR2004 - hexadecimal with dashes
    except ValueError:
        return None


def instant_text(moment: dt.datetime) -> str:
    """Give a moment as stored and returned: UTC, whole seconds."""
    return moment.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def stored_decimal(value: Decimal, digits: int, rounding: str, kept: int) -> str:
    """Round to `digits` after the point and write with `kept` digits."""
    rounded = value.quantize(Decimal(1).scaleb(-digits), rounding=rounding, context=_EXACT)
    return format(rounded.quantize(Decimal(1).scaleb(-kept), rounding=rounding, context=_EXACT), "f")


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads JSON values for the columns of one table."""

    table: Table
    settings: DataverseSettings

    def read(self, attribute: Attribute, value: Any) -> Any:
        """Give the stored form of a value; None stays None.

        Money keeps its digits here and is rounded later, when the row's currency is known.

        Raises:
            DataverseError: wrong type, too long, no such option, out of range.
        """
        if value is None:
            return None
        return _READERS[attribute.kind](self, attribute, value)

    def wrong_type(self, attribute: Attribute, value: Any) -> DataverseError:
        """Refuse a value of the wrong JSON type."""
        return payload_error(
            self.table.entity_set,
            f"InnerException : Cannot convert a value of type {type(value).__name__} to target type "
            f"'{edm_type(attribute)}' because of conflict between input format string/number and parameter "
            f"'IEEE754Compatible' false/true. Property: '{attribute.name}'.",
            self.settings.wrong_type_code,
        )

    def _text(self, attribute: Attribute, value: Any) -> str | None:
        if not isinstance(value, str):
            raise self.wrong_type(attribute, value)
        if attribute.max_length is not None and len(value) > attribute.max_length:
            raise DataverseError(
                400,
                STRING_TOO_LONG,
                f"A validation error occurred.  The length of the '{attribute.name}' attribute of the "
                f"'{self.table.logical_name}' entity exceeded the maximum allowed length of "
                f"'{attribute.max_length}'.",
            )
        return value or None  # the service keeps no empty texts

    def _integer(self, attribute: Attribute, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type(attribute, value)
        if attribute.options:
            self._check_option(attribute, value)
        else:
            self._check_range(attribute, value)
        return value

    def _decimal(self, attribute: Attribute, value: Any) -> str:
        number = self._number(attribute, value)
        self._check_range(attribute, number)
        if attribute.type == "Money":
            return format(number, "f")
        digits = self.settings.decimal_digits if attribute.precision is None else attribute.precision
        kept = max(digits, self.settings.decimal_digits)
        return stored_decimal(number, digits, self.settings.rounding, kept)

    def _double(self, attribute: Attribute, value: Any) -> float:
        number = self._number(attribute, value)
        self._check_range(attribute, number)
        return float(number)

    def _number(self, attribute: Attribute, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise self.wrong_type(attribute, value)
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self.wrong_type(attribute, value) from None
        if not number.is_finite():
            raise self.wrong_type(attribute, value)
        return number

    def _boolean(self, attribute: Attribute, value: Any) -> int:
        if not isinstance(value, bool):
            raise self.wrong_type(attribute, value)
        return int(value)

    def _guid(self, attribute: Attribute, value: Any) -> str:
        text = guid_text(value) if isinstance(value, str) else None
        if text is None:
            raise self.wrong_type(attribute, value)
        return text

    def _instant(self, attribute: Attribute, value: Any) -> str:
        if not isinstance(value, str):
            raise self.wrong_type(attribute, value)
        try:
            moment = dt.datetime.fromisoformat(_python_instant(value))
            if moment.tzinfo is None and self.settings.instants_without_zone == "reject":
                raise self.wrong_type(attribute, value)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)
            return instant_text(aware)
        except (ValueError, OverflowError):
            raise self.wrong_type(attribute, value) from None

    def _date(self, attribute: Attribute, value: Any) -> str:
        try:
            return dt.date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise self.wrong_type(attribute, value) from None

    def _check_option(self, attribute: Attribute, value: int) -> None:
        if all(option.value != value for option in attribute.options):
            raise DataverseError(
                400,
                VALUE_OUT_OF_OPTIONS,
                f"A validation error occurred. The value {value} of '{attribute.name}' on record of type "
                f"'{self.table.logical_name}' is outside the valid range. Accepted Values: "
                f"{','.join(str(option.value) for option in attribute.options)}",
            )

    def _check_range(self, attribute: Attribute, value: int | Decimal) -> None:
        low, high = attribute.minimum, attribute.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise DataverseError(
                400,
                self.settings.number_range_code,
                f"A validation error occurred. The value of '{attribute.name}' on record of type "
                f"'{self.table.logical_name}' is outside the valid range, which is {low} to {high}.",
            )


def _python_instant(text: str) -> str:
    """Rewrite an instant for Python 3.10, which knows no `Z` and only fractions of 3 or 6 digits."""
    plain = text.upper().replace("Z", "+00:00")
    head, point, rest = plain.partition(".")
    if not point:
        return plain
    digits = len(rest) - len(rest.lstrip("0123456789"))
    if not digits:
        raise ValueError(text)
    return head + rest[digits:]  # the service keeps whole seconds


_READERS: dict[str, Callable[[ValueReader, Attribute, Any], Any]] = {
    "string": ValueReader._text,  # noqa: SLF001 - the table of this class's own methods
    "integer": ValueReader._integer,  # noqa: SLF001 - as above
    "decimal": ValueReader._decimal,  # noqa: SLF001 - as above
    "double": ValueReader._double,  # noqa: SLF001 - as above
    "boolean": ValueReader._boolean,  # noqa: SLF001 - as above
    "guid": ValueReader._guid,  # noqa: SLF001 - as above
    "datetime": ValueReader._instant,  # noqa: SLF001 - as above
    "date": ValueReader._date,  # noqa: SLF001 - as above
}
