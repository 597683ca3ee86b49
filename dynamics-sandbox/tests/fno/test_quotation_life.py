"""Quotations: sent, then confirmed into a sales order, lost or cancelled."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.fno.orders.advance import Advance, advance_quotation
from dynamics_sandbox.fno.orders.documents import StepError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

KEY = "/data/CDSSalesQuotationHeaders(dataAreaId='usmf',SalesQuotationNumber='QUO-1')"


@pytest.fixture
def quoted(demo: Client) -> Client:
    """QUO-1: 3 speakers at 1,200 less 10.00, sent to an address of its own."""
    post_quotation(demo)
    return demo


def post_quotation(fno: Client) -> None:
    header = {
        "SalesQuotationNumber": "QUO-1",
        "RequestingCustomerAccountNumber": "US-002",
        "CustomersReference": "Ref 9",
        "DeliveryAddressStreet": "1 Quay",
        "DeliveryAddressCountryRegionISOCode": "NO",
        "IsDeliveryAddressOrderSpecific": "Yes",
    }
    assert fno.post("/data/CDSSalesQuotationHeaders", header).status == 201
    line = {"SalesQuotationNumber": "QUO-1", "ProductNumber": "L0001", "RequestedSalesQuantity": 3}
    line |= {"LineCreationSequenceNumber": 4, "TotalDiscountAmount": 10}
    assert fno.post("/data/CDSSalesQuotationLines", line).status == 201


def advance(fno: Client, step: Any) -> str:
    return advance_quotation(fno.environment, "QUO-1", step, Advance())


def status(fno: Client) -> tuple[str, set[str]]:
    lines = fno.get("/data/CDSSalesQuotationLines?$filter=SalesQuotationNumber eq 'QUO-1'").rows
    return fno.get(KEY).json["SalesQuotationStatus"], {row["SalesQuotationStatus"] for row in lines}


def test_a_confirmed_quotation_is_an_order_with_the_same_terms(quoted: Client) -> None:
    advance(quoted, "send")
    assert status(quoted) == ("Sent", {"Sent"})
    advance(quoted, "confirm")
    assert status(quoted) == ("Confirmed", {"Confirmed"})
    quotation = quoted.get(KEY).json
    assert quotation["SalesQuotationConfirmationDate"].endswith("T12:00:00Z")
    number = quotation["GeneratedSalesOrderNumber"]
    order = quoted.orders.header(number)
    expected = {
        "OrderingCustomerAccountNumber": "US-002",
        "QuotationNumber": "QUO-1",
        "CustomersOrderReference": "Ref 9",
        "DeliveryAddressStreet": "1 Quay",
        "DeliveryAddressCountryRegionId": "NOR",
        "IsDeliveryAddressOrderSpecific": "Yes",
        "SalesOrderProcessingStatus": "Active",
    }
    assert {name: order[name] for name in expected} == expected
    (line,) = quoted.orders.lines(number)
    assert (line["LineCreationSequenceNumber"], line["ProductNumber"]) == (4, "L0001")
    assert (line["LineDiscountAmount"], line["FixedPriceCharges"]) == (Decimal("3.33"), Decimal("-0.01"))
    assert (line["TotalDiscountAmount"], line["LineAmount"]) == (10, 3590)
    assert quoted.get(f"{KEY}?$expand=CDSSalesOrderHeader").json["CDSSalesOrderHeader"] == {
        name: value for name, value in order.items() if name != "@odata.context"
    }


def test_totals_of_a_quotation(quoted: Client) -> None:
    advance(quoted, "totals")
    row = quoted.get(KEY).json
    assert (row["QuotationTotalAmount"], row["QuotationTotalDiscountAmount"]) == (3590, 10)
    assert row["AreTotalsCalculated"] == "Yes"


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["confirm"], "has the status 'Created'; this step needs Sent"),
        (["lose"], "has the status 'Created'; this step needs Sent"),
        (["send", "lose", "confirm"], "has the status 'Lost'"),
        (["cancel", "send"], "has the status 'Cancelled'"),
        (["send", "confirm", "cancel"], "has the status 'Confirmed'"),
    ],
)
def test_steps_that_the_status_does_not_allow(quoted: Client, steps: list[str], message: str) -> None:
    *before, last = steps
    for step in before:
        advance(quoted, step)
    with pytest.raises(StepError, match=message):
        advance(quoted, last)


def test_a_closed_quotation_refuses_changes(quoted: Client) -> None:
    advance(quoted, "send")
    assert quoted.patch(KEY, {"SalesQuotationName": "Still open"}).status == 204
    advance(quoted, "lose")
    assert (
        "with the status 'Lost' cannot be changed" in quoted.patch(KEY, {"SalesQuotationName": "x"}).problem
    )


def test_an_order_that_would_be_refused_leaves_the_quotation_as_it_is(
    open_environment: Callable[..., Client],
) -> None:
    fno = open_environment("demo", number_modes={"CDSSalesOrderHeaders.SalesOrderNumber": "manual"})
    post_quotation(fno)
    advance(fno, "send")
    with pytest.raises(StepError, match="Field 'Sales order' must be filled in"):
        advance(fno, "confirm")
    assert status(fno) == ("Sent", {"Sent"})
