"""The demo's catalogue, quotes and orders: there to be shown, and the same after every reset."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Two ovens at 1249.50 less 99 and ten dozen trays at 94.50 with 81.27 tax: 2400 + 945 + 81.27.
# Three mixers at 489.99 less 10, 24 trays at 8.75, freight 35: 1459.97 + 210 + 35.
# One oven at 1149.54 less 2 % (22.9908) and 287.39 tax: 1149.54 - 22.99 + 287.39.
TOTALS = {
    "QUO-01001-DEMOAA": Decimal("3426.27"),
    "QUO-01002-DEMOBB": Decimal("239.70"),
    "ORD-01001-DEMOAA": Decimal("1704.97"),
    "ORD-01002-DEMOBB": Decimal("1413.94"),
}


def documents(client: Any) -> dict[str, Any]:
    quotes = client.get("quotes?$select=quotenumber,totalamount,statecode").rows
    orders = client.get("salesorders?$select=ordernumber,totalamount,statecode").rows
    return {row.get("quotenumber") or row["ordernumber"]: row for row in (*quotes, *orders)}


def test_quotes_and_orders_of_the_demo(open_client: Callable[..., Any]) -> None:
    client = open_client("sales", seed="demo")
    found = documents(client)
    assert {number: row["totalamount"] for number, row in found.items()} == TOTALS
    assert found["QUO-01001-DEMOAA"]["statecode"] == 1
    assert client.get("products?$filter=statecode%20eq%200").rows[0]["statuscode"] == 1
    status = client.get("salesorders?$select=ordernumber,msdynce_processingstatus").rows
    assert {row["ordernumber"]: row["msdynce_processingstatus"] for row in status} == {
        "ORD-01001-DEMOAA": 647390000,
        "ORD-01002-DEMOBB": 647390011,
    }
    tables = ("uoms", "pricelevels", "products", "quotedetails", "salesorderdetails")
    ids = {name: sorted(keys(client, name)) for name in tables}
    client.environment.reset("demo")
    assert {name: sorted(keys(client, name)) for name in tables} == ids


def keys(client: Any, entity_set: str) -> list[str]:
    table = client.environment.rows(entity_set)
    column = f"{entity_set[:-1]}id".encode()
    return [row.partition(b'"' + column + b'":"')[2][:36].decode() for row in table]


def test_the_demo_works_without_the_solution(open_client: Callable[..., Any]) -> None:
    client = open_client("sales", seed="demo", p2c_solution=False)
    assert {number: row["totalamount"] for number, row in documents(client).items()} == TOTALS
