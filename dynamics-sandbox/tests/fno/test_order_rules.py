"""Orders and quotations as they are written: numbers, references, defaults, dates, storage dimensions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

HEADERS = "/data/CDSSalesOrderHeaders"
LINES = "/data/CDSSalesOrderLines"
SHIP_TO = {
    "DeliveryAddressStreet": "1 Quay",
    "DeliveryAddressCity": "Oslo",
    "DeliveryAddressCountryRegionISOCode": "NO",
}


def test_a_header_takes_what_was_not_sent_from_the_customer(demo: Client) -> None:
    row = demo.orders.post(customer="US-005").json
    expected = {
        "InvoiceCustomerAccountNumber": "US-005",
        "CurrencyCode": "EUR",
        "LanguageId": "en-us",
        "PaymentTermsName": "Net30",
        "SalesOrderName": "O'Brien & Söhne",
        "DefaultShippingSiteId": "2",
        "DefaultShippingWarehouseId": "24",
        "DeliveryAddressStreet": "Königstraße 7",
        "InvoiceAddressCountryRegionISOCode": "DE",
        "FormattedDelveryAddress": "Königstraße 7\nKöln\n01099\nDEU",
        "SalesOrderStatus": "Backorder",
        "SalesOrderProcessingStatus": "Active",
        "SalesOrderPromisingMethod": "None",
    }
    assert {name: row[name] for name in expected} == expected
    today = dt.datetime.now(dt.timezone.utc).date()
    stamps = {row["RequestedShippingDate"][:10], row["OrderCreationDateTime"][:10]}
    assert stamps <= {str(today), str(today - dt.timedelta(days=1))}


def test_a_sent_address_is_not_mixed_with_the_customers(demo: Client) -> None:
    row = demo.orders.post(**SHIP_TO).json
    assert row["FormattedDelveryAddress"] == "1 Quay\nOslo\nNOR"
    assert row["DeliveryAddressZipCode"] == ""
    assert row["InvoiceAddressCity"] == "San Diego"
    line = demo.orders.line(1, "D0001", "1").json
    assert (line["DeliveryAddressCity"], line["DeliveryAddressZipCode"]) == ("Oslo", "")


def test_the_invoice_account_of_the_customer_pays(demo: Client) -> None:
    demo.patch("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')", {"InvoiceAccount": "US-005"})
    row = demo.orders.post().json
    assert (row["InvoiceCustomerAccountNumber"], row["InvoiceAddressCity"]) == ("US-005", "Köln")
    assert (row["CurrencyCode"], row["DeliveryAddressCity"]) == ("USD", "San Diego")


@pytest.mark.parametrize(
    ("field", "value", "label", "table"),
    [
        ("OrderingCustomerAccountNumber", "US-9", "Customer account", "Customers"),
        ("InvoiceCustomerAccountNumber", "US-9", "Invoice account", "Customers"),
        ("CurrencyCode", "XXX", "Currency", "Currencies"),
        ("PaymentTermsName", "Net99", "Terms of payment", "Terms of payment"),
        ("DeliveryTermsCode", "X", "Delivery terms", "Terms of delivery"),
        ("DeliveryModeCode", "99", "Mode of delivery", "Modes of delivery"),
        ("DefaultShippingSiteId", "9", "Site", "Sites"),
        ("DefaultShippingWarehouseId", "99", "Warehouse", "Warehouses"),
        ("SalesOrderOriginCode", "X", "Sales origin", "Sales origin"),
        ("DeliveryAddressCountryRegionId", "XXX", "Country/region", "Country/region"),
    ],
)
def test_references_of_a_header(demo: Client, field: str, value: str, label: str, table: str) -> None:
    answer = demo.post(HEADERS, {"OrderingCustomerAccountNumber": "US-001", field: value})
    assert answer.status == 400
    assert (
        f"The value '{value}' in field '{label}' is not found in the related table '{table}'."
        in answer.problem
    )
    assert f"validateField failed on field 'SalesOrderHeaderCDSEntity.{field}'" in answer.problem


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "ProductNumber",
            "NOPE",
            "'NOPE' in field 'Product number' is not found in the related table 'Released",
        ),
        (
            "ProductNumber",
            "T0001",
            "'T0001' in field 'Product number' is not found",
        ),  # a master is no product
        ("SalesUnitSymbol", "barrel", "'barrel' in field 'Unit' is not found in the related table 'Units'."),
        ("ShippingSiteId", "9", "'9' in field 'Site' is not found in the related table 'Sites'."),
        ("ShippingWarehouseId", "99", "'99' in field 'Warehouse' is not found"),
        (
            "SalesOrderNumber",
            "SO-9",
            "'SO-9' in field 'Sales order' is not found in the related table 'Sales orders'",
        ),
    ],
)
def test_references_of_a_line(demo: Client, field: str, value: str, message: str) -> None:
    demo.orders.post()
    line = {"SalesOrderNumber": "SO-1", "ProductNumber": "D0001", "OrderedSalesQuantity": 1, field: value}
    answer = demo.post(LINES, line)
    assert answer.status == 400
    assert message in answer.problem


def test_numbers_come_from_the_caller_or_the_sequence(
    demo: Client, open_environment: Callable[..., Client]
) -> None:
    header = {"OrderingCustomerAccountNumber": "US-001"}
    assert demo.post(HEADERS, header).json["SalesOrderNumber"] == "000001"
    assert demo.post(HEADERS, {**header, "SalesOrderNumber": "ORD-7"}).json["SalesOrderNumber"] == "ORD-7"
    manual = open_environment("demo", number_modes={"SalesOrderHeadersV2.SalesOrderNumber": "manual"})
    assert "Field 'Sales order' must be filled in." in manual.post(HEADERS, header).problem


def test_lines_are_numbered_and_have_lots(demo: Client) -> None:
    demo.orders.post()
    sent = {"SalesOrderNumber": "SO-1", "OrderedSalesQuantity": 1}
    demo.post(LINES, {**sent, "ProductNumber": "D0001", "LineCreationSequenceNumber": 5})
    assert demo.post(LINES, {**sent, "ProductNumber": "D0003"}).json["LineCreationSequenceNumber"] == 6
    full = demo.post("/data/SalesOrderLines", {"SalesOrderNumber": "SO-1", "ItemNumber": "P0001"}).json
    assert (full["LineCreationSequenceNumber"], full["SalesUnitSymbol"]) == (7, "kg")
    lots = {row["InventoryLotId"] for row in demo.orders.lines(entity_set="SalesOrderLines")}
    assert len(lots) == 3


def test_a_line_needs_quantity_product_and_site(demo: Client) -> None:
    demo.orders.post()
    missing = demo.post(LINES, {"SalesOrderNumber": "SO-1", "ProductNumber": "D0001"})
    assert "Field 'Quantity' must be filled in." in missing.problem
    missing = demo.post(LINES, {"SalesOrderNumber": "SO-1", "OrderedSalesQuantity": 1})
    assert "Field 'Product number' must be filled in." in missing.problem
    demo.customer("C-1")  # has neither site nor warehouse
    demo.post(HEADERS, {"SalesOrderNumber": "SO-2", "OrderingCustomerAccountNumber": "C-1"})
    line = {"SalesOrderNumber": "SO-2", "ProductNumber": "D0001", "OrderedSalesQuantity": 1}
    refused = demo.post(LINES, line)
    assert refused.problem == (
        "Write failed for table row of type 'SalesOrderLineCDSEntity'. Infolog: Warning: Inventory dimension "
        "Site is mandatory and must consequently be specified.; Error: Update has been canceled.."
    )
    row = demo.post(LINES, {**line, "ShippingWarehouseId": "24"}).json
    assert (row["ShippingSiteId"], row["ShippingWarehouseId"]) == ("2", "24")


def test_a_warehouse_belongs_to_its_site(demo: Client) -> None:
    demo.orders.post()  # warehouse 13 of site 1
    line = {"SalesOrderNumber": "SO-1", "ProductNumber": "D0001", "OrderedSalesQuantity": 1}
    assert demo.post(LINES, {**line, "ShippingSiteId": "2"}).json["ShippingWarehouseId"] == ""
    refused = demo.post(LINES, {**line, "ShippingSiteId": "2", "ShippingWarehouseId": "11"})
    assert "Warehouse '11' does not belong to site '2'." in refused.problem


def test_delivery_date_control_refuses_the_past(
    demo: Client, open_environment: Callable[..., Client]
) -> None:
    past = {"RequestedShippingDate": "2020-01-01T12:00:00Z"}
    assert demo.orders.post(**past).status == 201
    controlled = open_environment("none", delivery_date_control="SalesLeadTime")
    controlled.customer("US-001")
    refused = controlled.orders.post(**past)
    assert "Delivery date control: Requested ship date 2020-01-01" in refused.problem
    assert controlled.orders.post(**past, SalesOrderPromisingMethod="None").status == 201


def test_a_requested_date_can_be_mandatory(open_environment: Callable[..., Client]) -> None:
    fno = open_environment("demo", requested_dates="today")
    assert fno.orders.post().status == 201
    strict = open_environment("none", requested_dates="required")
    strict.customer("US-001")
    assert "Field 'Requested ship date' must be filled in." in strict.orders.post().problem


@pytest.mark.parametrize("field", ["SalesOrderStatus", "SalesOrderProcessingStatus", "SalesOrderOriginType"])
def test_states_cannot_be_sent(demo: Client, field: str) -> None:
    value = {"SalesOrderStatus": "Invoiced", "SalesOrderProcessingStatus": "Invoiced"}
    answer = demo.orders.post(**{field: value.get(field, "SalesOrderIntegration")})
    assert "cannot be edited" in answer.problem


def test_the_origin_type_follows_the_origin(demo: Client) -> None:
    assert (
        demo.orders.post(SalesOrderOriginCode="P2C").json["SalesOrderOriginType"] == "SalesOrderIntegration"
    )
    demo.orders.line(1, "D0001", "1")
    assert demo.orders.lines()[0]["SalesOrderOriginType"] == "SalesOrderIntegration"


def test_an_order_with_lines_is_not_deleted_before_them(demo: Client) -> None:
    demo.orders.post()
    demo.orders.line(1, "D0001", "1")
    key = f"{HEADERS}(dataAreaId='usmf',SalesOrderNumber='SO-1')"
    refused = demo.call("DELETE", key)
    assert "Sales orders cannot be deleted while dependent Sales order lines exist." in refused.problem
    line = f"{LINES}(dataAreaId='usmf',SalesOrderNumber='SO-1',LineCreationSequenceNumber=1)"
    assert [demo.call("DELETE", address).status for address in (line, key)] == [204, 204]


def quotation(demo: Client, **fields: Any) -> Any:
    content = {"SalesQuotationNumber": "QUO-1", "RequestingCustomerAccountNumber": "US-002", **fields}
    return demo.post("/data/CDSSalesQuotationHeaders", content)


def test_a_quotation_has_the_rules_of_an_order(demo: Client) -> None:
    row = quotation(demo, QuotationTotalAmount=12).json
    assert (row["SalesQuotationStatus"], row["CurrencyCode"], row["QuotationTotalAmount"]) == (
        "Created",
        "USD",
        0,
    )
    assert row["DefaultShippingWarehouseId"] == "24"
    line = {"SalesQuotationNumber": "QUO-1", "ProductNumber": "L0001", "RequestedSalesQuantity": 3}
    created = demo.post("/data/CDSSalesQuotationLines", {**line, "TotalDiscountAmount": 10}).json
    assert (created["SalesPrice"], created["LineAmount"], created["ShippingSiteId"]) == (1200, 3590, "2")
    (full,) = demo.get("/data/SalesQuotationLines?$filter=SalesQuotationNumber eq 'QUO-1'").rows
    assert (full["ItemNumber"], full["RequestingCustomerAccountNumber"]) == ("L0001", "US-002")
    nobody = demo.post("/data/CDSSalesQuotationHeaders", {"SalesQuotationNumber": "QUO-2"})
    assert "Field 'Customer account' must be filled in." in nobody.problem
