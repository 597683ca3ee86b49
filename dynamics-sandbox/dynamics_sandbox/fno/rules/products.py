"""Products: what a released product brings along, and what a document line takes from its product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.rules.write import Rule, Write

if TYPE_CHECKING:
    from dynamics_sandbox.fno.values import Row

DISTINCT: Final = "ReleasedDistinctProducts"
_SHARED: Final = (
    "ProductType",
    "ProductSubType",
    "ServiceType",
    "WarrantyDurationTime",
    "WarrantyDurationTimeUnit",
)
_DIMENSIONS: Final = tuple(
    f"Product{name}Id" for name in ("Color", "Configuration", "Size", "Style", "Version")
)


class Released(Rule, frozen=True, tag="released"):
    """A released product: takes its kind from the shared product, and gets its row of distinct products."""

    def default_row(self, write: Write) -> None:
        """Fills numbers, names and kind, and says whether the product is complete enough to be sold."""
        row = write.row
        row["ProductNumber"] = row["ProductNumber"] or row["ItemNumber"]
        product = write.related("Product")
        if product is not None:
            row["ProductSearchName"] = product["ProductSearchName"]
            row["SearchName"] = row["SearchName"] or product["ProductSearchName"]
            row.update({name: product[name] for name in _SHARED})
        if row["ProductType"] == "Service" and "IsStockedProduct" not in write.sent:
            row["IsStockedProduct"] = "No"
        stocked = "Inventory" if row["IsStockedProduct"] == "Yes" else "NonInventory"
        row["FieldServiceProductType"] = "Service" if row["ProductType"] == "Service" else stocked
        complete = all(row[name] for name in write.settings.sellable_products_need)
        row["IsSellable"] = "Yes" if complete else "No"

    def validate_write(self, write: Write) -> None:
        """The shared product has to be there first."""
        if write.related("Product") is None:
            write.not_found("ProductNumber", write.text("ProductNumber"), write.model.entities["ProductsV2"])

    def after_write(self, write: Write) -> None:
        """Makes the row of distinct products; a product master gets one per variant elsewhere."""
        if not write.creating or write.row["ProductSubType"] != "Product":
            return
        shown = "No" if write.settings.distinct_products == "job" else "Yes"
        row = {name: write.row[name] for name in (COMPANY, "ProductNumber", "ItemNumber")}
        distinct = write.model.entities[DISTINCT].table
        write.store.insert(write.connection, distinct, {**row, "IsPopulated": shown})


class LineProduct(Rule, frozen=True, tag="product"):
    """The product of a document line: by product number, or by item number and product dimensions."""

    relation: str

    def validate_field(self, write: Write) -> None:
        """Refuses a product that is not released in the company."""
        if write.creating and self._asked(write) and self._found(write) is None:
            name = "ProductNumber" if write.text("ProductNumber") else "ItemNumber"
            write.not_found(name, write.text(name), write.model.entities[DISTINCT])

    def default_row(self, write: Write) -> None:
        """Takes numbers, dimensions, names, unit and price from the product."""
        product = self._found(write) if write.creating else None
        if product is None:
            return
        row = write.row
        for name in ("ProductNumber", "ItemNumber", *_DIMENSIONS):
            row[name] = product[name]
        shared, released = self._details(write, product)
        row["ProductName"] = row["ProductName"] or shared["ProductName"]
        row["LineDescription"] = row["LineDescription"] or shared["ProductName"]
        row["SalesUnitSymbol"] = row["SalesUnitSymbol"] or released["SalesUnitSymbol"]
        for name in ("SalesPrice", "SalesPriceQuantity"):
            if name not in write.sent:
                row[name] = released[name]

    def validate_write(self, write: Write) -> None:
        """Misses a product, and refuses one whose sale is stopped."""
        if not write.creating:
            return
        product = self._found(write)
        if product is None:
            write.must_be_filled(
                "ProductNumber" if "ProductNumber" in write.entity.properties else "ItemNumber"
            )
        elif self._details(write, product)[1]["IsSalesStopped"] == "Yes":
            write.row_failed(f"Item '{product['ItemNumber']}' is blocked for 'Sales order'.")

    @staticmethod
    def _asked(write: Write) -> bool:
        return bool(write.text("ProductNumber") or write.text("ItemNumber"))

    def _found(self, write: Write) -> Row | None:
        if write.text("ProductNumber"):
            return write.related(self.relation)
        names = (COMPANY, "ItemNumber", *_DIMENSIONS)
        wanted = {name: write.row[name] for name in names}
        if not wanted["ItemNumber"]:
            return None
        found = write.store.find(write.connection, write.model.entities[DISTINCT].table, wanted)
        return found[2] if found else None

    @staticmethod
    def _details(write: Write, product: Row) -> tuple[Row, Row]:
        """The shared product and the released one."""
        shared = write.store.find(
            write.connection, write.model.tables["EcoResProduct"], {"ProductNumber": product["ProductNumber"]}
        )
        item = {COMPANY: product[COMPANY], "ItemNumber": product["ItemNumber"]}
        released = write.store.find(write.connection, write.model.tables["InventTable"], item)
        if shared is None or released is None:
            raise LookupError(f"distinct product {product['ProductNumber']} has lost its product")
        return shared[2], released[2]
