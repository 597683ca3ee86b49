"""Prospect to cash without the hub: account, products, quote, order, confirmation, invoice.

The amounts are worked out by hand: two at 249.50 less 10.00 and three at 19.90 are 548.70. Flags and statuses
are those that Sales and F&O set themselves. `make demo` does the same through the hub.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from demo.business import Business, Line

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Pipeline

LINES = (Line("SPK-1", Decimal(2), Decimal("10.00")), Line("CAB-3", Decimal(3)))
TOTAL = Decimal("548.70")
INVOICED = 647390003
CONFIRMED = 647390001


@pytest.fixture
def business(sandbox: Sandbox) -> Business:
    names = ("authority", "sales", "cds", "fno", "ca_bundle", "tenant_id", "client_id", "client_secret")
    return Business({name: getattr(sandbox, name) for name in names})


def moved(lines: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """Task, rows written and rows rejected of every target that had rows to write."""
    targets = [line for line in lines if line["plugin"] != "mapper-p2c"]
    return [(line["task"], line["written"], line["rejected"]) for line in targets if line["read"]]


def one(business: Business, system: str, entity_set: str, columns: str) -> dict[str, Any]:
    """The only row of an entity set, cut down to some columns."""
    across = "cross-company=true&" if system == "fno" else ""
    [row] = business.get(system, f"{entity_set}?{across}$select={columns}")
    return {name: row[name] for name in columns.split(",")}


def test_from_prospect_to_cash(pipeline: Pipeline, business: Business) -> None:
    business.set_up({"SPK-1": ("Speaker", Decimal("249.50")), "CAB-3": ("Cable 3 m", Decimal("19.90"))})
    account = business.account(name="Ada & Söhne", address1_country="Germany", address1_city="Köln")
    first = moved(pipeline.run("accounts-direct", "products-direct"))
    assert first == [("accounts-direct", 1, 0), ("products-direct", 2, 0)]

    quote, order = business.quote("Offer", account, LINES), business.order("Order", account, LINES)
    sent = moved(pipeline.run("quotes-direct", "orders-to-fno-direct", "orders-to-sales-direct"))
    assert sent == [  # nothing goes back: the order is neither confirmed nor has it totals
        ("quotes-direct-header", 1, 0),
        ("quotes-direct-line", 2, 0),
        ("orders-to-fno-direct-header", 1, 0),
        ("orders-to-fno-direct-line", 2, 0),
    ]
    columns = "SalesQuotationNumber,RequestingCustomerAccountNumber"
    quotation = one(business, "fno", "CDSSalesQuotationHeaders", columns)
    assert quotation == {"SalesQuotationNumber": quote, "RequestingCustomerAccountNumber": account}
    lines = business.get("fno", "CDSSalesOrderLines?cross-company=true&$orderby=LineCreationSequenceNumber")
    assert [(row["ProductNumber"], row["LineAmount"], row["TotalDiscountAmount"]) for row in lines] == [
        ("SPK-1", Decimal("489.00"), Decimal("10.00")),
        ("CAB-3", Decimal("59.70"), 0),
    ]

    business.step(order, "confirm")
    business.totals()
    back = moved(pipeline.run("orders-to-sales-direct", "orders-to-fno-direct"))
    assert [task for task, _, _ in back] == ["orders-to-sales-direct-header", "orders-to-sales-direct-line"]
    columns = "ordernumber,totalamount,msdynce_processingstatus,msdynce_ismaintainedexternally"
    assert one(business, "sales", "salesorders", columns) == {
        "ordernumber": order,
        "totalamount": TOTAL,
        "msdynce_processingstatus": CONFIRMED,
        "msdynce_ismaintainedexternally": True,
    }

    for step in ("pick", "ship", "invoice"):
        business.step(order, step)
    business.totals()
    assert moved(pipeline.run("orders-to-sales-direct", "invoices-direct"))[-2:] == [
        ("invoices-direct-header", 1, 0),
        ("invoices-direct-line", 2, 0),
    ]
    assert one(business, "sales", "invoices", "totalamount") == {"totalamount": TOTAL}
    ended = one(business, "sales", "salesorders", "totalamount,msdynce_processingstatus")
    assert ended == {"totalamount": TOTAL, "msdynce_processingstatus": INVOICED}
    again = [written for _, written, _ in moved(pipeline.run("p2c-direct"))]
    assert set(again) <= {0}
