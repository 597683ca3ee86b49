"""Column kinds: which kind of Dataverse column holds what a SCHEMA says about a field."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynamics_singer.target.schema import Field

LONGEST_STRING = 4000
LONGEST_MEMO = 1_048_576
LONGEST_KEY_TEXT = 100
UUID_LENGTH = 36
SMALLEST_INT32 = -2_147_483_648
LARGEST_INT32 = 2_147_483_647
WIDEST_DECIMAL = Decimal(100_000_000_000)
WIDEST_MONEY = Decimal(922_337_203_685_477)
MOST_DECIMAL_DIGITS = 10
MONEY_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """One Dataverse attribute type with the facets its definition needs, spelled as the Web API does."""

    name: str
    facets: dict[str, Any]


def column_kind(field: Field, *, in_key: bool = False) -> ColumnKind:
    """The kind of column that holds every value the SCHEMA allows for `field`, as far as Dataverse has one.

    A key part is never a Memo or BigInt, which Dataverse refuses in keys (define-alternate-keys-entity): text
    without a length gets 100 characters there.
    """
    if "string" in field.types:
        return _text_kind(field, in_key=in_key)
    if field.types == {"boolean"}:
        return ColumnKind("Boolean", {})
    if field.types == {"integer"}:
        return _integer_kind(field, in_key=in_key)
    if field.types and field.types <= {"number", "integer"}:
        return _number_kind(field)
    return _memo(None)


def _text_kind(field: Field, *, in_key: bool) -> ColumnKind:
    if field.types == {"string"} and field.format == "date":
        return ColumnKind("DateTime", {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}})
    if field.types == {"string"} and field.format == "date-time":
        # Singer's date-times are instants: UserLocal keeps them in UTC and shows them in each reader's zone.
        return ColumnKind("DateTime", {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}})
    length = UUID_LENGTH if field.format == "uuid" else field.max_length
    if in_key and (length is None or length > LONGEST_STRING):
        length = LONGEST_KEY_TEXT
    if length is None or length > LONGEST_STRING or field.types != {"string"}:
        return _memo(length) if not in_key else _string(length or LONGEST_KEY_TEXT)
    return _string(length)


def _string(length: int) -> ColumnKind:
    return ColumnKind("String", {"MaxLength": max(length, 1), "FormatName": {"Value": "Text"}})


def _memo(length: int | None) -> ColumnKind:
    return ColumnKind("Memo", {"MaxLength": min(length or LONGEST_MEMO, LONGEST_MEMO), "Format": "TextArea"})


def _integer_kind(field: Field, *, in_key: bool) -> ColumnKind:
    beyond_int32 = (field.minimum is not None and field.minimum < SMALLEST_INT32) or (
        field.maximum is not None and field.maximum > LARGEST_INT32
    )
    if beyond_int32 and not in_key:
        return ColumnKind("BigInt", {})
    return ColumnKind("Integer", {"Format": "None", "MinValue": SMALLEST_INT32, "MaxValue": LARGEST_INT32})


def _number_kind(field: Field) -> ColumnKind:
    widest = max(
        (abs(bound) for bound in (field.minimum, field.maximum) if bound is not None), default=Decimal(0)
    )
    scale = field.scale if field.scale is not None else MOST_DECIMAL_DIGITS
    if widest > WIDEST_DECIMAL and scale <= MONEY_DIGITS:
        facets = {"Precision": MONEY_DIGITS, "PrecisionSource": 0}
        return ColumnKind("Money", {**facets, "MinValue": -WIDEST_MONEY, "MaxValue": WIDEST_MONEY})
    precision = min(scale, MOST_DECIMAL_DIGITS)
    return ColumnKind(
        "Decimal", {"Precision": precision, "MinValue": -WIDEST_DECIMAL, "MaxValue": WIDEST_DECIMAL}
    )
