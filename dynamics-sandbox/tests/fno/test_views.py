"""Several entity sets over one business table show the same rows, each under its own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Client

ORDER = "dataAreaId='usmf',SalesOrderNumber='SO-1'"
LINE = {"SalesOrderNumber": "SO-1", "LineCreationSequenceNumber": 7, "ProductNumber": "T0001-BK"}


def place_order(demo: Client) -> None:
    header = {"SalesOrderNumber": "SO-1", "OrderingCustomerAccountNumber": "US-003"}
    assert demo.post("/data/CDSSalesOrderHeaders", header).status == 201
    assert demo.post("/data/CDSSalesOrderLines", {**LINE, "OrderedSalesQuantity": 2}).status == 201


def test_an_order_is_one_row_of_every_header_set(demo: Client) -> None:
    place_order(demo)
    for name in ("CDSSalesOrderHeaders", "SalesOrderHeaders", "SalesOrderHeadersV2", "SalesOrderHeadersV4"):
        row = demo.get(f"/data/{name}({ORDER})").json
        assert (row["OrderingCustomerAccountNumber"], row["SalesOrderName"]) == (
            "US-003",
            "Forest Wholesales",
        )
    assert demo.patch(f"/data/SalesOrderHeadersV2({ORDER})", {"CampaignId": "Spring"}).status == 204
    changed = demo.get(f"/data/SalesOrderHeadersV4({ORDER})").json
    assert changed["CampaignId"] == "Spring"
    assert changed["@odata.etag"] == demo.get(f"/data/CDSSalesOrderHeaders({ORDER})").json["@odata.etag"]


def test_a_line_has_a_product_in_one_set_and_an_item_in_another(demo: Client) -> None:
    place_order(demo)
    (line,) = demo.get("/data/SalesOrderLines?$filter=SalesOrderNumber eq 'SO-1'").rows
    assert (line["ItemNumber"], line["ProductColorId"]) == ("T0001", "Black")
    assert line["LineCreationSequenceNumber"] == 7
    key = f"dataAreaId='usmf',InventoryLotId='{line['InventoryLotId']}'"
    assert demo.patch(f"/data/SalesOrderLines({key})", {"OrderedSalesQuantity": 5}).status == 204
    (seen,) = demo.get("/data/CDSSalesOrderLinesV2?$filter=SalesOrderNumber eq 'SO-1'").rows
    assert (seen["OrderedSalesQuantity"], seen["ProductNumber"]) == (5, "T0001-BK")
    assert seen["InventoryLotId"] == line["InventoryLotId"]


def test_the_key_of_every_set_over_a_table_is_guarded(demo: Client) -> None:
    place_order(demo)
    again = demo.post("/data/CDSSalesOrderLinesV2", {**LINE, "OrderedSalesQuantity": 1})
    assert again.status == 400
    assert "The record already exists." in again.problem


def test_flags_of_the_customer_show_on_orders_and_lines_and_can_be_filtered(demo: Client) -> None:
    place_order(demo)
    flag = "OrderingCustomerIsExternallyMaintained"
    query = f"$filter={flag} eq Microsoft.Dynamics.DataEntities.NoYes'Yes'&$select=SalesOrderNumber,{flag}"
    assert demo.get(f"/data/CDSSalesOrderHeaders?{query}").rows == []
    customer = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-003')"
    assert demo.patch(customer, {"IsExternallyMaintained": "Yes"}).status == 204
    for name in ("CDSSalesOrderHeaders", "CDSSalesOrderLines", "CDSSalesOrderLinesV2"):
        found = demo.get(f"/data/{name}?{query}").rows
        assert {(row["SalesOrderNumber"], row[flag]) for row in found} == {("000702", "Yes"), ("SO-1", "Yes")}


def test_headers_bring_their_lines_along(demo: Client) -> None:
    place_order(demo)
    answer = demo.get(
        f"/data/CDSSalesOrderHeaders({ORDER})?$expand=CDSSalesOrderLines($select=ProductNumber)"
    )
    assert [row["ProductNumber"] for row in answer.json["CDSSalesOrderLines"]] == ["T0001-BK"]
    lines = "/data/SalesOrderLines?$filter=SalesOrderHeaderV2/SalesOrderName eq 'Forest*'&$orderby=ItemNumber"
    assert [row["ItemNumber"] for row in demo.get(lines).rows] == ["P0001", "S0001", "T0001"]
