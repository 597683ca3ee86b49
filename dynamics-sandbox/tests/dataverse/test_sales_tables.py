"""The tables of Dynamics 365 Sales: columns, lengths, options, navigation, and what deleting a row does.

Expectations come from the Common Data Model's descriptions of these tables; where a real environment's
$metadata lies beside the project, every column and navigation property is looked up there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from dynamics_sandbox.dataverse.schema.files import SALES_TABLES, shipped_schema
from dynamics_sandbox.dataverse.writing.values import edm_type

METADATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "dataverse-metadata.xml"
SCHEMA = shipped_schema("sales")
SETS = {
    "product": "products",
    "uom": "uoms",
    "uomschedule": "uomschedules",
    "pricelevel": "pricelevels",
    "productpricelevel": "productpricelevels",
    "quote": "quotes",
    "quotedetail": "quotedetails",
    "salesorder": "salesorders",
    "salesorderdetail": "salesorderdetails",
    "invoice": "invoices",
    "invoicedetail": "invoicedetails",
}


def test_entity_sets_and_primary_keys() -> None:
    assert {name: SCHEMA.tables[name].entity_set for name in SETS} == SETS
    assert all(SCHEMA.tables[name].primary_id == f"{name}id" for name in SETS)


@pytest.mark.parametrize(
    ("table", "column", "length"),
    [
        ("product", "name", 100),
        ("product", "productnumber", 100),
        ("product", "vendorpartnumber", 100),
        ("uomschedule", "name", 200),
        ("uom", "name", 100),
        ("pricelevel", "description", 2000),
        ("quote", "name", 300),
        ("quote", "billto_contactname", 150),
        ("salesorder", "ordernumber", 100),
        ("salesorder", "shipto_line1", 250),
        ("salesorder", "shipto_country", 80),
        ("salesorder", "billto_composite", 1000),
        ("salesorderdetail", "productdescription", 500),
        ("salesorderdetail", "salesorderdetailname", 100),
        ("invoice", "billto_postalcode", 20),
        ("invoicedetail", "shippingtrackingnumber", 100),
    ],
)
def test_lengths(table: str, column: str, length: int) -> None:
    assert SCHEMA.tables[table].columns[column].max_length == length


@pytest.mark.parametrize(
    ("table", "navigation", "target"),
    [
        ("account", "defaultpricelevelid", "pricelevel"),
        ("product", "defaultuomid", "uom"),
        ("product", "defaultuomscheduleid", "uomschedule"),
        ("product", "parentproductid", "product"),
        ("uom", "baseuom", "uom"),
        ("pricelevel", "transactioncurrencyid", "transactioncurrency"),
        ("productpricelevel", "pricelevelid", "pricelevel"),
        ("quote", "customerid_account", "account"),
        ("quote", "customerid_contact", "contact"),
        ("quotedetail", "quoteid", "quote"),
        ("salesorder", "quoteid", "quote"),
        ("salesorderdetail", "salesorderid", "salesorder"),
        ("salesorderdetail", "salesrepid", "systemuser"),
        ("salesorderdetail", "QuoteDetailId", "quotedetail"),
        ("invoice", "salesorderid", "salesorder"),
        ("invoicedetail", "SalesOrderDetailId", "salesorderdetail"),
    ],
)
def test_navigation_properties(table: str, navigation: str, target: str) -> None:
    (branch,) = SCHEMA.tables[table].navigations[navigation]
    assert branch.relationship.target == target


@pytest.mark.parametrize(
    ("table", "collection", "of"),
    [
        ("account", "quote_customer_accounts", "quote"),
        ("contact", "order_customer_contacts", "salesorder"),
        ("account", "invoice_customer_accounts", "invoice"),
        ("quote", "quote_details", "quotedetail"),
        ("quote", "quote_orders", "salesorder"),
        ("salesorder", "order_details", "salesorderdetail"),
        ("salesorder", "order_invoices", "invoice"),
        ("invoice", "invoice_details", "invoicedetail"),
        ("product", "product_price_levels", "productpricelevel"),
        ("product", "product_order_details", "salesorderdetail"),
        ("pricelevel", "price_level_product_price_levels", "productpricelevel"),
        ("pricelevel", "price_level_orders", "salesorder"),
    ],
)
def test_collections(table: str, collection: str, of: str) -> None:
    incoming = SCHEMA.collection(SCHEMA.tables[table], collection)
    assert incoming is not None
    assert incoming.table == of


@pytest.mark.parametrize(
    ("table", "statuses"),
    [
        ("quote", {1: 0, 2: 1, 3: 1, 4: 2, 5: 3, 6: 3, 7: 3}),
        ("salesorder", {1: 0, 2: 0, 3: 1, 4: 2, 100001: 3, 100002: 3, 100003: 4}),
        ("invoice", {1: 0, 2: 0, 4: 0, 5: 0, 6: 0, 3: 1, 7: 1, 100001: 2, 100002: 2, 100003: 3}),
        ("product", {1: 0, 2: 1, 0: 2, 3: 3}),
        ("pricelevel", {100001: 0, 100002: 1}),
        ("uomschedule", {1: 0, 2: 1}),
    ],
)
def test_status_reasons_and_their_states(table: str, statuses: dict[int, int]) -> None:
    options = SCHEMA.tables[table].columns["statuscode"].options
    assert {option.value: option.state for option in options} == statuses


def test_money_has_companions() -> None:
    order = SCHEMA.tables["salesorder"]
    for name in ("totalamount", "totaltax", "freightamount", "discountamount"):
        assert order.columns[f"{name}_base"].base_of == name
    assert not order.columns["totalamount"].creatable
    assert not order.columns["transactioncurrencyid"].updatable
    line = SCHEMA.tables["salesorderdetail"]
    assert (line.columns["priceperunit"].precision, line.columns["priceperunit"].precision_source) == (2, 1)
    assert (line.columns["quantity"].precision, line.columns["quantity"].maximum) == (5, 100_000_000_000)
    assert not line.columns["isproductoverridden"].updatable
    assert not line.columns["extendedamount"].creatable


def test_price_list_items_have_no_bulk_messages(sales: Any) -> None:
    reply = sales.post("productpricelevels/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": []})
    assert reply.error == (404, "0x8006088a")


if METADATA.exists():

    @pytest.mark.parametrize("name", SALES_TABLES)
    def test_columns_and_navigation_of_a_real_environment(name: str) -> None:
        real = _entity_type(name)
        columns = dict(re.findall(r'<Property Name="([^"]+)" Type="([^"]+)"', real))
        links = dict(re.findall(r'<NavigationProperty Name="([^"]+)" Type="([^"]+)"', real))
        table = SCHEMA.tables[name]
        ours = {column.property_name: edm_type(column) for column in table.attributes}
        assert {column: columns.get(column) for column in ours} == ours
        for navigation, branches in table.navigations.items():
            expected = "principal" if len(branches) > 1 else branches[0].relationship.target
            assert links.get(navigation) == f"mscrm.{expected}", navigation
        for incoming in SCHEMA.incoming[name]:
            if incoming.table in SALES_TABLES:
                kind = f"Collection(mscrm.{incoming.table})"
                assert links.get(incoming.relationship.collection) == kind, incoming

    def _entity_type(name: str) -> str:
        text = METADATA.read_text(encoding="utf-8")
        match = re.search(rf'<EntityType Name="{name}" .*?</EntityType>', text, re.DOTALL)
        assert match is not None
        return match.group()
