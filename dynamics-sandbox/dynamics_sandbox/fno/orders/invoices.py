"""Posting of an invoice: one journal row and a line per invoiced line, never changed afterwards.

Amounts of a partial invoice are those of the order in proportion; what was invoiced before is taken off, so
that all invoices of an order add up to the order exactly.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.orders.amounts import rounded
from dynamics_sandbox.fno.orders.totals import totals_of
from dynamics_sandbox.fno.values import decimal_text, empty_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynamics_sandbox.fno.model import Table
    from dynamics_sandbox.fno.orders.documents import Document, StoredRow
    from dynamics_sandbox.fno.orders.totals import Totals
    from dynamics_sandbox.fno.values import Row, Stored

_JOURNAL: Final = "CustInvoiceJour"
_LINES: Final = "CustInvoiceTrans"
_NOTHING: Final = Decimal(0)
#: Column of the journal → column of the order.
_FROM_ORDER: Final = {
    **{
        name: name
        for name in (
            "ContactPersonId",
            "CurrencyCode",
            "CustomersOrderReference",
            "DeliveryModeCode",
            "DeliveryTermsCode",
            "InvoiceAddressCity",
            "InvoiceAddressCountryRegionId",
            "InvoiceAddressCountryRegionISOCode",
            "InvoiceAddressStreet",
            "InvoiceAddressStreetNumber",
            "InvoiceAddressZipCode",
            "InvoiceCustomerAccountNumber",
            "PaymentTermsName",
            "SalesOrderNumber",
            "SalesOrderOriginCode",
        )
    },
    "InvoiceAddressState": "InvoiceAddressStateId",
    "SalesOrderResponsiblePersonnelNumber": "OrderResponsiblePersonnelNumber",
}
#: Column of the invoice line → column of the order line.
_FROM_LINE: Final = {
    **{
        name: name
        for name in (
            "ConfirmedShippingDate",
            "CurrencyCode",
            "ItemBatchNumber",
            "LineCreationSequenceNumber",
            "OrderedInventoryStatusId",
            "ProductColorId",
            "ProductConfigurationId",
            "ProductName",
            "ProductNumber",
            "ProductSizeId",
            "ProductStyleId",
            "ProductVersionId",
            "SalesPrice",
            "SalesProductCategoryHierarchyName",
            "SalesProductCategoryName",
            "SalesUnitSymbol",
        )
    },
    "InventorySiteId": "ShippingSiteId",
    "InventoryWarehouseId": "ShippingWarehouseId",
    "ProductDescription": "LineDescription",
}


def post_invoice(document: Document, quantities: Sequence[tuple[StoredRow, Decimal]]) -> str:
    """Posts an invoice for the named quantities of an order's lines; gives its number.

    The lines still hold what was invoiced before; the caller writes what is invoiced afterwards.
    """
    invoice, totals = _numbers(document), totals_of(document)
    lines = [
        {
            **invoice,
            "InvoiceCustomerAccountNumber": document.header.values["InvoiceCustomerAccountNumber"],
            **_line(totals, line, quantity),
        }
        for line, quantity in quantities
    ]
    _insert(document, _JOURNAL, {**invoice, **_journal(document, totals, lines)})
    for line in lines:
        _insert(document, _LINES, line)
    return str(invoice["InvoiceNumber"])


def _numbers(document: Document) -> Row:
    """Company, number, voucher and date of the next invoice."""
    environment, company = document.environment, document.company
    number = environment.store.next_number(document.connection, f"{company}/{_JOURNAL}")
    settings = environment.settings
    return {
        COMPANY: company,
        "InvoiceNumber": settings.invoice_number_format.format(number),
        "LedgerVoucher": settings.voucher_number_format.format(number),
        "InvoiceDate": f"{environment.store.now()[:10]}T12:00:00Z",
    }


def _line(totals: Totals, line: StoredRow, quantity: Decimal) -> Row:
    """What an invoice says of a line."""
    before = line.amount("InvoicedQuantity")
    ordered = line.amount("OrderedSalesQuantity")

    def part(whole: Decimal) -> Decimal:
        after = _share(whole, before + quantity, ordered, totals.step)
        return after - (_share(whole, before, ordered, totals.step) if before else _NOTHING)

    amounts = {
        "InvoicedQuantity": quantity,
        "LineAmount": part(line.amount("LineAmount")),
        "LineTotalDiscountAmount": part(line.amount("TotalDiscountAmount")),
        "LineTotalTaxAmount": part(totals.line_taxes[line.record_id]),
        "LineTotalChargeAmount": _NOTHING,
    }
    return {
        **{name: line.values[source] for name, source in _FROM_LINE.items()},
        **{name: decimal_text(value) for name, value in amounts.items()},
    }


def _share(whole: Decimal, done: Decimal, ordered: Decimal, step: Decimal) -> Decimal:
    """The part of an amount that belongs to a quantity; all of it, unrounded, to the whole quantity."""
    return whole if done == ordered or not ordered else rounded(whole * done / ordered, step)


def _journal(document: Document, totals: Totals, lines: Sequence[Row]) -> Row:
    """The header of the invoice: charges come with the first one, the header's discount in proportion."""
    earlier = _earlier(document)
    net = _sum(lines, "LineAmount")
    discount = _header_discount(totals, net, earlier)
    charges, header_tax = (_NOTHING, _NOTHING) if earlier else (totals.charges, totals.header_tax)
    tax = _sum(lines, "LineTotalTaxAmount") + header_tax
    line_discounts = _sum(lines, "LineTotalDiscountAmount")
    with_header_tax = document.environment.settings.total_tax_includes_header_tax
    amounts = {
        "SalesBalance": net,
        "TotalInvoiceAmount": net - discount + charges + tax,
        "TotalChargeAmount": charges,
        "TotalDiscountAmount": line_discounts + discount,
        "TotalDiscountCustomerGroupCode": discount,
        "TotalLineDiscount": line_discounts,
        "EndDiscount": discount,
        "TotalTaxAmount": tax if with_header_tax else tax - header_tax,
        "InvoiceHeaderTaxAmount": header_tax,
    }
    order = document.header.values
    return {
        **{name: order[source] for name, source in _FROM_ORDER.items()},
        **{name: decimal_text(value) for name, value in amounts.items()},
    }


def _header_discount(totals: Totals, net: Decimal, earlier: Sequence[Row]) -> Decimal:
    """What this invoice takes of the order's discount, the earlier invoices' part left out."""
    taken = _sum(earlier, "EndDiscount")
    if not totals.header_discount:
        return _NOTHING
    invoiced = net + _sum(earlier, "SalesBalance")
    return _share(totals.header_discount, invoiced, totals.net, totals.step) - taken


def _earlier(document: Document) -> list[Row]:
    """The invoices of the order so far."""
    environment = document.environment
    wanted: Row = {COMPANY: document.company, "SalesOrderNumber": document.header.values["SalesOrderNumber"]}
    rows = environment.store.select(document.connection, environment.model.tables[_JOURNAL], wanted)
    return [row for _, _, row in rows]


def _sum(rows: Iterable[Row], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), _NOTHING)


def _insert(document: Document, name: str, row: Row) -> None:
    """Writes a complete row: what is not given is empty."""
    table: Table = document.environment.model.tables[name]
    empty: dict[str, Stored] = {
        column: empty_value(item, document.environment.model) for column, item in table.columns.items()
    }
    document.environment.store.insert(document.connection, table, {**empty, **row})
