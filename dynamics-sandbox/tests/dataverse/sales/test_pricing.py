"""Prices and totals of documents. Every expected amount is worked out by hand beside its test."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

D = Decimal
LINE_AMOUNTS = ("priceperunit", "baseamount", "extendedamount", "pricingerrorcode")
TOTALS = (
    "totallineitemamount",
    "totallineitemdiscountamount",
    "totaldiscountamount",
    "totalamountlessfreight",
    "totaltax",
    "totalamount",
)


def amounts(shop: Any, line: str) -> Any:
    return shop.read(f"salesorderdetails({line})", *LINE_AMOUNTS)


def totals(shop: Any, order: str) -> Any:
    return shop.read(f"salesorders({order})", *TOTALS)


def test_a_catalogue_line_takes_the_price_of_the_price_list(shop: Any) -> None:
    order = shop.order()
    # A supplied price is ignored; 3 x 19.99 = 59.97.
    line = shop.line(order, shop.product("P1", 19.99), 3, priceperunit=1)
    assert amounts(shop, line) == [D("19.99"), D("59.97"), D("59.97"), 0]
    assert totals(shop, order) == [D("59.97"), 0, 0, D("59.97"), 0, D("59.97")]


def test_discounts_tax_and_freight(shop: Any) -> None:
    order = shop.order(discountamount=5, discountpercentage=10, freightamount=7.5)
    product = shop.product("P1", 100)
    # 2 x 100 - 15 + 35.15 tax = 220.15
    first = shop.line(order, product, 2, manualdiscountamount=15, tax=35.15)
    # (40 - 1.50) x 1.5 = 57.75; 57.75 - 0.25 = 57.50
    second = shop.line(
        order, product, 1.5, ispriceoverridden=True, priceperunit=40, volumediscountamount=1.5,
        manualdiscountamount=0.25,
    )  # fmt: skip
    assert amounts(shop, first) == [100, 200, D("220.15"), 0]
    assert amounts(shop, second) == [40, D("57.75"), D("57.50"), 0]
    # Lines: 185 + 57.50 = 242.50. Discount: 5 + 24.25 = 29.25. Before freight: 213.25.
    # Total: 213.25 + 7.50 + 35.15 = 255.90.
    expected = [D("242.50"), D("15.25"), D("29.25"), D("213.25"), D("35.15"), D("255.90")]
    assert totals(shop, order) == expected
    assert shop.client.patch(f"salesorders({order})", {"freightamount": 0, "totalamount": 1}).status == 204
    assert shop.read(f"salesorders({order})", "totalamount") == D("248.40")
    assert shop.client.delete(f"salesorderdetails({second})").status == 204
    # The lines are 185 now, the discounts 5 + 18.50: 185 - 23.50 + 35.15 tax.
    assert shop.read(f"salesorders({order})", "totalamount") == D("196.65")


def test_amounts_in_the_base_currency(shop: Any) -> None:
    order = shop.order()
    line = shop.line(order, shop.product("P1", 46), 2)
    # One US dollar, the base currency, is 0.92 euro: 92 / 0.92 = 100.
    assert shop.read(f"salesorders({order})", "totalamount_base", "exchangerate") == [100, D("0.92")]
    columns = ("priceperunit_base", "baseamount_base", "extendedamount_base", "exchangerate")
    assert shop.read(f"salesorderdetails({line})", *columns) == [50, 100, 100, D("0.92")]


def test_rounding_to_the_currency(shop: Any) -> None:
    order = shop.order()
    # 3.33 x 1.333 = 4.43889; percentage of the sum: 4.44 x 33.3333 % = 1.47999852
    line = shop.line(order, shop.product("P1", 3.33), 1.333)
    assert amounts(shop, line)[1] == D("4.44")
    shop.client.patch(f"salesorders({order})", {"discountpercentage": 33.3333})
    assert shop.read(f"salesorders({order})", "totaldiscountamount") == D("1.48")


def test_write_ins(shop: Any) -> None:
    order = shop.order()
    url = f"/salesorders({order})"
    body = {
        "salesorderid@odata.bind": url,
        "isproductoverridden": True,
        "productdescription": "Delivery",
        "priceperunit": 12.5,
        "quantity": 2,
    }
    line = shop.client.post("salesorderdetails", body).entity_id
    assert amounts(shop, line) == [D("12.50"), 25, 25, 0]
    assert shop.read(f"salesorderdetails({line})", "salesorderdetailname", "productname") == ["Delivery"] * 2
    product = {"productid@odata.bind": f"/products({shop.product('P1')})"}
    for faulty in ({**body, "productdescription": None}, {**body, **product}):
        assert shop.client.post("salesorderdetails", faulty).error == (400, "0x80040265")
    # Whether a line is a write-in is fixed once it exists.
    shop.client.patch(f"salesorderdetails({line})", {"isproductoverridden": False})
    assert shop.read(f"salesorderdetails({line})", "isproductoverridden") is True


def test_catalogue_lines_need_product_and_unit(shop: Any) -> None:
    body = shop.line_body("salesorder", shop.order(), shop.product("P1", 1), 1)
    for missing in ("productid@odata.bind", "uomid@odata.bind"):
        rest = {name: value for name, value in body.items() if name != missing}
        reply = shop.client.post("salesorderdetails", rest)
        assert reply.error == (400, "0x80040265")
        assert missing.partition("@")[0] in reply.json["error"]["message"]
    assert shop.client.post("salesorderdetails", {"quantity": 1}).status == 400


def test_units_of_another_group_are_refused(shop: Any) -> None:
    group = shop.client.post("uomschedules", {"name": "Time", "baseuomname": "Hour"}).entity_id
    (hour,) = shop.client.get(f"uoms?$filter=_uomscheduleid_value eq {group}".replace(" ", "%20")).rows
    body = shop.line_body("salesorder", shop.order(), shop.product("P1", 1), 1)
    reply = shop.client.post("salesorderdetails", {**body, "uomid@odata.bind": f"/uoms({hour['uomid']})"})
    assert reply.error == (400, "0x80040265")


@pytest.mark.parametrize("number", ["DRAFT", "RETIRED"])
def test_only_active_products_can_be_added(shop: Any, number: str) -> None:
    retired = number == "RETIRED"
    product = shop.product(number, published=retired)
    if retired:
        shop.client.patch(f"products({product})", {"statecode": 1, "statuscode": 2})
    reply = shop.client.post("salesorderdetails", shop.line_body("salesorder", shop.order(), product, 1))
    assert reply.error == (400, "0x80040265")
    assert number in reply.json["error"]["message"]


def test_pricing_errors_are_kept_not_raised(shop: Any) -> None:
    order = shop.order()
    unlisted, listed = shop.product("P1"), shop.product("P2", 10)
    assert amounts(shop, shop.line(order, unlisted, 1)) == [None, 0, 0, 11]
    dozen = {"uomid@odata.bind": f"/uoms({shop.dozen})"}
    assert amounts(shop, shop.line(order, listed, 1, **dozen))[3] == 11
    assert amounts(shop, shop.line(order, listed, 1, ispriceoverridden=True))[3] == 5
    assert amounts(shop, shop.line(order, listed, None))[3] == 4
    assert shop.read(f"salesorders({order})", "pricingerrorcode", "totalamount") == [1, 0]
    without = shop.order(**{"pricelevelid@odata.bind": None})
    assert amounts(shop, shop.line(without, listed, 1))[3] == 2


@pytest.mark.parametrize(
    ("values", "price"),
    [
        ({"pricingmethodcode": 2, "percentage": 80}, "64"),  # 80 x 80 %
        ({"pricingmethodcode": 3, "percentage": 25}, "50"),  # 40 x 1.25
        ({"pricingmethodcode": 4, "percentage": 20}, "50"),  # 40 / (1 - 0.2)
        ({"pricingmethodcode": 5, "percentage": 10}, "55"),  # 50 x 1.1
        ({"pricingmethodcode": 6, "percentage": 50}, "100"),  # 50 / (1 - 0.5)
        (
            {"amount": 61.2, "roundingpolicycode": 2, "roundingoptioncode": 2, "roundingoptionamount": 5},
            "61.2",
        ),
        (
            {"pricingmethodcode": 3, "percentage": 53}
            | {"roundingpolicycode": 2, "roundingoptioncode": 2, "roundingoptionamount": 5},
            "65",  # 40 x 1.53 = 61.20, up to the next multiple of 5
        ),
        (
            {"pricingmethodcode": 3, "percentage": 53}
            | {"roundingpolicycode": 3, "roundingoptioncode": 1, "roundingoptionamount": 0.99},
            "60.99",  # 61.20, down to what ends in .99
        ),
        (
            {"pricingmethodcode": 3, "percentage": 53}
            | {"roundingpolicycode": 4, "roundingoptioncode": 1, "roundingoptionamount": 0.5},
            "61.5",  # 61.20 lies nearer to 61.50 than to 60.50
        ),
    ],
)
def test_pricing_methods(shop: Any, values: dict[str, Any], price: str) -> None:
    product = shop.product("P1", price=80, currentcost=40, standardcost=50)
    shop.item(product, **values)
    assert amounts(shop, shop.line(shop.order(), product, 1))[0] == D(price)


def test_whole_quantities(shop: Any) -> None:
    product = shop.product("P1")
    shop.item(product, amount=10, quantitysellingcode=2)
    order = shop.order()
    assert amounts(shop, shop.line(order, product, 1.5))[3] == 29
    assert amounts(shop, shop.line(order, product, 2))[1] == 20


def test_lines_move_stamp_and_version_of_their_header(shop: Any) -> None:
    order = shop.order()
    product = shop.product("P1", 10)
    before = shop.read(f"salesorders({order})", "modifiedon", "versionnumber")
    shop.client.clock.forward(seconds=5)
    line = shop.line(order, product, 1)
    after = shop.read(f"salesorders({order})", "modifiedon", "versionnumber")
    assert after > before
    shop.client.clock.forward(seconds=5)
    shop.client.patch(f"salesorderdetails({line})", {"description": "no figure"})
    assert shop.read(f"salesorders({order})", "modifiedon", "versionnumber") == after
    shop.client.patch(f"salesorderdetails({line})", {"quantity": 1})
    assert shop.read(f"salesorders({order})", "versionnumber") > after[1]


def test_price_lists_fit_the_document(shop: Any) -> None:
    dollar = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({shop.client.currency('USD')})"}
    body = {"name": "X", "pricelevelid@odata.bind": f"/pricelevels({shop.price_list})"}
    reply = shop.client.post("salesorders", {**body, **dollar})
    assert reply.error == (400, "0x80040265")
    assert "currency" in reply.json["error"]["message"]
    # Without a currency a document takes that of its price list, without a price list the base currency.
    order = shop.client.post("salesorders", body).entity_id
    assert shop.read(f"salesorders({order})", "_transactioncurrencyid_value") == shop.euro
    bare = shop.client.post("salesorders", {"name": "X"}).entity_id
    base = shop.client.currency("USD")
    assert shop.read(f"salesorders({bare})", "_transactioncurrencyid_value", "totalamount") == [base, 0]
    shop.client.patch(f"pricelevels({shop.price_list})", {"statecode": 1, "statuscode": 100002})
    assert shop.client.post("salesorders", body).error == (400, "0x80040265")


def test_another_price_list_reprices_the_lines(shop: Any) -> None:
    product = shop.product("P1", 10)
    order = shop.order()
    line = shop.line(order, product, 3)
    euro = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({shop.euro})"}
    other = shop.client.post("pricelevels", {"name": "Wholesale EUR", **euro}).entity_id
    bound = {"pricelevelid@odata.bind": f"/pricelevels({other})"}
    shop.item(product, amount=8, **bound)
    assert shop.client.patch(f"salesorders({order})", bound).status == 204
    assert amounts(shop, line) == [8, 24, 24, 0]
    assert shop.read(f"salesorders({order})", "totalamount") == 24


def test_locked_prices_and_recalculation(shop: Any) -> None:
    product = shop.product("P1")
    item = shop.item(product, amount=10)
    order = shop.order()
    line = shop.line(order, product, 1)
    recalculate = {"entityLogicalName": "salesorder", "entityId": order}
    assert shop.client.post("LockSalesOrderPricing", {"SalesOrderId": order}).status == 204
    assert shop.read(f"salesorderdetails({line})", "salesorderispricelocked") is True
    shop.client.patch(f"productpricelevels({item})", {"amount": 12})
    assert shop.client.post("RecalculatePrice", recalculate).status == 204
    assert amounts(shop, line)[0] == 10
    assert shop.client.post("UnlockSalesOrderPricing", {"SalesOrderId": order}).status == 204
    assert shop.client.post("RecalculatePrice", recalculate).status == 204
    assert amounts(shop, line)[0] == 12
    assert shop.read(f"salesorders({order})", "ispricelocked", "totalamount") == [False, 12]


def organization(shop: Any, **values: Any) -> None:
    row = shop.client.get("organizations?$select=organizationid").rows[0]["organizationid"]
    assert shop.client.patch(f"organizations({row})", values).status == 204


def test_discount_per_unit(shop: Any) -> None:
    organization(shop, discountcalculationmethod=1)
    order = shop.order()
    # 3 x (10 - 1.5) = 25.50
    line = shop.line(order, shop.product("P1", 10), 3, manualdiscountamount=1.5)
    assert amounts(shop, line)[1:3] == [30, D("25.50")]
    assert totals(shop, order)[:2] == [D("25.50"), D("4.50")]


def test_without_system_pricing_totals_are_what_callers_write(shop: Any) -> None:
    organization(shop, oobpricecalculationenabled=False)
    order = shop.order()
    line = shop.line(order, shop.product("P1", 10), 3, priceperunit=7)
    assert amounts(shop, line)[:3] == [7, None, None]
    shop.client.patch(f"salesorders({order})", {"totalamount": 123.45})
    assert shop.read(f"salesorders({order})", "totalamount") == D("123.45")


def test_deep_insert_prices_every_line(shop: Any) -> None:
    product = shop.product("P1", 10)
    line = shop.line_body("salesorder", "x", product, 2)
    del line["salesorderid@odata.bind"]
    order = shop.order(order_details=[line, {**line, "quantity": 3}])
    columns = "$select=sequencenumber,extendedamount&$orderby=sequencenumber"
    rows = shop.client.get(f"salesorders({order})/order_details?{columns}").rows
    assert [(row["sequencenumber"], row["extendedamount"]) for row in rows] == [(1, 20), (2, 30)]
    assert shop.read(f"salesorders({order})", "totalamount") == 50


def test_large_amounts_keep_every_digit(shop: Any) -> None:
    order = shop.order()
    line = shop.client.post(
        "salesorderdetails",
        None,
        body=(
            f'{{"salesorderid@odata.bind":"/salesorders({order})","isproductoverridden":true,'
            '"productdescription":"Big","quantity":3,"priceperunit":123456789012345.67}'
        ).encode(),
        headers={"content-type": "application/json"},
    ).entity_id
    assert amounts(shop, line)[1] == D("370370367037037.01")
    assert shop.read(f"salesorders({order})", "totalamount") == D("370370367037037.01")
