"""Confirm, pick, ship, invoice, cancel, totals: statuses and amounts along the life of an order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.fno.orders.advance import run_job
from dynamics_sandbox.fno.orders.documents import StepError, UnknownDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

HEADERS = "/data/CDSSalesOrderHeaders"
INVOICES = "/data/ExternallyMaintainedCustomerSalesInvoiceHeaders"
INVOICE_LINES = "/data/ExternallyMaintainedCustomerSalesInvoiceLines"
CUSTOMER = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')"
FLOW_BACK = (
    "OrderingCustomerIsExternallyMaintained eq Microsoft.Dynamics.DataEntities.NoYes'Yes' and "
    "InvoiceCustomerIsExternallyMaintained eq Microsoft.Dynamics.DataEntities.NoYes'Yes' and "
    "AreTotalsUpdated eq Microsoft.Dynamics.DataEntities.NoYes'Yes' and SalesOrderProcessingStatus ne "
    "Microsoft.Dynamics.DataEntities.SalesOrderProcessingStatus'Active'"
)


@pytest.fixture
def order(demo: Client) -> Client:
    """SO-1 of an externally maintained customer: 3 pieces at 20 less 10.00, and 2 hours at 85."""
    demo.patch(CUSTOMER, {"IsExternallyMaintained": "Yes"})
    assert demo.orders.post(CustomersOrderReference="PO 7").status == 201
    assert demo.orders.line(1, "D0003", "3", SalesPrice="20", TotalDiscountAmount="10").status == 201
    assert demo.orders.line(2, "S0001", "2").status == 201
    return demo


def states(fno: Client) -> tuple[str, str, list[str]]:
    row = fno.orders.header()
    found = [line["SalesOrderLineStatus"] for line in fno.orders.lines()]
    return row["SalesOrderProcessingStatus"], row["SalesOrderStatus"], found


def test_a_whole_order_goes_through_its_life(order: Client) -> None:
    assert states(order) == ("Active", "Backorder", ["Backorder"] * 2)
    order.orders.advance("confirm")
    assert states(order) == ("Confirmed", "Backorder", ["Backorder"] * 2)
    order.orders.advance("pick")
    assert states(order) == ("Picked", "Backorder", ["Backorder"] * 2)
    assert [line["PickedQuantity"] for line in order.orders.lines()] == [3, 2]
    order.orders.advance("ship")
    assert states(order) == ("Delivered", "Delivered", ["Delivered"] * 2)
    assert [line["PickedQuantity"] for line in order.orders.lines()] == [0, 0]
    order.orders.advance("invoice")
    assert states(order) == ("Invoiced", "Invoiced", ["Invoiced"] * 2)
    assert {line["SalesOrderProcessingStatus"] for line in order.orders.lines()} == {"Invoiced"}


def test_parts_are_shipped_and_invoiced(order: Client) -> None:
    order.orders.advance("confirm")
    order.orders.advance("ship", lines={1: "1"})
    assert states(order) == ("PartiallyDelivered", "Backorder", ["Backorder"] * 2)
    order.orders.advance("invoice")  # what is delivered
    assert states(order) == ("PartiallyInvoiced", "Backorder", ["Backorder"] * 2)
    order.orders.advance("ship")
    assert states(order) == ("PartiallyInvoiced", "Delivered", ["Delivered"] * 2)
    order.orders.advance("invoice", lines={1: "2"})
    assert states(order) == ("PartiallyInvoiced", "Delivered", ["Invoiced", "Delivered"])
    order.orders.advance("invoice")
    assert states(order) == ("Invoiced", "Invoiced", ["Invoiced"] * 2)
    rows = order.get(f"{INVOICES}?$orderby=InvoiceNumber").rows
    assert [row["InvoiceNumber"] for row in rows] == ["CIV-000001", "CIV-000002", "CIV-000003"]
    # 50.00 in all for line 1: 16.67 for the first piece, the rest for the others; discount 3.33 and 6.67.
    assert [row["TotalInvoiceAmount"] for row in rows] == [Decimal("16.67"), Decimal("33.33"), 170]
    assert [row["TotalDiscountAmount"] for row in rows] == [Decimal("3.33"), Decimal("6.67"), 0]


def test_a_delivered_order_that_is_partly_invoiced_can_have_the_newer_status(
    open_environment: Callable[..., Client],
) -> None:
    demo = open_environment("demo", delivered_partially_invoiced="DeliveredPartiallyInvoiced")
    demo.orders.advance("ship", "000701")
    demo.orders.advance("invoice", "000701", lines={1: "1"})
    assert demo.orders.header("000701")["SalesOrderProcessingStatus"] == "DeliveredPartiallyInvoiced"


def test_an_invoice_shows_what_the_order_said(order: Client) -> None:
    order.orders.advance("invoice")
    (row,) = order.get(INVOICES).rows
    assert (row["SalesOrderNumber"], row["InvoiceCustomerAccountNumber"]) == ("SO-1", "US-001")
    assert row["CustomersOrderReference"] == "PO 7"
    assert row["InvoiceAddressStreet"] == "456 Blue Road"
    assert row["InvoiceDate"].endswith("T12:00:00Z")
    assert (row["TotalInvoiceAmount"], row["TotalDiscountAmount"], row["TotalTaxAmount"]) == (220, 10, 0)
    first, second = order.get(f"{INVOICE_LINES}?$orderby=LineCreationSequenceNumber").rows
    assert (first["ProductNumber"], first["InvoicedQuantity"], first["LineAmount"]) == ("D0003", 3, 50)
    assert (first["SalesPrice"], first["LineTotalDiscountAmount"]) == (20, 10)
    assert (second["ProductName"], second["SalesUnitSymbol"]) == ("Speaker installation", "hr")
    key = (
        f"dataAreaId='usmf',InvoiceNumber='{row['InvoiceNumber']}',InvoiceDate={row['InvoiceDate']},"
        f"LedgerVoucher='{row['LedgerVoucher']}'"
    )
    assert order.get(f"{INVOICES}({key})").json["TotalInvoiceAmount"] == 220
    refused = order.patch(f"{INVOICES}({key})", {"CustomersOrderReference": "x"})
    assert "read-only" in refused.problem


def test_invoices_of_other_customers_stay_out_of_the_externally_maintained_sets(order: Client) -> None:
    order.orders.advance("invoice", "000702")  # US-003 is not externally maintained
    assert order.get(INVOICES).rows == []
    assert order.get(INVOICE_LINES).rows == []
    assert len(order.get("/data/SalesInvoiceHeadersV2").rows) == 1
    assert len(order.get("/data/SalesInvoiceV2Lines").rows) == 2


def test_totals_come_with_the_job_and_go_with_a_change(order: Client) -> None:
    assert order.orders.header()["AreTotalsUpdated"] == "No"
    order.orders.advance("confirm")
    assert order.get(f"{HEADERS}?$filter={FLOW_BACK}").rows == []
    order.orders.advance("totals")
    row = order.orders.header()
    assert (row["OrderTotalAmount"], row["OrderTotalDiscountAmount"]) == (220, 10)
    assert (row["OrderTotalTaxAmount"], row["OrderTotalChargesAmount"], row["AreTotalsUpdated"]) == (
        0,
        0,
        "Yes",
    )
    assert order.orders.header(entity_set="SalesOrderHeadersV2")["AreTotalsCalculated"] == "Yes"
    line = order.orders.lines()[0]
    assert (line["AreTotalsCalculated"], line["AreSalesOrderTotalsUpdated"]) == ("Yes", "Yes")
    assert [found["SalesOrderNumber"] for found in order.get(f"{HEADERS}?$filter={FLOW_BACK}").rows] == [
        "SO-1"
    ]
    order.orders.line(3, "S0001", "1")
    assert order.orders.header()["AreTotalsUpdated"] == "No"
    assert run_job(order.environment, "calculate-sales-totals") == "Totals calculated: 4 documents."
    assert order.orders.header()["OrderTotalAmount"] == 305


def test_tax_charges_and_a_discount_on_the_whole_order(order: Client) -> None:
    group = {"SalesTaxGroupCode": "CA", "TotalDiscountAmount": 22}
    assert (
        order.patch("/data/SalesOrderHeadersV2(dataAreaId='usmf',SalesOrderNumber='SO-1')", group).status
        == 204
    )
    for line in order.orders.lines(entity_set="SalesOrderLines"):
        key = f"dataAreaId='usmf',InventoryLotId='{line['InventoryLotId']}'"
        assert order.patch(f"/data/SalesOrderLines({key})", {"SalesTaxGroupCode": "CA"}).status == 204
    order.orders.advance("charge", amount="12.50")
    order.orders.advance("totals")
    row = order.orders.header()
    # 22.00 are 5.00 of line 1 (50 of 220) and 17.00 of line 2: tax on 45.00 and 153.00 at 7.25 %.
    assert [line["TotalTaxAmount"] for line in order.orders.lines()] == [Decimal("3.26"), Decimal("11.09")]
    assert row["OrderHeaderTaxAmount"] == Decimal("0.91")  # 12.50 at 7.25 %
    assert row["OrderTotalTaxAmount"] == Decimal("15.26")
    assert row["OrderTotalChargesAmount"] == Decimal("12.5")
    assert row["OrderTotalDiscountAmount"] == 32
    assert row["OrderTotalAmount"] == Decimal("225.76")  # 220 - 22 + 12.50 + 15.26
    order.orders.advance("invoice", lines={1: "1"})
    order.orders.advance("invoice")
    rows = order.get(f"{INVOICES}?$orderby=InvoiceNumber").rows
    assert sum(invoice["TotalInvoiceAmount"] for invoice in rows) == Decimal("225.76")
    assert [invoice["InvoiceHeaderTaxAmount"] for invoice in rows] == [Decimal("0.91"), 0]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([("cancel", {}), ("confirm", {})], "Sales order SO-1 has the status 'Canceled'"),
        ([("ship", {"lines": {1: "1"}}), ("cancel", {})], "is partly delivered and cannot be cancelled"),
        ([("invoice", {}), ("ship", {})], "has the status 'Invoiced'"),
        ([("invoice", {}), ("invoice", {})], "has nothing left for this step"),
        ([("ship", {"lines": {1: "4"}})], "has 3 left for this step, not 4"),
        ([("ship", {"lines": {1: "-1"}})], "has 3 left for this step, not -1"),
        ([("ship", {"lines": {9: "1"}})], "has no line 9"),
        ([("confirm", {"lines": {1: "1"}})], "takes no quantities of lines"),
        ([("charge", {})], "An amount belongs to the step 'charge'"),
        ([("confirm", {"amount": "5"})], "An amount belongs to the step 'charge'"),
    ],
)
def test_steps_that_the_state_does_not_allow(order: Client, steps: list[Any], message: str) -> None:
    *before, (last, how) = steps
    for step, arguments in before:
        order.orders.advance(step, **arguments)
    with pytest.raises(StepError, match=message):
        order.orders.advance(last, **how)


def test_a_refused_step_changes_nothing(order: Client) -> None:
    before = [order.orders.header(), *order.orders.lines()]
    with pytest.raises(StepError):
        order.orders.advance("invoice", lines={1: "3", 2: "99"})
    assert [order.orders.header(), *order.orders.lines()] == before
    assert order.get("/data/SalesInvoiceHeadersV2").rows == []


def test_orders_that_do_not_exist_have_no_lines_or_are_stopped(order: Client) -> None:
    with pytest.raises(UnknownDocumentError, match="no sales order 'SO-9' in company 'usmf'"):
        order.orders.advance("confirm", "SO-9")
    with pytest.raises(UnknownDocumentError, match="company 'demf'"):
        order.orders.advance("confirm", company="demf")
    order.orders.post("SO-2")
    with pytest.raises(StepError, match="has no lines"):
        order.orders.advance("confirm", "SO-2")
    order.patch(f"{HEADERS}(dataAreaId='usmf',SalesOrderNumber='SO-1')", {"IsSalesProcessingStopped": "Yes"})
    with pytest.raises(StepError, match="is stopped"):
        order.orders.advance("confirm")


def test_lines_without_quantity_and_returns_go_along(demo: Client) -> None:
    demo.orders.post()
    demo.orders.line(1, "D0003", "0", TotalDiscountAmount="5")
    demo.orders.line(2, "D0003", "-2", SalesPrice="20")
    demo.orders.advance("ship")
    assert states(demo) == ("Delivered", "Delivered", ["Invoiced", "Delivered"])


def test_cancelled_lines_count_for_nothing(order: Client) -> None:
    order.orders.advance("confirm")
    order.orders.advance("cancel")
    assert states(order) == ("Canceled", "Canceled", ["Canceled"] * 2)
    order.orders.advance("totals")
    assert order.orders.header()["OrderTotalAmount"] == 0


def test_closed_orders_refuse_changes(order: Client) -> None:
    order.orders.advance("ship")
    key = "(dataAreaId='usmf',SalesOrderNumber='SO-1')"
    for entity_set in ("CDSSalesOrderHeaders", "SalesOrderHeadersV2"):
        refused = order.patch(f"/data/{entity_set}{key}", {"SalesOrderName": "Later"})
        assert "Sales orders with the status 'Delivered' cannot be changed" in refused.problem
    assert "cannot be changed" in order.orders.line(3, "S0001", "1").problem
    line = "/data/CDSSalesOrderLines(dataAreaId='usmf',SalesOrderNumber='SO-1',LineCreationSequenceNumber=1)"
    assert "cannot be changed" in order.call("DELETE", line).problem


def test_closed_orders_can_be_left_open_to_changes(open_environment: Callable[..., Client]) -> None:
    demo = open_environment("demo", closed_documents_are_read_only=False)
    demo.orders.advance("ship", "000701")
    key = f"{HEADERS}(dataAreaId='usmf',SalesOrderNumber='000701')"
    assert demo.patch(key, {"SalesOrderName": "Later"}).status == 204
