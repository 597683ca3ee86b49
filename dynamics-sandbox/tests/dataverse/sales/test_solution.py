"""The Prospect-to-cash solution: columns, numbers, flags, activation, price lists, Freight Tax, invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.dataverse.solution.settings import P2cSettings

if TYPE_CHECKING:
    from collections.abc import Callable

RULE = (400, "0x80040265")
ACTIVE, CONFIRMED, DRAFT = 647390000, 647390001, 647390011
ONLY = "msdynce_hasexternallymaintainedproductsonly"
ORDER_ONLY = "msdynce_orderhasexternalmaintainedproductsonly"
QUOTE_ONLY = "msdynce_quotehasexternalmaintainedproductsonly"
EXTERNAL = {"msdynce_ismaintainedexternally": True}
COLUMNS = {
    "contact": {"contactnumber": "String", "isactivecustomer": "Boolean", "iscompanyanaccount": "Boolean"},
    "product": {"ismaintainedexternally": "Boolean"},
    "quote": {"hasexternallymaintainedproductsonly": "Boolean", "ismaintainedexternally": "Boolean"},
    "quotedetail": {
        "ismaintainedexternally": "Boolean",
        "quotehasexternalmaintainedproductsonly": "Boolean",
        "quoterevisionnumber": "Integer",
    },
    "salesorder": {
        "hasexternallymaintainedproductsonly": "Boolean",
        "ismaintainedexternally": "Boolean",
        "processingstatus": "Picklist",
        "misctax": "Money",
        "misctax_base": "Money",
    },
    "salesorderdetail": {
        "ismaintainedexternally": "Boolean",
        "orderhasexternalmaintainedproductsonly": "Boolean",
        "orderissubmitted": "Boolean",
        "ordernumber": "String",
        "ismisctax": "Boolean",
    },
    "invoice": {
        "invoicedate": "DateTime",
        "hasexternallymaintainedproductsonly": "Boolean",
        "ismaintainedexternally": "Boolean",
        "misctax": "Money",
        "misctax_base": "Money",
    },
    "invoicedetail": {
        "invoicedate": "DateTime",
        "invoicenumber": "String",
        "ismaintainedexternally": "Boolean",
        "ismisctax": "Boolean",
    },
}


@pytest.mark.parametrize("table", COLUMNS)
def test_columns(sales: Any, table: str) -> None:
    url = f"EntityDefinitions(LogicalName='{table}')/Attributes?$select=LogicalName,AttributeType"
    found = {
        row["LogicalName"].removeprefix("msdynce_"): row["AttributeType"]
        for row in sales.get(url).rows
        if row["LogicalName"].startswith("msdynce_") and row["AttributeType"] != "Virtual"
    }
    assert found == COLUMNS[table]


def test_without_the_solution_nothing_of_it_is_there(bare_shop: Any) -> None:
    product = bare_shop.product("P1", 10)
    assert not any(name.startswith("msdynce_") for name in bare_shop.client.get(f"products({product})").json)
    names = [row["uniquename"] for row in bare_shop.client.get("solutions?$select=uniquename").rows]
    assert names == ["Default"]
    order = bare_shop.order()
    bare_shop.line(order, product, 2)
    invoice = {"salesorderid@odata.bind": f"/salesorders({order})"}
    assert bare_shop.document("invoices", **invoice)
    assert bare_shop.read(f"salesorders({order})", "statecode", "totalamount") == [0, 20]
    assert bare_shop.client.patch(f"salesorders({order})", {"msdynce_misctax": 1}).status == 400


def test_version_and_publisher(sales: Any) -> None:
    url = "solutions?$filter=uniquename%20eq%20'msdynce_ProspectToCashIntegration'&$expand=publisherid"
    (row,) = sales.get(url).rows
    assert row["version"] == "1.15.0.0"
    publisher = row["publisherid"]
    assert publisher["customizationprefix"] == "msdynce"
    assert publisher["customizationoptionvalueprefix"] == 64739


def test_processing_status_and_the_extra_quote_status(shop: Any) -> None:
    url = "EntityDefinitions(LogicalName='{}')/Attributes(LogicalName='{}')/Microsoft.Dynamics.CRM.{}"
    cast = url.format("salesorder", "msdynce_processingstatus", "PicklistAttributeMetadata")
    options = shop.client.get(f"{cast}?$expand=OptionSet").json["OptionSet"]["Options"]
    labels = {row["Value"] - 647390000: row["Label"]["UserLocalizedLabel"]["Label"] for row in options}
    assert list(labels) == list(range(12))
    assert (labels[0], labels[4], labels[10], labels[11]) == ("Active", "Picked", "Cancelled", "Draft")
    assert shop.read(f"salesorders({shop.order()})", "msdynce_processingstatus") == DRAFT
    quote = shop.document("quotes")
    assert shop.client.patch(f"quotes({quote})", {"statecode": 1, "statuscode": 3}).status == 204
    close = {"QuoteClose": {"quoteid@odata.bind": f"/quotes({quote})"}, "Status": 647390000}
    assert shop.client.post("CloseQuote", close).status == 204


def contact(shop: Any, **values: Any) -> str:
    return str(shop.client.post("contacts", {"lastname": "X", **values}).entity_id)


def test_flags_of_contacts(shop: Any) -> None:
    columns = ("msdynce_iscompanyanaccount", "msdynce_isactivecustomer")
    boss = contact(shop, **{"parentcustomerid_account@odata.bind": f"/accounts({shop.account})"})
    helper = contact(shop, **{"parentcustomerid_contact@odata.bind": f"/contacts({boss})"})
    assert shop.read(f"contacts({boss})", *columns) == [True, False]
    assert shop.read(f"contacts({helper})", *columns) == [False, False]
    shop.client.patch(f"contacts({boss})", {"parentcustomerid_account": None})
    assert shop.read(f"contacts({boss})", *columns) == [False, False]
    order = shop.client.post(
        "salesorders", {"name": "O", "customerid_contact@odata.bind": f"/contacts({boss})"}
    ).entity_id
    assert shop.read(f"contacts({boss})", columns[1]) is True
    shop.client.patch(f"salesorders({order})", {"customerid_contact@odata.bind": f"/contacts({helper})"})
    # Both are customers now: the flag is never reset.
    assert [shop.read(f"contacts({row})", columns[1]) for row in (boss, helper)] == [True, True]


@pytest.mark.parametrize(
    ("header", "entity_set", "flag"),
    [("quote", "quotes", QUOTE_ONLY), ("salesorder", "salesorders", ORDER_ONLY)],
)
def test_externally_maintained_products_only(shop: Any, header: str, entity_set: str, flag: str) -> None:
    document = shop.document(entity_set)
    url = f"{entity_set}({document})"
    assert shop.read(url, ONLY) is True
    outside = shop.product("F1", price=10, **EXTERNAL)
    first = f"{header}details({shop.document_line(header, document, outside, 1)})"
    assert (shop.read(url, ONLY), shop.read(first, flag)) == (True, True)
    second = f"{header}details({shop.document_line(header, document, shop.product('S1', 5), 1)})"
    assert (shop.read(url, ONLY), shop.read(first, flag), shop.read(second, flag)) == (False,) * 3
    shop.client.patch(second, {"productid@odata.bind": f"/products({outside})"})
    assert (shop.read(url, ONLY), shop.read(first, flag), shop.read(second, flag)) == (True,) * 3
    write_in = {
        f"{header}id@odata.bind": f"/{url}",
        "isproductoverridden": True,
        "productdescription": "Own work",
        "quantity": 1,
        "priceperunit": 1,
    }
    third = shop.client.post(f"{header}details", write_in).entity_id
    assert (shop.read(url, ONLY), shop.read(first, flag)) == (False, False)
    shop.client.delete(f"{header}details({third})")
    assert (shop.read(url, ONLY), shop.read(first, flag)) == (True, True)


def test_activation(shop: Any) -> None:
    order = shop.order()
    url = f"salesorders({order})"
    outside = shop.product("F1", price=10, **EXTERNAL)
    line = f"salesorderdetails({shop.line(order, outside, 1)})"
    own = f"salesorderdetails({shop.line(order, shop.product('S1', 5), 1)})"
    activate = {"msdynce_processingstatus": ACTIVE}
    assert shop.client.patch(url, activate).error == RULE
    shop.client.delete(own)
    assert shop.read(line, "msdynce_orderissubmitted") is False
    assert shop.client.patch(url, activate).status == 204
    assert shop.read(url, "msdynce_processingstatus", "statecode") == [ACTIVE, 0]
    assert shop.read(line, "msdynce_orderissubmitted") is True
    # What F&O sends back still gets in: only the form is read-only.
    update = {"msdynce_processingstatus": CONFIRMED, **EXTERNAL, "name": "From F&O"}
    assert shop.client.patch(url, update).status == 204
    shop.client.patch(url, {"msdynce_processingstatus": DRAFT})
    assert shop.client.patch(url, activate).error == RULE


def test_activated_orders_can_be_read_only(shop_with: Callable[..., Any]) -> None:
    shop = shop_with(p2c=P2cSettings(activated_orders_refuse_edits=True))
    order = shop.order()
    line = shop.line(order, shop.product("F1", price=10, **EXTERNAL), 1)
    shop.client.patch(f"salesorders({order})", {"msdynce_processingstatus": ACTIVE})
    assert shop.client.patch(f"salesorders({order})", {"name": "x"}).error == RULE
    assert shop.client.patch(f"salesorderdetails({line})", {"quantity": 2}).error == RULE
    assert shop.client.patch(f"salesorders({order})", {"name": "x", **EXTERNAL}).status == 204


def items(shop: Any, product: str) -> list[tuple[str, Decimal]]:
    rows = shop.client.get(f"products({product})/product_price_levels").rows
    return [(row["_pricelevelid_value"], row["amount"]) for row in rows]


def test_products_from_outside_get_on_the_first_price_list_of_their_currency(shop: Any) -> None:
    euro = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({shop.euro})"}
    first = shop.client.post("pricelevels", {"name": "All EUR", **euro}).entity_id
    inactive = shop.client.post("pricelevels", {"name": "AAA closed", **euro}).entity_id
    shop.client.patch(f"pricelevels({inactive})", {"statecode": 1, "statuscode": 100002})
    product = shop.product("F1", price=12.5, **EXTERNAL)
    assert items(shop, product) == [(first, Decimal("12.5"))]
    shop.client.patch(f"products({product})", {"price": 13})
    assert items(shop, product) == [(first, Decimal(13))]
    shop.client.patch(f"products({product})", {"name": "Renamed"})
    assert items(shop, product) == [(first, Decimal(13))]
    assert items(shop, shop.product("S1", price=5)) == []
    pound = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({shop.client.currency('GBP')})"}
    body = {
        "name": "F2",
        "productnumber": "F2",
        "price": 1,
        "quantitydecimal": 0,
        "defaultuomid@odata.bind": f"/uoms({shop.piece})",
        "defaultuomscheduleid@odata.bind": f"/uomschedules({shop.group})",
        **EXTERNAL,
        **pound,
    }
    refused = shop.client.post("products", body)
    assert refused.error == RULE
    assert "F2" in refused.json["error"]["message"]
    # The refusal came after the row was written, and undid it.
    assert shop.client.get("products?$filter=productnumber%20eq%20'F2'").rows == []


@pytest.mark.parametrize("header", ["salesorder", "invoice"])
def test_header_tax_becomes_a_write_in_line(shop: Any, header: str) -> None:
    document = shop.document(f"{header}s", msdynce_misctax=4.2)
    shop.document_line(header, document, shop.product("F1", price=10, **EXTERNAL), 1)
    url = f"{header}s({document})"
    lines = f"{header}details?$filter=msdynce_ismisctax%20eq%20true"
    (line,) = shop.client.get(lines).rows
    assert (line["productdescription"], line["quantity"], line["extendedamount"]) == (
        "Freight Tax",
        1,
        Decimal("4.2"),
    )
    # 10 + 4.20; a taxed order is no mixed one.
    assert shop.read(url, "totalamount", ONLY) == [Decimal("14.2"), True]
    shop.client.patch(url, {"msdynce_misctax": 5})
    (again,) = shop.client.get(lines).rows
    assert (again[f"{header}detailid"], again["extendedamount"]) == (line[f"{header}detailid"], 5)
    assert shop.read(url, "totalamount") == 15


def test_invoices_make_their_order_invoiced_and_take_its_owner(shop: Any) -> None:
    unit = shop.client.get("businessunits").rows[0]["businessunitid"]
    team = shop.client.post(
        "teams", {"name": "Sellers", "businessunitid@odata.bind": f"/businessunits({unit})"}
    ).entity_id
    order = shop.order(**{"ownerid@odata.bind": f"/teams({team})"})
    invoice = shop.document("invoices", **{"salesorderid@odata.bind": f"/salesorders({order})"})
    assert shop.read(f"salesorders({order})", "statecode", "statuscode") == [4, 100003]
    assert shop.read(f"invoices({invoice})", "_ownerid_value") == team
    line = shop.document_line("invoice", invoice, shop.product("P1", 1), 1)
    assert shop.read(f"invoicedetails({line})", "_ownerid_value") == team


def test_numbers_of_documents_on_their_lines(shop: Any) -> None:
    product = shop.product("P1", 1)
    order = shop.order(ordernumber="ORD-7")
    lines = [shop.line(order, product, 1) for _ in range(2)]
    columns = ("msdynce_ordernumber", "sequencenumber", "lineitemnumber")
    assert [shop.read(f"salesorderdetails({line})", *columns) for line in lines] == [
        ["ORD-7", 1, 1],
        ["ORD-7", 2, 2],
    ]
    given = shop.line(order, product, 1, sequencenumber=10)
    assert shop.read(f"salesorderdetails({given})", "sequencenumber") == 10
    assert shop.read(f"salesorderdetails({shop.line(order, product, 1)})", "sequencenumber") == 11
    invoice = shop.document("invoices", invoicenumber="INV-7", msdynce_invoicedate="2024-05-02")
    line = shop.document_line("invoice", invoice, product, 1)
    columns = ("msdynce_invoicenumber", "msdynce_invoicedate")
    assert shop.read(f"invoicedetails({line})", *columns) == ["INV-7", "2024-05-02"]
    quote = shop.document("quotes")
    line = shop.document_line("quote", quote, product, 1)
    assert shop.read(f"quotedetails({line})", "msdynce_quoterevisionnumber") == 0
