"""What people do in the three systems: set them up, sell in Sales, ship and invoice in F&O.

Everything goes through the services' own Web APIs, as their forms do it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SALES = "/api/data/v9.2/"
_FNO = "/data/"
#: Value of `msdynce_processingstatus` that the button Activate of an order sets.
_ACTIVE = 647390000
_SECONDS = 60
_encode = msgspec.json.Encoder(decimal_format="number").encode
_PREFER = 'return=representation,odata.include-annotations="OData.Community.Display.V1.FormattedValue"'


class BusinessError(Exception):
    """A service refused what was asked of it; the message holds its answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a quote or order: product, quantity, and the discount of the whole line."""

    product: str
    quantity: Decimal
    discount: Decimal = Decimal(0)


@dataclass(slots=True)
class Business:
    """A company whose people work in a sandbox.

    Args:
        sandbox: the sandbox's ready file: addresses, CA file and credentials.
        company: legal entity of Finance and Operations.
    """

    sandbox: Mapping[str, Any]
    company: str = "usmf"
    _tokens: dict[str, str] = field(default_factory=dict)

    def set_up(self, products: Mapping[str, tuple[str, Decimal]]) -> None:
        """Give Sales a price list and units, and F&O products: number to name and price for a piece."""
        organization = self.get("sales", "organizations?$select=organizationid")[0]
        address = f"organizations({organization['organizationid']})"
        self.send("PATCH", "sales", address, {"createproductswithoutparentinactivestate": True})
        self.send("POST", "sales", "uomschedules", {"name": "Default unit", "baseuomname": "Piece"})
        dollar = self.id_of("transactioncurrencies", "isocurrencycode", "USD")
        currency = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({dollar})"}
        self.send("POST", "sales", "pricelevels", {"name": "CRM Service USA", **currency})
        for number, (name, price) in products.items():
            shared = {"ProductNumber": number, "ProductName": name, "ProductType": "Item"}
            self.send("POST", "fno", "ProductsV2", {**shared, "ProductSubType": "Product"})
            units = dict.fromkeys(("SalesUnitSymbol", "InventoryUnitSymbol", "PurchaseUnitSymbol"), "pcs")
            own = {"dataAreaId": self.company, "ItemNumber": number, "SalesPrice": price, **units}
            own |= {"ItemModelGroupId": "FIFO", "ProductGroupId": "Audio"}
            self.send("POST", "fno", "ReleasedProductsV2", own)
        self.control("fno/jobs/populate-distinct-products")

    def account(self, **columns: Any) -> str:
        """Enter an account in Sales; gives the number that Sales gives it."""
        return str(self.send("POST", "sales", "accounts", columns)["accountnumber"])

    def quote(self, name: str, account: str, lines: Sequence[Line], *, number: str = "") -> str:
        """Write a quote and activate it; gives its number, which Sales makes up unless it is given."""
        quote = self._document("quotes", name, account, {"quotenumber": number} if number else {})
        for line in lines:
            self._line("quotedetails", "quoteid", f"quotes({quote['quoteid']})", line)
        self.send("PATCH", "sales", f"quotes({quote['quoteid']})", {"statecode": 1, "statuscode": 3})
        return str(quote["quotenumber"])

    def order(self, name: str, account: str, lines: Sequence[Line], *, number: str = "") -> str:
        """Write an order and press Activate; gives its number, which Sales makes up unless it is given."""
        order = self._document("salesorders", name, account, {"ordernumber": number} if number else {})
        for line in lines:
            self._line("salesorderdetails", "salesorderid", f"salesorders({order['salesorderid']})", line)
        active = {"msdynce_processingstatus": _ACTIVE}
        self.send("PATCH", "sales", f"salesorders({order['salesorderid']})", active)
        return str(order["ordernumber"])

    def step(self, order: str, step: str) -> None:
        """Take a step of an order's life in F&O: confirm, pick, ship or invoice."""
        self.control(f"fno/orders/{order}/{step}", {"company": self.company})

    def totals(self) -> None:
        """Let the batch job Calculate sales totals run."""
        self.control("fno/jobs/calculate-sales-totals")

    def get(self, system: str, path: str) -> list[dict[str, Any]]:
        """The rows of a query, numbers exact."""
        return list(self._call("GET", system, path)["value"])

    def send(self, method: str, system: str, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Create or change a row; gives what the service answers."""
        return dict(self._call(method, system, path, content) or {})

    def control(self, path: str, content: Mapping[str, Any] | None = None) -> None:
        """Ask something of the sandbox itself."""
        url = f"{self.sandbox['authority']}/_sandbox/{path}"
        self._checked(
            requests.post(url, json=content or {}, verify=self.sandbox["ca_bundle"], timeout=_SECONDS)
        )

    def id_of(self, entity_set: str, column: str, value: str) -> str:
        """Id of the row of Sales with a value in a column."""
        literal = value.replace("'", "''")
        row = self.get("sales", f"{entity_set}?$filter={column} eq '{literal}'")[0]
        return str(row[_IDS[entity_set]])

    def change(self, system: str, address: str, **columns: Any) -> None:
        """Change columns of a row."""
        self.send("PATCH", system, address, columns)

    def _document(self, entity_set: str, name: str, account: str, given: Mapping[str, Any]) -> dict[str, Any]:
        dollar = self.id_of("transactioncurrencies", "isocurrencycode", "USD")
        price_list = self.id_of("pricelevels", "name", "CRM Service USA")
        customer = self.id_of("accounts", "accountnumber", account)
        columns = {
            **given,
            "name": name,
            "customerid_account@odata.bind": f"/accounts({customer})",
            "pricelevelid@odata.bind": f"/pricelevels({price_list})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({dollar})",
        }
        return self.send("POST", "sales", entity_set, columns)

    def _line(self, entity_set: str, parent: str, address: str, line: Line) -> None:
        product = self.id_of("products", "productnumber", line.product)
        columns = {
            f"{parent}@odata.bind": f"/{address}",
            "productid@odata.bind": f"/products({product})",
            "uomid@odata.bind": f"/uoms({self.id_of('uoms', 'name', 'Piece')})",
            "quantity": line.quantity,
            "manualdiscountamount": line.discount,
        }
        self.send("POST", "sales", entity_set, columns)

    def _call(self, method: str, system: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        root = _FNO if system == "fno" else _SALES
        headers = {"Authorization": f"Bearer {self._token(system)}", "Prefer": _PREFER}
        body = None
        if content is not None:
            headers["Content-Type"] = "application/json"
            body = _encode(content)
        url = f"{self.sandbox[system]}{root}{path}"
        verify = self.sandbox["ca_bundle"]
        return self._checked(
            requests.request(method, url, headers=headers, data=body, verify=verify, timeout=_SECONDS)
        )

    def _checked(self, answer: requests.Response) -> Any:
        if not answer.ok:
            raise BusinessError(
                f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}"
            )
        return json.loads(answer.text, parse_float=Decimal) if answer.text else None

    def _token(self, system: str) -> str:
        if system not in self._tokens:
            answer = requests.post(
                f"{self.sandbox['authority']}/{self.sandbox['tenant_id']}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.sandbox["client_id"],
                    "client_secret": self.sandbox["client_secret"],
                    "scope": f"{self.sandbox[system]}/.default",
                },
                verify=self.sandbox["ca_bundle"],
                timeout=_SECONDS,
            )
            self._tokens[system] = self._checked(answer)["access_token"]
        return self._tokens[system]


#: Primary keys of the tables that `id_of` looks into.
_IDS = {
    "accounts": "accountid",
    "pricelevels": "pricelevelid",
    "products": "productid",
    "transactioncurrencies": "transactioncurrencyid",
    "uoms": "uomid",
}
