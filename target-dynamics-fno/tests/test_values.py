"""Mapped values in F&O's forms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynamics_odata.metadata.model import FnoProperty
from dynamics_singer.target import RowError
from target_dynamics_fno.values import Codec

STATUS = ("None", "Backorder", "Delivered", "Invoiced", "Canceled")
ENUM = "Microsoft.Dynamics.DataEntities.SalesStatus"


def codec(ax_type: str, edm_type: str = "Edm.String", members: tuple[str, ...] = ()) -> Codec:
    return Codec.of(FnoProperty("Field", edm_type, ax_type, enum_members=members))


@pytest.mark.parametrize(
    ("ax_type", "value", "sent"),
    [
        ("String", "B's Beverages", "B's Beverages"),
        ("String", "Cut at a word ", "Cut at a word"),
        ("String", 12, "12"),
        ("String", Decimal("1.50"), "1.50"),
        ("Real", Decimal("1234567890123.4500"), Decimal("1234567890123.4500")),
        ("Real", "10.50", Decimal("10.50")),
        ("Real", 7, Decimal(7)),
        ("Int32", Decimal("5.0"), 5),
        ("Int32", "-2147483648", -(2**31)),
        ("Int64", 9223372036854775807, 2**63 - 1),
        ("Date", "2026-01-31", "2026-01-31T12:00:00Z"),
        ("Date", "2026-01-31T23:30:00Z", "2026-01-31T12:00:00Z"),
        ("Date", "2026-01-31T00:30:00+02:00", "2026-01-31T12:00:00Z"),
        ("UtcDateTime", "2026-01-31T09:15:00+01:00", "2026-01-31T08:15:00Z"),
        ("UtcDateTime", "2026-01-31T09:15:00.9999999Z", "2026-01-31T09:15:00Z"),
        ("UtcDateTime", "2026-01-31", "2026-01-31T00:00:00Z"),
        ("Guid", "{0B2A9C52-5E5D-4C3B-9C39-1F1E3A7C9D10}", "0b2a9c52-5e5d-4c3b-9c39-1f1e3a7c9d10"),
    ],
)
def test_values_in_their_form(ax_type: str, value: Any, sent: Any) -> None:
    converted = codec(ax_type).convert(value)
    assert converted == sent
    assert str(converted) == str(sent)


def test_enum_members_take_their_own_spelling() -> None:
    assert codec("Enum", ENUM, STATUS).convert("backORDER ") == "Backorder"
    yes_no = codec("Enum", "Microsoft.Dynamics.DataEntities.NoYes", ("No", "Yes"))
    assert (yes_no.convert(True), yes_no.convert(False), yes_no.convert("YES")) == ("Yes", "No", "Yes")


@pytest.mark.parametrize(
    ("ax_type", "value", "told"),
    [
        ("String", True, "a text is needed, not true or false"),
        ("String", {"a": 1}, "a text is needed, not an object"),
        ("Real", "12,50", "decimal number"),
        ("Real", True, "a number is needed, not true or false"),
        ("Int32", Decimal("1.5"), "a whole number is needed, not '1.5'"),
        ("Int32", 2**31, "does not fit into 32 bits"),
        ("Int64", -(2**63) - 1, "does not fit into 64 bits"),
        ("Date", "31.01.2026", "no date"),
        ("Date", 20260131, "a date such as 2026-01-31 is needed"),
        ("UtcDateTime", "yesterday", "Field"),
        ("Guid", "ALFKI", "Field"),
    ],
)
def test_impossible_values_name_the_field(ax_type: str, value: Any, told: str) -> None:
    with pytest.raises(RowError) as caught:
        codec(ax_type).convert(value)
    assert caught.value.reason.startswith("Field 'Field': ")
    assert told in caught.value.reason


def test_unknown_member_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        RowError, match=r"'Open' is not one of None, Backorder, Delivered, Invoiced, Canceled"
    ):
        codec("Enum", ENUM, STATUS).convert("Open")


@pytest.mark.parametrize(
    ("ax_type", "empty"),
    [
        ("String", ""),
        ("Real", 0),
        ("Int32", 0),
        ("Int64", 0),
        ("Date", "1900-01-01T12:00:00Z"),
        ("UtcDateTime", "1900-01-01T00:00:00Z"),
        ("Guid", "00000000-0000-0000-0000-000000000000"),
        ("Container", None),
    ],
)
def test_empties(ax_type: str, empty: Any) -> None:
    assert codec(ax_type).empty == empty


def test_empty_enum_is_its_first_member() -> None:
    assert codec("Enum", ENUM, STATUS).empty == "None"
    assert codec("Enum", "X.ProductType", ("Item", "Service")).empty == "Item"
