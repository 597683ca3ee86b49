"""States of documents and products: which changes are allowed, what is read-only, what the actions do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.dataverse.sales.settings import SalesSettings

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSITION, READ_ONLY = (400, "0x80048408"), (400, "0x80040265")


def quote_with_line(shop: Any) -> tuple[str, str]:
    quote = shop.document("quotes")
    return quote, shop.document_line("quote", quote, shop.product("P1", 10), 2)


def activate(shop: Any, quote: str) -> None:
    assert shop.client.patch(f"quotes({quote})", {"statecode": 1, "statuscode": 3}).status == 204


def close(quote: str) -> dict[str, Any]:
    return {"QuoteClose": {"quoteid@odata.bind": f"/quotes({quote})", "subject": "x"}}


def test_numbers_of_documents(shop: Any) -> None:
    for entity_set, column, prefix in (
        ("quotes", "quotenumber", "QUO-01000-"),
        ("salesorders", "ordernumber", "ORD-01000-"),
        ("invoices", "invoicenumber", "INV-01000-"),
    ):
        number = shop.read(f"{entity_set}({shop.document(entity_set)})", column)
        assert number.startswith(prefix)
        assert len(number) == len(prefix) + 6
        given = shop.document(entity_set, **{column: "X-1"})
        assert shop.read(f"{entity_set}({given})", column) == "X-1"
        again = shop.client.post(entity_set, {"name": "Test", column: "X-1"})
        assert again.error == (412, "0x80040237")


def test_new_documents_start_in_their_default_state(shop: Any) -> None:
    order = shop.order(statecode=3)
    assert shop.read(f"salesorders({order})", "statecode", "statuscode") == [0, 1]
    product = shop.product("P1", published=False)
    assert shop.read(f"products({product})", "statecode", "statuscode") == [2, 0]


def test_a_draft_quote_becomes_active(shop: Any) -> None:
    quote, line = quote_with_line(shop)
    # A status reason of another state alone is refused.
    assert shop.client.patch(f"quotes({quote})", {"statuscode": 3}).error == TRANSITION
    activate(shop, quote)
    assert shop.read(f"quotes({quote})", "statecode", "statuscode") == [1, 3]
    assert shop.read(f"quotedetails({line})", "quotestatecode") == 1
    nobody = shop.client.post("quotes", {"name": "No customer"}).entity_id
    reply = shop.client.patch(f"quotes({nobody})", {"statecode": 1, "statuscode": 3})
    assert reply.error == READ_ONLY
    assert "customerid" in reply.json["error"]["message"]


def test_active_quotes_are_read_only(shop: Any) -> None:
    quote, line = quote_with_line(shop)
    activate(shop, quote)
    reply = shop.client.patch(f"quotes({quote})", {"name": "Changed"})
    assert reply.error == READ_ONLY
    assert "Active" in reply.json["error"]["message"]
    assert shop.client.patch(f"quotedetails({line})", {"quantity": 3}).error == READ_ONLY
    assert shop.client.delete(f"quotedetails({line})").error == READ_ONLY
    body = shop.line_body("quote", quote, shop.product("P2", 1), 1)
    assert shop.client.post("quotedetails", body).error == READ_ONLY
    assert shop.read(f"quotes({quote})", "name", "totalamount") == ["Test", 20]
    # Deleting the whole document takes its lines along.
    assert shop.client.delete(f"quotes({quote})").status == 204
    assert shop.client.get(f"quotedetails({line})").status == 404


def test_winning_and_closing_need_an_action(shop: Any) -> None:
    quote, _ = quote_with_line(shop)
    assert shop.client.post("WinQuote", {**close(quote), "Status": 4}).error == TRANSITION
    activate(shop, quote)
    for state, status in ((2, 4), (3, 5), (0, 1)):
        body = {"statecode": state, "statuscode": status}
        assert shop.client.patch(f"quotes({quote})", body).error == TRANSITION
    assert shop.client.post("WinQuote", {**close(quote), "Status": 5}).error == TRANSITION
    assert shop.client.post("WinQuote", {**close(quote), "Status": 4}).status == 204
    assert shop.read(f"quotes({quote})", "statecode", "statuscode") == [2, 4]
    lost, _ = quote_with_line_of(shop, "P9")
    assert shop.client.post("CloseQuote", {**close(lost), "Status": -1}).status == 204
    assert shop.read(f"quotes({lost})", "statecode", "statuscode") == [3, 5]
    missing = close("11111111-0000-0000-0000-000000000000")
    assert shop.client.post("CloseQuote", {**missing, "Status": -1}).error == (404, "0x80040217")


def quote_with_line_of(shop: Any, number: str) -> tuple[str, str]:
    quote = shop.document("quotes")
    return quote, shop.document_line("quote", quote, shop.product(number, 10), 2)


def test_a_revision_keeps_number_and_lines(shop: Any) -> None:
    quote, _ = quote_with_line(shop)
    activate(shop, quote)
    revision = shop.client.post("ReviseQuote", {"QuoteId": quote}).json
    assert revision["quotenumber"] == shop.read(f"quotes({quote})", "quotenumber")
    assert (revision["revisionnumber"], revision["statecode"], revision["totalamount"]) == (1, 0, 20)
    assert shop.read(f"quotes({quote})", "statecode", "statuscode") == [3, 7]
    lines = shop.client.get(f"quotes({revision['quoteid']})/quote_details?$select=quantity").rows
    assert [line["quantity"] for line in lines] == [2]


def test_from_quote_to_order_to_invoice(shop: Any) -> None:
    quote, line = quote_with_line(shop)
    activate(shop, quote)
    order = shop.client.post("ConvertQuoteToSalesOrder", {"QuoteId": quote}).json
    assert shop.read(f"quotes({quote})", "statecode") == 2
    assert (order["_quoteid_value"], order["ispricelocked"], order["totalamount"]) == (quote, True, 20)
    assert order["_customerid_value"] == order["_accountid_value"] == shop.account
    order_url = f"salesorders({order['salesorderid']})"
    (sold,) = shop.client.get(f"{order_url}/order_details").rows
    assert (sold["_quotedetailid_value"], sold["priceperunit"]) == (line, 10)
    invoice = shop.client.post("ConvertSalesOrderToInvoice", {"SalesOrderId": order["salesorderid"]}).json
    assert shop.read(order_url, "statecode", "statuscode") == [4, 100003]
    assert (invoice["_salesorderid_value"], invoice["totalamount"]) == (order["salesorderid"], 20)
    (billed,) = shop.client.get(f"invoices({invoice['invoiceid']})/invoice_details").rows
    assert billed["_salesorderdetailid_value"] == sold["salesorderdetailid"]
    # An order with invoices cannot be deleted.
    assert shop.client.delete(order_url).error == (405, "0x80040227")


@pytest.mark.parametrize(
    ("action", "status", "state"), [("FulfillSalesOrder", 100002, 3), ("CancelSalesOrder", 4, 2)]
)
def test_closing_orders(shop: Any, action: str, status: int, state: int) -> None:
    order = shop.order()
    activity = {
        "@odata.type": "Microsoft.Dynamics.CRM.orderclose",
        "salesorderid@odata.bind": f"/salesorders({order})",
    }
    direct = {"statecode": state, "statuscode": status}
    assert shop.client.patch(f"salesorders({order})", direct).error == TRANSITION
    assert shop.client.post(action, {"OrderClose": activity, "Status": status}).status == 204
    assert shop.read(f"salesorders({order})", "statecode", "statuscode") == [state, status]
    assert shop.client.patch(f"salesorders({order})", {"name": "x"}).error == READ_ONLY
    # Editing needs the state Active.
    body = {"statecode": 0, "statuscode": 1, "name": "Again"}
    assert shop.client.patch(f"salesorders({order})", body).status == 204
    assert shop.read(f"salesorders({order})", "name") == "Again"


def test_submitted_orders_can_be_edited(shop: Any) -> None:
    order = shop.order()
    assert shop.client.patch(f"salesorders({order})", {"statecode": 1, "statuscode": 3}).status == 204
    assert shop.client.patch(f"salesorders({order})", {"name": "x"}).status == 204


def test_invoices_are_paid_or_canceled_by_update(shop: Any) -> None:
    invoice = shop.document("invoices")
    body = {"statecode": 2, "statuscode": 100001}
    assert shop.client.patch(f"invoices({invoice})", body).status == 204
    assert shop.client.patch(f"invoices({invoice})", {"name": "x"}).error == READ_ONLY
    assert shop.client.patch(f"invoices({invoice})", {"statecode": 0}).error == TRANSITION


def test_life_of_a_product(shop: Any) -> None:
    product = shop.product("P1", published=False)
    url = f"products({product})"
    assert shop.client.patch(url, {"statecode": 1, "statuscode": 2}).error == TRANSITION
    published = shop.client.post(f"{url}/Microsoft.Dynamics.CRM.PublishProductHierarchy", {})
    assert published.status == 204
    assert shop.read(url, "statecode", "statuscode") == [0, 1]
    assert shop.client.patch(url, {"statecode": 1, "statuscode": 2}).status == 204
    assert shop.client.post(f"accounts({shop.account})/Microsoft.Dynamics.CRM.WinQuote", {}).status == 404


def test_the_organization_may_create_active_products(shop: Any) -> None:
    (row,) = shop.client.get("organizations?$select=organizationid").rows
    active = {"createproductswithoutparentinactivestate": True}
    assert shop.client.patch(f"organizations({row['organizationid']})", active).status == 204
    product = shop.product("P1", published=False)
    assert shop.read(f"products({product})", "statecode", "statuscode") == [0, 1]


def test_what_is_closed_can_be_chosen(open_client: Callable[..., Any]) -> None:
    client = open_client("sales", sales=SalesSettings(editable_states={"quote": (0, 1)} | EVERYTHING))
    account = client.post("accounts", {"name": "A", "accountnumber": "A1"}).entity_id
    quote = client.post(
        "quotes", {"name": "Q", "customerid_account@odata.bind": f"/accounts({account})"}
    ).entity_id
    assert client.patch(f"quotes({quote})", {"statecode": 1, "statuscode": 3}).status == 204
    assert client.patch(f"quotes({quote})", {"name": "Changed"}).status == 204


EVERYTHING = {"salesorder": (0, 1, 2, 3, 4), "invoice": (0, 1, 2, 3)}


def test_a_refused_line_in_a_batch_undoes_its_change_set(shop: Any) -> None:
    quote, line = quote_with_line(shop)
    activate(shop, quote)
    targets = [
        {"@odata.type": "Microsoft.Dynamics.CRM.quotedetail", "quotedetailid": line, "quantity": 5},
    ]
    url = "quotedetails/Microsoft.Dynamics.CRM.UpdateMultiple"
    assert shop.client.post(url, {"Targets": targets}).error == READ_ONLY
    assert shop.read(f"quotedetails({line})", "quantity") == 2
