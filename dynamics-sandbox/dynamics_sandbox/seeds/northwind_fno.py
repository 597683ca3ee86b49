"""CSV folders of the Northwind sample into F&O: customers, products, orders and their lines.

Prices are in cents; the discount of a line is price times quantity times its fraction, rounded half up to
cents. Freight, employees and shippers are left out. The same files always give the same rows.
"""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.orders.amounts import rounded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from dynamics_sandbox.fno.environment import FnoEnvironment

    Record = dict[str, str]
    #: Entity sets with the fields of a row for each.
    Rows = list[tuple[str, dict[str, Any]]]

_STATE_LENGTH: Final = 10
#: Names that are not the short names of the countries' translations.
_COUNTRIES: Final = {"UK": "GBR", "USA": "USA"}


def import_folder(environment: FnoEnvironment, folder: Path, company: str) -> list[str]:
    """Loads the files of a folder into a company, each in one transaction; gives one note per file.

    Rows whose key exists already are left as they are.

    Raises:
        SandboxError: a file lacks a column, a cell is no number, or the service refuses a row.
    """
    importer = _Importer(environment, company)
    files = importer.files()
    notes = [importer.load(folder / name, files[name]) for name in files if (folder / name).is_file()]
    others = sorted(path.name for path in folder.glob("*.csv") if path.name not in files)
    return [*notes, *(f"{name}: ignored, nothing in F&O comes from it" for name in others)]


class _Importer:
    def __init__(self, environment: FnoEnvironment, company: str) -> None:
        self._environment = environment
        self._company = company
        self._sequences: Counter[str] = Counter()
        with environment.database.reading() as connection:
            names = environment.model.tables["LogisticsAddressCountryRegionTranslation"]
            found = environment.store.select(connection, names, {"LanguageId": "en-us"})
            self._countries = {str(row["ShortName"]): str(row["CountryRegionId"]) for _, _, row in found}
        self._countries |= _COUNTRIES

    def files(self) -> dict[str, Callable[[Record], Rows]]:
        """What each file becomes, in the order in which rows need each other."""
        return {
            "customers.csv": self._customer,
            "products.csv": self._product,
            "orders.csv": self._order,
            "order_details.csv": self._order_line,
        }

    def load(self, path: Path, rows_of: Callable[[Record], Rows]) -> str:
        """One file."""
        with (
            path.open(encoding="utf-8-sig", newline="") as file,
            self._environment.database.writing() as connection,
        ):
            reader = csv.DictReader(file)
            count = sum(
                self._load_record(connection, record, rows_of, f"{path}, line {reader.line_num}")
                for record in reader
            )
        return f"{path.name}: {count} rows"

    def _load_record(
        self, connection: sqlite3.Connection, record: Record, rows_of: Callable[[Record], Rows], where: str
    ) -> bool:
        """One line of a file; says whether it made a row."""
        try:
            rows = rows_of(record)
        except KeyError as error:
            raise SandboxError(f"{where}: column {error.args[0]} is missing.") from None
        except InvalidOperation:
            raise SandboxError(f"{where}: a number cannot be read.") from None
        try:
            return self._create(connection, rows)
        except FnoError as error:
            raise SandboxError(f"{where}: {error}") from None

    def _create(self, connection: sqlite3.Connection, rows: Rows) -> bool:
        """Creates the rows that are missing; says whether the last one was."""
        created = False
        for entity_set, fields in rows:
            entity = self._environment.model.entities[entity_set]
            key = entity.by_column({name: fields[name] for name in entity.key})
            created = not self._environment.store.exists(connection, entity.table, key)
            if created:
                self._environment.writer.create(connection, entity, _filled(fields), self._company)
        return created

    def _customer(self, record: Record) -> Rows:
        fields = {
            COMPANY: self._company,
            "CustomerAccount": record["customer_id"],
            "OrganizationName": record["company_name"],
            "CustomerGroupId": "10",
            "SalesCurrencyCode": "USD",
            "SiteId": "1",
            "WarehouseId": "13",
            "AddressDescription": record["company_name"],
            "AddressStreet": record["address"],
            "AddressCity": record["city"],
            "AddressState": record["region"][:_STATE_LENGTH],
            "AddressZipCode": record["postal_code"],
            "AddressCountryRegionId": self._country(record["country"]),
            "PrimaryContactPhone": record["phone"],
            "PrimaryContactFax": record["fax"],
        }
        return [("CustomersV3", fields)]

    def _product(self, record: Record) -> Rows:
        number = record["product_id"]
        product = {
            "ProductNumber": number,
            "ProductName": record["product_name"],
            "ProductDescription": record["quantity_per_unit"],
            "ProductType": "Item",
            "ProductSubType": "Product",
        }
        released = {
            COMPANY: self._company,
            "ItemNumber": number,
            "SalesPrice": rounded(Decimal(record["unit_price"])),
            "ItemModelGroupId": "FIFO",
            "ProductGroupId": record["category_id"],
            **dict.fromkeys(("SalesUnitSymbol", "InventoryUnitSymbol", "PurchaseUnitSymbol"), "ea"),
        }
        return [("ProductsV2", product), ("ReleasedProductsV2", released)]

    def _order(self, record: Record) -> Rows:
        fields = {
            COMPANY: self._company,
            "SalesOrderNumber": record["order_id"],
            "OrderingCustomerAccountNumber": record["customer_id"],
            "RequestedShippingDate": _noon(record["required_date"]),
            "PaymentTermsBaseDate": _noon(record["order_date"]),
            "IsDeliveryAddressOrderSpecific": "Yes",
            "DeliveryAddressName": record["ship_name"],
            "DeliveryAddressStreet": record["ship_address"],
            "DeliveryAddressCity": record["ship_city"],
            "DeliveryAddressStateId": record["ship_region"][:_STATE_LENGTH],
            "DeliveryAddressZipCode": record["ship_postal_code"],
            "DeliveryAddressCountryRegionId": self._country(record["ship_country"]),
        }
        return [("CDSSalesOrderHeaders", fields)]

    def _order_line(self, record: Record) -> Rows:
        """Lines are numbered as they stand in the file, from 1 in each order."""
        order = record["order_id"]
        self._sequences[order] += 1
        price, quantity = rounded(Decimal(record["unit_price"])), Decimal(record["quantity"])
        fields = {
            COMPANY: self._company,
            "SalesOrderNumber": order,
            "LineCreationSequenceNumber": self._sequences[order],
            "ProductNumber": record["product_id"],
            "OrderedSalesQuantity": quantity,
            "SalesPrice": price,
            "TotalDiscountAmount": rounded(price * quantity * Decimal(record["discount"])),
        }
        return [("CDSSalesOrderLines", fields)]

    def _country(self, name: str) -> str:
        return self._countries.get(name, name)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != ""}


def _noon(day: str) -> str:
    return f"{day}T12:00:00Z" if day else ""
