"""The job "Calculate sales totals": amounts of orders and quotations, and the flags that say they are there.

Totals live in a table of their own: the job moves no stamp of orders and lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.orders.amounts import allocated, rounded
from dynamics_sandbox.fno.orders.documents import ORDER, QUOTATION, Document, Kind, load
from dynamics_sandbox.fno.rules.documents import TOTALS_FLAG, currency_step

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.orders.documents import StoredRow

_HUNDRED: Final = Decimal(100)
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document comes to.

    Attributes:
        line_taxes: tax of each line that counts, by record id.
        line_discounts: discounts of the lines together.
        header_discount: the discount on the whole document, which is taken off the lines in proportion.
        charges: charges on the whole document (freight).
        header_tax: tax on those charges.
        net: the lines' net amounts together.
    """

    step: Decimal
    line_taxes: Mapping[int, Decimal]
    net: Decimal
    line_discounts: Decimal
    header_discount: Decimal
    charges: Decimal
    header_tax: Decimal

    @property
    def tax(self) -> Decimal:
        """Tax of lines and charges."""
        return sum(self.line_taxes.values(), self.header_tax)

    @property
    def amount(self) -> Decimal:
        """What the customer has to pay."""
        return self.net - self.header_discount + self.charges + self.tax


def totals_of(document: Document) -> Totals:
    """The totals of a document; cancelled lines count for nothing."""
    store, connection = document.environment.store, document.connection
    header = document.header
    step = currency_step(store, connection, header.text("CurrencyCode"))
    lines = [line for line in document.lines if line.values.get("SalesOrderLineStatus") != "Canceled"]
    amounts = [line.amount("LineAmount") for line in lines]
    net = sum(amounts, _NOTHING)
    discount = _header_discount(header, net, step)
    shares = allocated(discount, amounts, step)
    rates = document.environment.settings.sales_tax_rates
    taxes = {
        line.record_id: _tax(amount - share, line.text("SalesTaxGroupCode"), rates, step)
        for line, amount, share in zip(lines, amounts, shares, strict=True)
    }
    charges = header.amount("HeaderChargesAmount")
    return Totals(
        step=step,
        line_taxes=taxes,
        net=net,
        line_discounts=sum((line.amount("TotalDiscountAmount") for line in lines), _NOTHING),
        header_discount=discount,
        charges=charges,
        header_tax=_tax(charges, header.text("SalesTaxGroupCode"), rates, step),
    )


def _header_discount(header: StoredRow, net: Decimal, step: Decimal) -> Decimal:
    """The amount on the header, else its percentage of the lines."""
    amount = header.amount("TotalDiscountAmount")
    return amount or rounded(net * header.amount("TotalDiscountPercentage") / _HUNDRED, step)


def _tax(amount: Decimal, group: str, rates: Mapping[str, Decimal], step: Decimal) -> Decimal:
    return rounded(amount * rates.get(group, _NOTHING) / _HUNDRED, step)


def calculate_totals(document: Document) -> None:
    """Writes the totals of a document and its lines, and sets their flags."""
    totals, prefix = totals_of(document), document.kind.totals
    for line in document.lines:
        tax = totals.line_taxes.get(line.record_id, _NOTHING)
        document.write(line, {"TotalTaxAmount": tax, "TotalChargesAmount": _NOTHING, TOTALS_FLAG: "Yes"})
    with_header_tax = document.environment.settings.total_tax_includes_header_tax
    document.write(
        document.header,
        {
            f"{prefix}TotalAmount": totals.amount,
            f"{prefix}TotalTaxAmount": totals.tax if with_header_tax else totals.tax - totals.header_tax,
            f"{prefix}TotalChargesAmount": totals.charges,
            f"{prefix}TotalDiscountAmount": totals.line_discounts + totals.header_discount,
            f"{prefix}HeaderTaxAmount": totals.header_tax,
            TOTALS_FLAG: "Yes",
        },
    )


def calculate_all_totals(environment: FnoEnvironment, connection: sqlite3.Connection) -> int:
    """Runs the job over all documents whose totals are missing or outdated; gives their number."""
    done = 0
    for kind in (ORDER, QUOTATION):
        for company, number in _waiting(environment, connection, kind):
            calculate_totals(load(environment, connection, kind, company=company, number=number))
            done += 1
    return done


def _waiting(
    environment: FnoEnvironment, connection: sqlite3.Connection, kind: Kind
) -> list[tuple[str, str]]:
    table = environment.model.tables[kind.header]
    rows = environment.store.select(connection, table, {TOTALS_FLAG: "No"})
    return [(str(row["dataAreaId"]), str(row[kind.number])) for _, _, row in rows]
