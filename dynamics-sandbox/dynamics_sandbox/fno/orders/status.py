"""States of orders: which documents were posted, how far lines are, and the two header fields that follow.

Derivation of the processing status (…/dual-write/sales-status-map): an open order by its last document, then
delivered, invoiced, cancelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dynamics_sandbox.fno.orders.documents import Document, StoredRow
    from dynamics_sandbox.fno.values import Stored

#: Documents of an order in the order of its life; the furthest one posted is kept in ``DocumentStatus``.
DOCUMENTS: Final = ("None", "Confirmation", "PickingList", "PackingSlip", "Invoice")
OPEN: Final = "Backorder"
_OPEN_ORDERS: Final = {
    "None": "Active",
    "Confirmation": "Confirmed",
    "PickingList": "Picked",
    "PackingSlip": "PartiallyDelivered",
    "Invoice": "PartiallyInvoiced",
}


def line_status(line: StoredRow) -> str:
    """How far a line is, once all of its quantity has gone that far."""
    ordered = line.amount("OrderedSalesQuantity")
    if line.amount("InvoicedQuantity") == ordered:
        return "Invoiced"
    return "Delivered" if line.amount("DeliveredQuantity") == ordered else OPEN


def header_states(document: Document, posted: str) -> dict[str, Stored]:
    """The header's states after a document was posted: status, processing status, furthest document."""
    furthest = max(document.header.text("DocumentStatus") or "None", posted, key=DOCUMENTS.index)
    status = _order_status(document)
    partly: str = document.environment.settings.delivered_partially_invoiced
    processing = {
        OPEN: _OPEN_ORDERS[furthest],
        "Delivered": partly if furthest == "Invoice" else "Delivered",
    }
    return {
        "SalesOrderStatus": status,
        "SalesOrderProcessingStatus": processing.get(status, status),
        "DocumentStatus": furthest,
    }


def _order_status(document: Document) -> str:
    """The status of the line that is least far; cancelled lines count only when there are no others."""
    states = {line.text("SalesOrderLineStatus") for line in document.lines}
    for status in (OPEN, "Delivered", "Invoiced", "Canceled"):
        if status in states:
            return status
    return OPEN
