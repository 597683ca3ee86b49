"""Addresses are built exactly as the services read them, encoded once."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from dynamics_odata.query import (
    EnumMember,
    all_of,
    any_of,
    compare,
    in_values,
    key_segment,
    literal,
    one_of,
    query_string,
    unsafe_in_key,
)

GUID = "22222222-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("O'Brien", "'O''Brien'"),
        ("", "''"),
        ("007", "'007'"),
        (5, "5"),
        (9223372036854775807, "9223372036854775807"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+2"), "100"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, tzinfo=timezone.utc), "2024-05-01T00:00:00Z"),
        (UUID(GUID), GUID),
        (EnumMember("NoYes", "Yes"), "Microsoft.Dynamics.DataEntities.NoYes'Yes'"),
        (EnumMember("Microsoft.Dynamics.Metadata.EntityCategory", "Master"),
         "Microsoft.Dynamics.Metadata.EntityCategory'Master'"),
    ],
)  # fmt: skip
def test_literals(value: Any, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize("value", [1.5, object(), b"x"])
def test_values_without_exact_literal_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="no exact OData literal"):
        literal(value)


@pytest.mark.parametrize(
    ("key", "segment"),
    [
        ({"accountnumber": "A'1"}, "(accountnumber='A%27%271')"),
        ({"accountnumber": "A 100"}, "(accountnumber='A%20100')"),
        ({"accountnumber": "Müller & Co"}, "(accountnumber='M%C3%BCller%20%26%20Co')"),
        ({"new_code": 5}, "(new_code=5)"),
        ({"new_rate": Decimal("1.5")}, "(new_rate=1.5)"),
        (
            {"firstname": "Jo", "emailaddress1": "jo@x.io"},
            "(firstname='Jo',emailaddress1='jo%40x.io')",
        ),
        (
            {"_cdm_organization_value": UUID(GUID), "cdm_account_accountid": "US-001"},
            f"(_cdm_organization_value={GUID},cdm_account_accountid='US-001')",
        ),
        (
            {"dataAreaId": "usmf", "InvoiceDate": datetime(2026, 1, 31, 12, tzinfo=timezone.utc)},
            "(dataAreaId='usmf',InvoiceDate=2026-01-31T12:00:00Z)",
        ),
        (
            {"PartyType": EnumMember("DirPartyType", "Person")},
            "(PartyType=Microsoft.Dynamics.DataEntities.DirPartyType'Person')",
        ),
        (UUID(GUID), f"({GUID})"),
        ("{" + GUID.upper() + "}", f"({GUID})"),
    ],
)
def test_key_segments(key: Any, segment: str) -> None:
    assert key_segment(key) == segment


@pytest.mark.parametrize("key", [{}, {"accountnumber": None}, "US-001"])
def test_unusable_keys_are_refused(key: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_segment(key)


@pytest.mark.parametrize("character", list("/<>*%&:\\?+#"))
def test_characters_that_dataverse_keys_cannot_carry(character: str) -> None:
    assert unsafe_in_key(f"A{character}1")


@pytest.mark.parametrize("text", ["US-001", "B's Beverages", "Käse", "", "a b", "x=y", "(1)", "a,b", "a;b"])
def test_characters_that_dataverse_keys_can_carry(text: str) -> None:
    assert not unsafe_in_key(text)


def test_query_options_in_order_and_encoded_once() -> None:
    assert query_string(
        select=["name", "_parentaccountid_value"],
        filter="name eq 'A & B+C#1 50%'",
        orderby="modifiedon asc,accountid asc",
        expand=["transactioncurrencyid($select=isocurrencycode)"],
        top=3,
        cross_company=True,
    ) == (
        "?cross-company=true&$select=name,_parentaccountid_value"
        "&$filter=name%20eq%20'A%20%26%20B%2BC%231%2050%25'"
        "&$orderby=modifiedon%20asc,accountid%20asc"
        "&$expand=transactioncurrencyid($select=isocurrencycode)&$top=3"
    )


def test_no_options_no_question_mark() -> None:
    assert query_string() == ""
    assert query_string(top=0) == "?$top=0"


@pytest.mark.parametrize(
    "value", ["a+b", "a&b", "a#b", "100%", "ü", "a;b", "a@b", "x\\y", '"q"', "a?b", "a=b"]
)
def test_filters_come_out_of_the_address_as_they_went_in(value: str) -> None:
    condition = compare("name", "eq", value)
    raw = query_string(filter=condition).removeprefix("?$filter=")
    assert unquote(raw) == condition
    assert not set("&#+?;@ ") & set(raw)


def test_conditions() -> None:
    since = compare("modifiedon", "ge", datetime(2024, 5, 1, tzinfo=timezone.utc))
    assert since == "modifiedon ge 2024-05-01T00:00:00Z"
    assert all_of(since, "", "statecode eq 0") == "(modifiedon ge 2024-05-01T00:00:00Z) and (statecode eq 0)"
    assert all_of("", "statecode eq 0") == "statecode eq 0"
    assert any_of() == ""
    assert (
        one_of("isocurrencycode", ["EUR", "USD"])
        == "(isocurrencycode eq 'EUR') or (isocurrencycode eq 'USD')"
    )
    assert in_values("name", ["O'Neil", "B"]) == (
        """Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=["O'Neil","B"])"""
    )
    with pytest.raises(ValueError, match="no comparison operator"):
        compare("name", "like", "x")
