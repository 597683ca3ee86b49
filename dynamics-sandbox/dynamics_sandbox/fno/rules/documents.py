"""Orders and quotations: delivery dates, storage dimensions, the amount of a line, totals that expire."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.orders.amounts import CENT, LineTerms, rounded, split_discount
from dynamics_sandbox.fno.rules.write import Rule, Write

if TYPE_CHECKING:
    import sqlite3

    from dynamics_sandbox.fno.store import Store
    from dynamics_sandbox.fno.values import Row

#: Whether the totals of a document are up to date.
TOTALS_FLAG: Final = "AreTotalsCalculated"


class DeliveryDate(Rule, frozen=True, tag="delivery_date"):
    """Delivery date control: with any method but None, goods cannot be asked for before today."""

    method: str
    date: str

    def default_row(self, write: Write) -> None:
        """Takes the method of the company's parameters."""
        if write.creating and self.method not in write.sent:
            write.row[self.method] = write.settings.delivery_date_control

    def validate_write(self, write: Write) -> None:
        """Refuses a date that has passed."""
        asked, today = write.text(self.date)[:10], write.store.now()[:10]
        if write.row[self.method] != "None" and self.date in write.sent and asked < today:
            caption = write.entity.captions[self.date]
            write.row_failed(
                f"Delivery date control: {caption} {asked} is earlier than the first possible date {today}."
            )


class Storage(Rule, frozen=True, tag="storage"):
    """Site and warehouse of a line: its own, else those of the header; a warehouse brings its site along."""

    header: str

    def default_row(self, write: Write) -> None:
        """Fills what was left empty."""
        row, header = write.row, write.related(self.header)
        if write.creating and header is not None and not row["ShippingWarehouseId"]:
            warehouse = header["DefaultShippingWarehouseId"]
            if row["ShippingSiteId"] in {"", self._site(write, warehouse)}:
                row["ShippingWarehouseId"] = warehouse
        if not row["ShippingSiteId"] or (not write.creating and "ShippingSiteId" not in write.sent):
            row["ShippingSiteId"] = self._site(write, row["ShippingWarehouseId"]) or row["ShippingSiteId"]
        if write.creating and header is not None:
            row["ShippingSiteId"] = row["ShippingSiteId"] or header["DefaultShippingSiteId"]

    def validate_write(self, write: Write) -> None:
        """Misses the site, and refuses a warehouse of another one."""
        site, warehouse = write.row["ShippingSiteId"], write.row["ShippingWarehouseId"]
        if not site:
            write.log.add(
                "Warning", "Inventory dimension Site is mandatory and must consequently be specified."
            )
            write.log.add("Error", "Update has been canceled.")
        elif warehouse and self._site(write, warehouse) != site:
            write.row_failed(f"Warehouse '{warehouse}' does not belong to site '{site}'.")

    @staticmethod
    def _site(write: Write, warehouse: str | int) -> str:
        wanted: Row = {COMPANY: write.row[COMPANY], "WarehouseId": warehouse}
        found = write.store.find(write.connection, write.model.tables["InventLocation"], wanted)
        return str(found[2]["OperationalSiteId"]) if found else ""


class LineAmount(Rule, frozen=True, tag="line_amount"):
    """Net amount and discounts of a line; a sent total discount is split into one per unit and a charge."""

    quantity: str

    def default_row(self, write: Write) -> None:
        """Calculates anew, whatever was sent."""
        if "TotalDiscountAmount" in write.sent:
            per_unit, charge = split_discount(
                write.amount("TotalDiscountAmount"), write.amount(self.quantity)
            )
            write.set_amount("LineDiscountAmount", per_unit)
            write.set_amount("FixedPriceCharges", charge)
        terms = line_terms(write.row, self.quantity)
        step = currency_step(write.store, write.connection, write.text("CurrencyCode"))
        write.set_amount("LineAmount", rounded(terms.net(), step))
        write.set_amount("TotalDiscountAmount", terms.discount(step))


class Outdated(Rule, frozen=True, tag="outdated"):
    """Totals are calculated by a job; a later change of the document makes them outdated.

    Attributes:
        header: the relation of a line to its header; empty in the rule of a header itself.
    """

    header: str = ""

    def default_row(self, write: Write) -> None:
        """Takes the flag back when the row changes."""
        if write.before is None or not write.settings.changes_outdate_totals:
            return
        joined = write.entity.table.joined
        if any(value != write.before[name] for name, value in write.row.items() if name not in joined):
            write.row[TOTALS_FLAG] = "No"

    def after_write(self, write: Write) -> None:
        """Takes the flag of the header back when a line changes."""
        if not self.header or not write.settings.changes_outdate_totals:
            return
        navigation = write.entity.table.relations[self.header]
        table = write.model.entities[navigation.to].table
        key = {far: write.row[near] for near, far in navigation.join.items()}
        found = write.store.find(write.connection, table, key)
        if found is not None and found[2][TOTALS_FLAG] == "Yes":
            write.store.update(write.connection, table, found[0], {TOTALS_FLAG: "No"})

    def after_delete(self, write: Write) -> None:
        """The same when a line goes."""
        self.after_write(write)


def line_terms(row: Row, quantity: str) -> LineTerms:
    """The terms of a stored order or quotation line; ``quantity`` names the column of the quantity."""
    names = (quantity, "SalesPrice", "SalesPriceQuantity", "FixedPriceCharges")
    ordered, price, price_quantity, charges = (Decimal(row[name]) for name in names)
    return LineTerms(
        quantity=ordered,
        price=price,
        price_quantity=price_quantity,
        unit_discounts=[Decimal(row["LineDiscountAmount"]), Decimal(row["MultilineDiscountAmount"])],
        percentages=[Decimal(row["LineDiscountPercentage"]), Decimal(row["MultilineDiscountPercentage"])],
        charges=charges,
    )


def currency_step(store: Store, connection: sqlite3.Connection, currency: str) -> Decimal:
    """What amounts of a currency are rounded to: a cent unless its rounding rule says otherwise."""
    found = store.find(connection, store.model.tables["Currency"], {"CurrencyCode": currency})
    step = Decimal(found[2]["GeneralRoundingRule"]) if found else Decimal(0)
    return step or CENT
