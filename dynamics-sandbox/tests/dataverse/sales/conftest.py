"""A small catalogue in Sales, made over the protocol, and short ways to write documents on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Shop:
    """Ids of the rows that documents need, and the client that made them."""

    client: Any
    group: str
    piece: str
    dozen: str
    euro: str
    price_list: str
    account: str

    def product(self, number: str, listed_at: float | None = None, **values: Any) -> str:
        """Create a product, published and with a price per piece unless told otherwise."""
        published = values.pop("published", True)
        body = {
            "name": f"Product {number}",
            "productnumber": number,
            "quantitydecimal": 2,
            "defaultuomid@odata.bind": f"/uoms({self.piece})",
            "defaultuomscheduleid@odata.bind": f"/uomschedules({self.group})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.euro})",
            **values,
        }
        product = str(self.client.post("products", body).entity_id)
        if published:
            assert self.client.patch(f"products({product})", {"statecode": 0, "statuscode": 1}).status == 204
        if listed_at is not None:
            self.item(product, amount=listed_at)
        return product

    def item(self, product: str, **values: Any) -> str:
        """Put a product on the price list, per piece unless told otherwise."""
        body = {
            "pricelevelid@odata.bind": f"/pricelevels({self.price_list})",
            "productid@odata.bind": f"/products({product})",
            "uomid@odata.bind": f"/uoms({self.piece})",
            **values,
        }
        return str(self.client.post("productpricelevels", body).entity_id)

    def order(self, **values: Any) -> str:
        """Create an order in euro for the account."""
        return self.document("salesorders", **values)

    def document(self, entity_set: str, **values: Any) -> str:
        """Create a document in euro for the account."""
        body = {
            "name": "Test",
            "customerid_account@odata.bind": f"/accounts({self.account})",
            "pricelevelid@odata.bind": f"/pricelevels({self.price_list})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.euro})",
            **values,
        }
        return str(self.client.post(entity_set, body).entity_id)

    def line(self, order: str, product: str, quantity: float | None, **values: Any) -> str:
        """Add pieces of a product to an order."""
        return self.document_line("salesorder", order, product, quantity, **values)

    def document_line(
        self, header: str, row_id: str, product: str, quantity: float | None, **values: Any
    ) -> str:
        """Add pieces of a product to a document."""
        body = self.line_body(header, row_id, product, quantity)
        return str(self.client.post(f"{header}details", {**body, **values}).entity_id)

    def line_body(self, header: str, row_id: str, product: str, quantity: float | None) -> dict[str, Any]:
        """Give the body of a line with pieces of a product."""
        return {
            f"{header}id@odata.bind": f"/{header}s({row_id})",
            "productid@odata.bind": f"/products({product})",
            "uomid@odata.bind": f"/uoms({self.piece})",
            "quantity": quantity,
        }

    def read(self, address: str, *columns: str) -> Any:
        """Read columns of a row: one value alone, several as a list."""
        row = self.client.get(f"{address}?$select={','.join(columns)}").json
        return row[columns[0]] if len(columns) == 1 else [row[column] for column in columns]


def open_shop(client: Any) -> Shop:
    """Make a unit group with pieces and dozens, a price list in euro and an account."""
    group = client.post("uomschedules", {"name": "Default unit", "baseuomname": "Piece"}).entity_id
    (piece,) = client.get(f"uomschedules({group})/unit_of_measure_schedule_conversions?$select=uomid").rows
    euro = client.currency("EUR")
    in_euro = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
    dozen = {"name": "Dozen", "quantity": 12, "uomscheduleid@odata.bind": f"/uomschedules({group})"}
    return Shop(
        client=client,
        group=group,
        piece=piece["uomid"],
        dozen=client.post("uoms", dozen).entity_id,
        euro=euro,
        price_list=client.post("pricelevels", {"name": "Retail EUR", **in_euro}).entity_id,
        account=client.post("accounts", {"name": "A", "accountnumber": "A1"}).entity_id,
    )


@pytest.fixture
def shop(sales: Any) -> Shop:
    """A shop in Sales with the Prospect-to-cash solution."""
    return open_shop(sales)


@pytest.fixture
def shop_with(open_client: Callable[..., Any]) -> Callable[..., Shop]:
    """Open a shop in Sales with settings of one's own."""
    return lambda **settings: open_shop(open_client("sales", **settings))


@pytest.fixture
def bare_shop(shop_with: Callable[..., Shop]) -> Shop:
    """A shop in Sales without the solution."""
    return shop_with(p2c_solution=False)
