"""Values in the form their column takes: every kind, its limits, and what the reject says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynamics_odata.metadata.model import Column, Option
from dynamics_singer.target.rows import RowError
from target_dynamics_cds.values import comparable, convert

CHOICE = Column(
    "industrycode",
    "IndustryCode",
    "Edm.Int32",
    "choice",
    options=(Option(1, "Accounting"), Option(33, "Wholesale")),
)
COLUMNS = {
    "text": Column("name", "Name", "Edm.String", "string", max_length=5),
    "memo": Column("description", "Description", "Edm.String", "memo", max_length=2000),
    "int": Column("count", "Count", "Edm.Int32", "integer", minimum=Decimal(0), maximum=Decimal(1000)),
    "decimal": Column("quantity", "Quantity", "Edm.Decimal", "decimal", scale=2),
    "money": Column("price", "Price", "Edm.Decimal", "money", scale=4),
    "double": Column("latitude", "Latitude", "Edm.Double", "double", scale=5),
    "bool": Column(
        "donotemail", "DoNotEmail", "Edm.Boolean", "boolean", options=(Option(0, "Allow"), Option(1, "No"))
    ),
    "choice": CHOICE,
    "choices": Column("tags", "Tags", "Edm.String", "choices", options=CHOICE.options),
    "instant": Column("on", "On", "Edm.DateTimeOffset", "datetime"),
    "date": Column("day", "Day", "Edm.Date", "date", date_only=True),
    "guid": Column("id", "Id", "Edm.Guid", "guid"),
}


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("text", "Ängst", "Ängst"),
        ("text", "", None),
        ("text", None, None),
        ("text", 12, "12"),
        ("text", " a ", " a "),
        ("memo", ["a", Decimal("1.50")], '["a",1.50]'),
        ("memo", {"b": True}, '{"b":true}'),
        ("int", 7, 7),
        ("int", Decimal("7.0"), 7),
        ("decimal", Decimal("1.50"), Decimal("1.50")),
        ("decimal", Decimal("1.5000"), Decimal("1.5")),
        ("decimal", 3, 3),
        ("money", Decimal("123456789012345.6789"), Decimal("123456789012345.6789")),
        ("double", Decimal("47.123456789"), Decimal("47.123456789")),
        ("bool", True, True),
        ("bool", "Allow", False),
        ("bool", 1, True),
        ("choice", 33, 33),
        ("choice", "wholesale", 33),
        ("choices", ["Wholesale", 1], "1,33"),
        ("choices", "33, 1", "1,33"),
        ("instant", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"),
        ("instant", "2024-05-01T10:00:00.987654+02:00", "2024-05-01T08:00:00Z"),
        ("instant", "2024-05-01 10:00:00", "2024-05-01T10:00:00Z"),
        ("instant", "2024-05-01", "2024-05-01T00:00:00Z"),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "2024-02-29T00:00:00Z", "2024-02-29"),
        ("guid", "{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
    ],
)
def test_values_that_fit(column: str, value: Any, expected: Any) -> None:
    assert convert(COLUMNS[column], "Field", value) == expected


@pytest.mark.parametrize(
    ("column", "value", "code", "telling"),
    [
        ("text", "sixsix", "too_long", "at most 5 characters and the row has 6"),
        ("text", "😀😀😀", "too_long", "the row has 6"),
        ("int", 1001, "out_of_range", "from 0 to 1000"),
        ("int", Decimal("1.5"), "bad_value", "whole numbers"),
        ("int", "7", "bad_value", "takes a number and the row has text"),
        ("int", True, "bad_value", "takes a number and the row has true or false"),
        ("decimal", Decimal("1.555"), "too_many_digits", "2 digits after the point and the row has 3"),
        ("money", Decimal("0.00001"), "too_many_digits", "4 digits"),
        ("choice", "Mining", "unknown_option", "Accounting (1), Wholesale (33)"),
        ("choice", True, "unknown_option", "options"),
        ("choices", "1,\u00b2", "unknown_option", "options"),
        ("bool", "maybe", "unknown_option", "Allow (0), No (1)"),
        ("instant", "yesterday", "bad_value", "ISO 8601"),
        ("instant", "1752-12-31T23:59:59Z", "out_of_range", "1753-01-01"),
        ("instant", 20240501, "bad_value", "takes a date and the row has a number"),
        ("date", "2024-02-29T13:00:00Z", "bad_value", "without time"),
        ("guid", "no-guid", "bad_value", "takes an id (GUID)"),
    ],
)
def test_values_that_do_not_fit(column: str, value: Any, code: str, telling: str) -> None:
    with pytest.raises(RowError) as caught:
        convert(COLUMNS[column], "Field", value)
    assert caught.value.code == code
    assert telling in caught.value.reason
    assert "Field" in caught.value.reason
    assert str(value) not in caught.value.reason


def test_keys_compare_without_case_and_trailing_blanks() -> None:
    assert comparable("Ab ") == comparable("aB")
    assert comparable(" a") != comparable("a")
    assert comparable(5) == 5
