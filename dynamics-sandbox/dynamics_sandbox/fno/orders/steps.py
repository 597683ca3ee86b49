"""The life of a sales order: confirm, pick, ship, invoice, cancel; whole or by quantities of lines."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.orders.documents import StepError
from dynamics_sandbox.fno.orders.invoices import post_invoice
from dynamics_sandbox.fno.orders.status import OPEN, header_states, line_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dynamics_sandbox.fno.orders.documents import Document, StoredRow

#: Quantities by line creation sequence number.
Quantities = dict[int, Decimal]
_NOTHING: Final = Decimal(0)


def confirm(document: Document) -> str:
    """Posts the order confirmation."""
    _need_open(document)
    document.write(document.header, header_states(document, "Confirmation"))
    return f"{document.name} is confirmed."


def pick(document: Document, quantities: Quantities) -> str:
    """Posts a picking list: for the named quantities, else for all that is neither picked nor delivered."""
    _need_open(document)
    chosen = _chosen(document, quantities, lambda line: _undelivered(line) - line.amount("PickedQuantity"))
    for line, quantity in chosen:
        document.write(line, {"PickedQuantity": line.amount("PickedQuantity") + quantity})
    document.write(document.header, header_states(document, "PickingList"))
    return f"{document.name}: {_lines(chosen)} picked."


def ship(document: Document, quantities: Quantities) -> str:
    """Posts a packing slip: for the named quantities, else for all that is not delivered."""
    _need_open(document)
    chosen = _chosen(document, quantities, _undelivered)
    for line, quantity in chosen:
        _deliver(document, line, quantity)
    document.write(document.header, header_states(document, "PackingSlip"))
    return f"{document.name}: {_lines(chosen)} shipped."


def invoice(document: Document, quantities: Quantities) -> str:
    """Posts an invoice: for the named quantities, else for what is delivered and not yet invoiced.

    An order of which nothing is delivered is invoiced as a whole; invoicing delivers what was not delivered.
    """
    _need_running(document)
    waiting = any(_uninvoiced(line) for line in document.lines)
    remaining: Callable[[StoredRow], Decimal] = _not_invoiced
    chosen = _chosen(document, quantities, _uninvoiced if waiting and not quantities else remaining)
    number = post_invoice(document, chosen)
    for line, quantity in chosen:
        missing = quantity - _uninvoiced(line)
        if _further(missing, quantity):
            _deliver(document, line, missing)
        document.write(line, {"InvoicedQuantity": line.amount("InvoicedQuantity") + quantity})
        document.write(line, {"SalesOrderLineStatus": line_status(line)})
    document.write(document.header, header_states(document, "Invoice"))
    return f"{document.name}: {_lines(chosen)} invoiced as {number}."


def cancel(document: Document) -> str:
    """Cancels an order of which nothing has been delivered."""
    _need_open(document)
    if any(line.amount("DeliveredQuantity") for line in document.lines):
        raise StepError(f"{document.name} is partly delivered and cannot be cancelled.")
    for line in document.lines:
        document.write(line, {"SalesOrderLineStatus": "Canceled", "PickedQuantity": _NOTHING})
    states = {"SalesOrderStatus": "Canceled", "SalesOrderProcessingStatus": "Canceled"}
    document.write(document.header, states)
    return f"{document.name} is cancelled."


def charge(document: Document, amount: Decimal) -> str:
    """Adds a charge on the whole order, such as freight; totals are outdated thereby."""
    _need_open(document)
    charges = document.header.amount("HeaderChargesAmount") + amount
    document.write(document.header, {"HeaderChargesAmount": charges, "AreTotalsCalculated": "No"})
    return f"{document.name} has charges of {charges}."


def _need_open(document: Document) -> None:
    status = document.header.text("SalesOrderStatus")
    if status != OPEN:
        raise StepError(f"{document.name} has the status '{status}'; only an open order goes this step.")
    _need_running(document)


def _need_running(document: Document) -> None:
    if document.header.text("IsSalesProcessingStopped") == "Yes":
        raise StepError(f"{document.name} is stopped (IsSalesProcessingStopped).")
    if not document.lines:
        raise StepError(f"{document.name} has no lines.")


def _chosen(
    document: Document, quantities: Mapping[int, Decimal], available: Callable[[StoredRow], Decimal]
) -> list[tuple[StoredRow, Decimal]]:
    """The lines to post with their quantities; a line without quantity goes along with its order."""
    alive = {int(line.values["LineCreationSequenceNumber"]): line for line in document.lines}
    if quantities:
        unknown = quantities.keys() - alive.keys()
        if unknown:
            raise StepError(f"{document.name} has no line {min(unknown)}.")
        for number, quantity in quantities.items():
            _check_quantity(document, number, quantity, available(alive[number]))
        return [(alive[number], quantity) for number, quantity in sorted(quantities.items())]
    found = [(line, available(line)) for line in alive.values() if _takes_part(line)]
    chosen = [(line, quantity) for line, quantity in found if quantity or not _ordered(line)]
    if not chosen:
        raise StepError(f"{document.name} has nothing left for this step.")
    return chosen


def _check_quantity(document: Document, number: int, quantity: Decimal, available: Decimal) -> None:
    if not quantity or not _within(quantity, available):
        raise StepError(
            f"Line {number} of {document.name.lower()} has {available} left for this step, not {quantity}."
        )


def _within(quantity: Decimal, available: Decimal) -> bool:
    """Whether a quantity has the sign of what is available and is not larger."""
    return quantity * available > 0 and abs(quantity) <= abs(available)


def _takes_part(line: StoredRow) -> bool:
    stopped = line.text("IsLineStopped") == "Yes"
    return not stopped and line.text("SalesOrderLineStatus") not in {"Canceled", "Invoiced"}


def _ordered(line: StoredRow) -> Decimal:
    return line.amount("OrderedSalesQuantity")


def _undelivered(line: StoredRow) -> Decimal:
    return _ordered(line) - line.amount("DeliveredQuantity")


def _uninvoiced(line: StoredRow) -> Decimal:
    """What is delivered and not invoiced."""
    return line.amount("DeliveredQuantity") - line.amount("InvoicedQuantity")


def _not_invoiced(line: StoredRow) -> Decimal:
    return _ordered(line) - line.amount("InvoicedQuantity")


def _further(missing: Decimal, quantity: Decimal) -> bool:
    """Whether the delivery falls short of the quantity; both have its sign."""
    return missing * quantity > 0


def _deliver(document: Document, line: StoredRow, quantity: Decimal) -> None:
    """Delivers a quantity; what was picked of it is picked no more."""
    picked = line.amount("PickedQuantity") - quantity
    document.write(
        line,
        {
            "DeliveredQuantity": line.amount("DeliveredQuantity") + quantity,
            "PickedQuantity": picked if _within(picked, _ordered(line)) else _NOTHING,
        },
    )
    document.write(line, {"SalesOrderLineStatus": line_status(line)})


def _lines(chosen: list[tuple[StoredRow, Decimal]]) -> str:
    return "1 line" if len(chosen) == 1 else f"{len(chosen)} lines"
