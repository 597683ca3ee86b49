"""Unit groups, units, products and price list items: what comes by itself, and what is refused."""

from __future__ import annotations

from typing import Any

RULE = (400, "0x80040265")


def test_a_unit_group_brings_its_base_unit(shop: Any) -> None:
    url = f"uomschedules({shop.group})/unit_of_measure_schedule_conversions"
    rows = {row["name"]: row for row in shop.client.get(url).rows}
    assert set(rows) == {"Piece", "Dozen"}
    assert (rows["Piece"]["quantity"], rows["Piece"]["isschedulebaseuom"]) == (1, True)
    assert (rows["Dozen"]["_baseuom_value"], rows["Dozen"]["isschedulebaseuom"]) == (shop.piece, False)
    assert shop.client.delete(f"uoms({shop.piece})").error == (405, "0x80040227")
    assert shop.client.post("uomschedules", {"name": "No base unit"}).error == RULE


def test_deleting_a_unit_group_takes_its_units(shop: Any) -> None:
    assert shop.client.delete(f"uomschedules({shop.group})").status == 204
    assert shop.client.get("uoms/$count").body == b"0"


def test_used_units_and_products_cannot_be_deleted(shop: Any) -> None:
    product = shop.product("P1", 5)
    order = shop.order()
    shop.line(order, product, 1)
    for address in (
        f"uoms({shop.dozen})",
        f"uomschedules({shop.group})",
        f"products({product})",
        f"pricelevels({shop.price_list})",
        f"accounts({shop.account})",
    ):
        expected = 204 if address.startswith("uoms(") else 405
        assert shop.client.delete(address).status == expected, address
    assert shop.client.delete(f"salesorders({order})").status == 204
    assert shop.client.delete(f"products({product})").status == 204
    # Its price list items went with it.
    assert shop.client.get("productpricelevels/$count").body == b"0"


def test_products_need_their_columns(shop: Any) -> None:
    body = {
        "name": "P",
        "productnumber": "P1",
        "quantitydecimal": 0,
        "defaultuomid@odata.bind": f"/uoms({shop.piece})",
        "defaultuomscheduleid@odata.bind": f"/uomschedules({shop.group})",
    }
    for name in body:
        rest = {column: value for column, value in body.items() if column != name}
        reply = shop.client.post("products", rest)
        assert reply.error == RULE
        assert name.partition("@")[0] in reply.json["error"]["message"]
    assert shop.client.post("products", body).status == 204
    assert shop.client.post("products", body).error == (412, "0x80040237")
    too_many = {**body, "productnumber": "P2", "quantitydecimal": 6}
    assert shop.client.post("products", too_many).error == (400, "0x80044330")
    other = shop.client.post("uomschedules", {"name": "Time", "baseuomname": "Hour"}).entity_id
    bound = {"defaultuomscheduleid@odata.bind": f"/uomschedules({other})", "productnumber": "P3"}
    assert shop.client.post("products", {**body, **bound}).error == RULE


def test_price_list_items_take_what_they_can_from_others(shop: Any) -> None:
    product = shop.product("P1")
    item = shop.item(product, amount=9.99)
    columns = ("productnumber", "_uomscheduleid_value", "_transactioncurrencyid_value", "amount")
    address = f"productpricelevels({item})"
    assert shop.read(address, *columns)[:3] == ["P1", shop.group, shop.euro]
    assert str(shop.read(address, "amount")) == "9.9900"
    body = {
        "pricelevelid@odata.bind": f"/pricelevels({shop.price_list})",
        "productid@odata.bind": f"/products({product})",
        "uomid@odata.bind": f"/uoms({shop.piece})",
    }
    assert shop.client.post("productpricelevels", {**body, "amount": 1}).error == (412, "0x80040237")
    dozen = {"uomid@odata.bind": f"/uoms({shop.dozen})"}
    assert shop.client.post("productpricelevels", {**body, **dozen}).error == RULE
    assert shop.client.post("productpricelevels", {**body, **dozen, "amount": 100}).status == 204
    percentage = {"pricingmethodcode": 2, "amount": 1}
    assert shop.client.patch(address, percentage).error == RULE
    shop.client.patch(f"products({product})", {"productnumber": "P1-NEW"})
    assert shop.read(address, "productnumber") == "P1-NEW"


def test_one_currency_per_code(shop: Any) -> None:
    body = {
        "currencyname": "Euro again",
        "isocurrencycode": "EUR",
        "currencysymbol": "E",
        "exchangerate": 1,
        "currencyprecision": 2,
    }
    assert shop.client.post("transactioncurrencies", body).error == (412, "0x80040237")


def test_there_are_no_keys_but_the_solution_s(shop: Any) -> None:
    tables = ("account", "contact", "product", "quote", "salesorder", "invoice")
    keys = {name: shop.client.get(f"EntityDefinitions(LogicalName='{name}')/Keys").rows for name in tables}
    assert {name: len(rows) for name, rows in keys.items() if rows} == {"account": 1, "contact": 1}
