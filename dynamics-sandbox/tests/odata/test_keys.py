"""Keys inside the parentheses of an address."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.keys import parse_key
from dynamics_sandbox.odata.nodes import EnumMember, Literal

GUID = "22222222-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GUID, Literal(uuid.UUID(GUID), "guid")),
        ("'USD'", Literal("USD", "string")),
        ("5", Literal(5, "number")),
        ("accountnumber='A''1'", {"accountnumber": Literal("A'1", "string")}),
        (
            "dataAreaId='usmf',CustomerAccount='US-001'",
            {"dataAreaId": Literal("usmf", "string"), "CustomerAccount": Literal("US-001", "string")},
        ),
        ("a='x,y=z(1)'", {"a": Literal("x,y=z(1)", "string")}),
        (f"_x_value={GUID}", {"_x_value": Literal(uuid.UUID(GUID), "guid")}),
        (
            "InvoiceDate=2026-01-31T12:00:00Z",
            {"InvoiceDate": Literal(dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone.utc), "datetime")},
        ),
        (
            "Kind=N.E'One', n = 7",
            {"Kind": Literal(EnumMember("N.E", "One"), "enum"), "n": Literal(7, "number")},
        ),
    ],
)
def test_keys_are_read(text: str, key: dict[str, Literal] | Literal) -> None:
    assert parse_key(text) == key


@pytest.mark.parametrize(
    "text",
    [
        *("", "a=", "a='1',", "a='1' b='2'", "a='1',a='2'", "'x','y'", "a eq 'x'", "'x", "=1", "a=b"),
        *("a='1'='2'", "9" * 5000, f"a={'9' * 5000}"),
    ],
)
def test_malformed_keys_are_refused(text: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_key(text)

    assert raised.value.option == "key"
