"""The life of a quotation: send, confirm (which makes the sales order), lose, cancel."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.orders.documents import StepError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.fno.orders.documents import Document, StoredRow

_UNSENT: Final = ("Created", "Reset", "Modified", "Submitted", "Approved", "Revised")
_ADDRESS: Final = (
    "DeliveryAddressName",
    "DeliveryAddressStreet",
    "DeliveryAddressStreetNumber",
    "DeliveryAddressCity",
    "DeliveryAddressStateId",
    "DeliveryAddressZipCode",
    "DeliveryAddressCountryRegionId",
    "DeliveryAddressDescription",
)
#: Property of the order → column of the quotation.
_HEADER: Final = {
    **{name: name for name in _ADDRESS},
    **{
        name: name
        for name in (
            COMPANY,
            "InvoiceCustomerAccountNumber",
            "CurrencyCode",
            "LanguageId",
            "PaymentTermsName",
            "DeliveryTermsCode",
            "DeliveryModeCode",
            "DefaultShippingSiteId",
            "DefaultShippingWarehouseId",
            "SalesOrderOriginCode",
            "RequestedShippingDate",
            "IsDeliveryAddressOrderSpecific",
            "TotalDiscountAmount",
        )
    },
    "OrderingCustomerAccountNumber": "RequestingCustomerAccountNumber",
    "SalesOrderName": "SalesQuotationName",
    "CustomersOrderReference": "CustomersReference",
    "RequestedReceiptDate": "ReceiptDateRequested",
    "QuotationNumber": "SalesQuotationNumber",
}
_LINE: Final = {
    **{name: name for name in _ADDRESS},
    **{
        name: name
        for name in (
            COMPANY,
            "LineCreationSequenceNumber",
            "ProductNumber",
            "LineDescription",
            "ProductName",
            "SalesUnitSymbol",
            "SalesPrice",
            "TotalDiscountAmount",
            "RequestedShippingDate",
            "RequestedReceiptDate",
            "ShippingSiteId",
            "ShippingWarehouseId",
        )
    },
    "OrderedSalesQuantity": "RequestedSalesQuantity",
}


def send(document: Document) -> str:
    """Sends the quotation to the customer."""
    _need(document, _UNSENT)
    _set_status(document, "Sent")
    return f"{document.name} is sent."


def confirm(document: Document) -> str:
    """Confirms a sent quotation: its sales order is created by the rules of any other order."""
    _need(document, ("Sent",))
    environment, connection = document.environment, document.connection
    entities, writer = environment.model.entities, environment.writer
    if not document.lines:
        raise StepError(f"{document.name} has no lines.")
    fields = _fields(document.header, _HEADER)
    order = writer.create(connection, entities["CDSSalesOrderHeaders"], fields, document.company)
    number = str(order["SalesOrderNumber"])
    for line in document.lines:
        fields = {**_fields(line, _LINE), "SalesOrderNumber": number}
        writer.create(connection, entities["CDSSalesOrderLinesV2"], fields, document.company)
    _set_status(document, "Confirmed")
    today = f"{environment.store.now()[:10]}T12:00:00Z"
    document.write(
        document.header, {"GeneratedSalesOrderNumber": number, "SalesQuotationConfirmationDate": today}
    )
    return f"{document.name} is confirmed as sales order {number}."


def lose(document: Document) -> str:
    """The customer did not want it."""
    _need(document, ("Sent",))
    _set_status(document, "Lost")
    return f"{document.name} is lost."


def cancel(document: Document) -> str:
    """Takes the quotation back."""
    _need(document, (*_UNSENT, "Sent"))
    _set_status(document, "Cancelled")
    return f"{document.name} is cancelled."


def _need(document: Document, allowed: tuple[str, ...]) -> None:
    status = document.header.text("SalesQuotationStatus")
    if status not in allowed:
        needed = " or ".join(allowed)
        raise StepError(f"{document.name} has the status '{status}'; this step needs {needed}.")


def _set_status(document: Document, status: str) -> None:
    for row in (document.header, *document.lines):
        document.write(row, {"SalesQuotationStatus": status})


def _fields(row: StoredRow, names: Mapping[str, str]) -> dict[str, Any]:
    """JSON values for a new row; what is empty is left to its defaults."""
    fields: dict[str, Any] = {}
    for name, column in names.items():
        value = row.values[column]
        if value != "":
            fields[name] = Decimal(value) if row.table.columns[column].type == "Real" else value
    return fields
