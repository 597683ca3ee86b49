"""$apply: groups, aggregates, exact sums, and what the service refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

_ROWS = [
    # name, city, employees, credit, do not e-mail, currency
    ("Alpha", "Oslo", 10, "0.1", True, "EUR"),
    ("Beta", "Oslo", 20, "0.2", False, "USD"),
    ("Gamma", "Rome", 30, "9999999999.99", False, "EUR"),
    ("Delta", None, None, None, False, "EUR"),
]


@pytest.fixture
def crm(open_client: Any) -> Any:
    client = open_client("sales", aggregate_limit=4)
    for name, city, employees, credit, quiet, currency in _ROWS:
        bind = f"/transactioncurrencies({client.currency(currency)})"
        body = {"name": name, "address1_city": city, "numberofemployees": employees, "donotemail": quiet}
        if credit is not None:
            body["creditlimit"] = float(credit)
        client.post("accounts", {**body, "transactioncurrencyid@odata.bind": bind})
    return client


def apply(crm: Any, text: str) -> list[dict[str, Any]]:
    return list(crm.get(f"accounts?$apply={quote(text, safe='')}").rows)


def test_aggregates_of_all_rows_are_exact(crm: Any) -> None:
    [row] = apply(
        crm,
        "aggregate($count as n,numberofemployees with sum as people,numberofemployees with average as mean,"
        "creditlimit with sum as credit,creditlimit with max as most,name with min as first,"
        "address1_city with countdistinct as cities)",
    )
    assert row["n"] == 4
    assert (row["people"], row["mean"]) == (60, 20)  # rows without a number do not count
    assert row["credit"] == Decimal("10000000000.2900")
    assert row["most"] == Decimal("9999999999.9900")
    assert row["first"] == "Alpha"
    assert row["cities"] == 2


def test_groups_leave_out_what_has_no_value(crm: Any) -> None:
    rows = apply(crm, "groupby((address1_city),aggregate($count as n))")
    by_city = {row.get("address1_city"): row for row in rows}
    assert by_city == {
        "Oslo": {"address1_city": "Oslo", "n": 2},
        "Rome": {"address1_city": "Rome", "n": 1},
        None: {"n": 1},
    }


def test_groups_by_related_columns_and_booleans(crm: Any) -> None:
    text = (
        "filter(numberofemployees gt 5)/groupby((transactioncurrencyid/isocurrencycode,donotemail),"
        "aggregate(numberofemployees with sum as people))"
    )
    rows = apply(crm, text)
    found = {(row["transactioncurrency_isocurrencycode"], row["donotemail"], row["people"]) for row in rows}
    assert found == {("EUR", True, 10), ("USD", False, 20), ("EUR", False, 30)}


def test_distinct_values(crm: Any) -> None:
    rows = apply(crm, "groupby((statecode))")
    assert rows == [{"statecode": 0}]


def test_a_slash_or_comma_in_a_text_cuts_nothing(crm: Any) -> None:
    assert apply(crm, "filter(name ne 'a/b,c)')/aggregate($count as n)") == [{"n": 4}]


def test_too_many_rows_are_refused(crm: Any) -> None:
    crm.post("accounts", {"name": "one more"})
    reply = crm.get("accounts?$apply=aggregate($count%20as%20n)")
    assert reply.error == (400, "0x8004E023")
    message = "AggregateQueryRecordLimit exceeded. Cannot perform this operation."
    assert reply.json["error"]["message"] == message
    assert apply(crm, "filter(name eq 'Beta')/aggregate($count as n)") == [{"n": 1}]


@pytest.mark.parametrize(
    "text",
    [
        "aggregate(name with sum as x)",
        "aggregate(numberofemployees with median as x)",
        "aggregate(numberofemployees as x)",
        "aggregate($count as n,numberofemployees with sum as n)",
        "groupby((createdon),aggregate($count as n))",
        "groupby(address1_city)",
        "groupby((address1_city)",
        "aggregate($count as n)/filter(n gt 1)",
        "topcount(2,numberofemployees)",
        "aggregate()",
    ],
)
def test_refusals(crm: Any, text: str) -> None:
    assert crm.get(f"accounts?$apply={quote(text, safe='')}").error == (400, "0x80060888")


@pytest.mark.parametrize("option", ["$orderby=name", "$filter=statecode%20eq%200", "$top=1", "$select=name"])
def test_no_other_option_goes_with_it(crm: Any, option: str) -> None:
    reply = crm.get(f"accounts?$apply=aggregate($count%20as%20n)&{option}")
    assert reply.error == (400, "0x80060888")
