"""GET: paging, keys, property and navigation paths, expand (…/data-entities/odata)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

NO_YES = "Microsoft.Dynamics.DataEntities.NoYes"
KEYS = "$select=dataAreaId,CustomerAccount"


def test_pages_follow_absolute_links_that_keep_every_parameter(
    open_environment: Callable[..., Client],
) -> None:
    fno = open_environment(page_size=2)
    for number in range(5):
        fno.customer(f"C-{number}")
    query = "cross-company=true&%24select=CustomerAccount&$orderby=CustomerAccount%20desc&$count=true"
    link, seen, links = f"/data/CustomersV3?{query}", [], []
    while link:
        page = fno.get(link)
        assert page.json["@odata.count"] == 5
        seen += [row["CustomerAccount"] for row in page.rows]
        link = page.json.get("@odata.nextLink")
        links.append(link)
    assert seen == ["C-4", "C-3", "C-2", "C-1", "C-0"]
    base = f"https://fno.example.com/data/CustomersV3?{query}"
    assert links == [f"{base}&$skip=2", f"{base}&$skip=4", None]


def test_a_top_beyond_the_page_is_spread_over_pages(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(page_size=2)
    for number in range(5):
        fno.customer(f"C-{number}")
    first = fno.get("/data/CustomersV3?$top=3&$select=CustomerAccount")
    assert first.json["@odata.nextLink"].endswith("?$select=CustomerAccount&$skip=2&$top=1")
    assert [row["CustomerAccount"] for row in fno.get(first.json["@odata.nextLink"]).rows] == ["C-2"]
    assert "@odata.nextLink" not in fno.get("/data/CustomersV3?$top=2").json


def test_a_set_that_just_fills_its_page_has_no_next_link(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(page_size=2)
    assert len(fno.get("/data/OperationalSitesV2").rows) == 2
    assert "@odata.nextLink" not in fno.get("/data/OperationalSitesV2").json


@pytest.mark.parametrize(
    ("key", "status", "part"),
    [
        (
            "CustomerAccount='C-1'",
            404,
            "Only 1 of 2 keys provided for lookup, provide keys for dataAreaId, CustomerAccount.",
        ),
        ("'C-1'", 404, "Only 1 of 2 keys provided for lookup"),
        (
            "dataAreaId='usmf',CustomerAccount=5",
            400,
            "Cannot convert the literal '5' to the expected type 'Edm.String'",
        ),
        ("dataAreaId='usmf',CustomerAccount='C-1", 400, "unterminated"),
    ],
)
def test_bad_keys(fno: Client, key: str, status: int, part: str) -> None:
    answer = fno.get(f"/data/CustomersV3({key})")
    assert answer.status == status
    assert part in answer.problem


def test_keys_with_apostrophes_slashes_and_umlauts(fno: Client) -> None:
    assert fno.customer("B'S/Ü 1").status == 201
    found = fno.get("/data/CustomersV3(dataAreaId='USMF',CustomerAccount='B''S%2F%C3%9C%201')")
    assert found.json["CustomerAccount"] == "B'S/Ü 1"
    location = fno.customer("B'S/Ü 2").headers["location"]
    assert location.endswith("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='B''S%2F%C3%9C%202')")
    assert fno.get(location).json["CustomerAccount"] == "B'S/Ü 2"


def test_names_of_sets_are_case_sensitive(fno: Client) -> None:
    answer = fno.get("/data/customersv3")
    assert (answer.status, answer.problem) == (404, "Resource not found for the segment 'customersv3'.")
    assert fno.get("/Data/CustomersV3").status == 200


def test_property_paths(fno: Client) -> None:
    fno.customer("C-2", OrganizationName="B's Beverages", CreditLimit=100)
    row = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-2')"
    answer = fno.get(f"{row}/OrganizationName")
    assert answer.json["value"] == "B's Beverages"
    assert fno.get(f"{row}/CreditLimit").json["value"] == 100
    assert fno.get(f"{row}/OrganizationName/$value").body == b"B's Beverages"
    assert fno.get(f"{row}/Nonsense").status == 404


def test_expand_and_navigation(fno: Client) -> None:
    fno.customer("C-1")
    warehouse = {
        "WarehouseId": "90",
        "OperationalSiteId": "2",
        "ExternallyLocatedWarehouseCustomerAccountNumber": "C-1",
    }
    assert fno.post("/data/Warehouses", warehouse).status == 201
    one = fno.get(
        "/data/Warehouses?$select=WarehouseId&$filter=WarehouseId eq '90'"
        "&$expand=OperationalSite($select=SiteId)"
    )
    assert one.json["@odata.context"].endswith(
        "#Warehouses(WarehouseId,OperationalSite,OperationalSite(SiteId))"
    )
    assert one.rows[0]["OperationalSite"]["SiteId"] == "2"
    without = fno.get("/data/Warehouses?$expand=TransitWarehouse&$filter=WarehouseId eq '90'")
    assert without.rows[0]["TransitWarehouse"] is None
    many = fno.get("/data/CustomersV3?$select=CustomerAccount&$expand=Warehouses($select=WarehouseId)")
    assert [row["WarehouseId"] for row in many.rows[0]["Warehouses"]] == ["90"]
    customer = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"
    assert [row["WarehouseId"] for row in fno.get(f"{customer}/Warehouses?$select=WarehouseId").rows] == [
        "90"
    ]
    assert (
        fno.get("/data/Warehouses(dataAreaId='usmf',WarehouseId='90')/OperationalSite").json["SiteId"] == "2"
    )


def test_filter_over_a_single_navigation(fno: Client) -> None:
    answer = fno.get("/data/Warehouses?$select=WarehouseId&$filter=OperationalSite/SiteName eq 'Corporate*'")
    assert [row["WarehouseId"] for row in answer.rows] == ["24"]


@pytest.fixture
def warehouses(open_environment: Callable[..., Client]) -> Client:
    """The customer C-1 and its warehouses 91 to 93, in pages of two."""
    fno = open_environment(page_size=2)
    fno.customer("C-1")
    for number in ("91", "92", "93"):
        fields = {"OperationalSiteId": "2", "ExternallyLocatedWarehouseCustomerAccountNumber": "C-1"}
        assert fno.post("/data/Warehouses", {"WarehouseId": number, **fields}).status == 201
    return fno


BASE = "https://fno.example.com/data"
CUSTOMER = "CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"
WAREHOUSE = "Warehouses(dataAreaId='usmf',WarehouseId='{}')"


def test_a_reference_is_the_address_of_the_row(warehouses: Client) -> None:
    for path in (CUSTOMER, f"{WAREHOUSE.format(91)}/OperationalSite"):
        row = warehouses.get(f"/data/{path}").json
        answer = warehouses.get(f"/data/{path}/$ref")
        assert answer.json["@odata.context"] == f"{BASE}/$metadata#$ref"
        assert set(answer.json) == {"@odata.context", "@odata.id"}
        behind = warehouses.get(answer.json["@odata.id"]).json
        assert {**behind, "@odata.context": ""} == {**row, "@odata.context": ""}
    assert warehouses.get(f"/data/{WAREHOUSE.format(99)}/OperationalSite/$ref").status == 404


def test_references_of_many_rows_come_in_pages(warehouses: Client) -> None:
    first = warehouses.get(f"/data/{CUSTOMER}/Warehouses/$ref?$count=true").json
    assert first["@odata.context"] == f"{BASE}/$metadata#Collection($ref)"
    assert first["@odata.count"] == 3
    assert first["value"] == [{"@odata.id": f"{BASE}/{WAREHOUSE.format(number)}"} for number in (91, 92)]
    assert first["@odata.nextLink"] == f"{BASE}/{CUSTOMER}/Warehouses/$ref?$count=true&$skip=2"
    last = warehouses.get(first["@odata.nextLink"]).json
    assert last["value"] == [{"@odata.id": f"{BASE}/{WAREHOUSE.format(93)}"}]
    wanted = warehouses.get("/data/Warehouses/$ref?$filter=WarehouseId eq '92'").rows
    assert wanted == [{"@odata.id": f"{BASE}/{WAREHOUSE.format(92)}"}]


def test_expanded_references(warehouses: Client) -> None:
    query = "$select=CustomerAccount&$filter=CustomerAccount eq 'C-1'&$expand=Warehouses/$ref"
    (row,) = warehouses.get(f"/data/CustomersV3?{query}").rows
    assert row["Warehouses"] == [
        {"@odata.id": f"{BASE}/{WAREHOUSE.format(number)}"} for number in (91, 92, 93)
    ]


def test_paths_behind_a_navigation(warehouses: Client) -> None:
    site = warehouses.get(f"/data/{WAREHOUSE.format(91)}/OperationalSite/SiteId")
    assert site.json == {
        "@odata.context": f"{BASE}/$metadata#OperationalSitesV2(dataAreaId='usmf',SiteId='2')/SiteId",
        "value": "2",
    }
    one = warehouses.get(f"/data/{CUSTOMER}/{WAREHOUSE.format(92)}?$select=WarehouseId")
    assert one.json["WarehouseId"] == "92"
    # A warehouse of somebody else is no warehouse of this customer.
    assert warehouses.get(f"/data/{CUSTOMER}/{WAREHOUSE.format(24)}").status == 404
    assert warehouses.get(f"/data/{WAREHOUSE.format(24)}").status == 200
    assert warehouses.get(f"/data/{CUSTOMER}/Warehouses/Nonsense").status == 404


def test_links_are_not_written(warehouses: Client) -> None:
    link = {"@odata.id": f"{BASE}/{CUSTOMER}"}
    answer = warehouses.call("PUT", f"/data/{WAREHOUSE.format(91)}/OperationalSite/$ref", link)
    assert (answer.status, answer.problem) == (
        501,
        "dynamics-sandbox does not support writing links by $ref; write the fields that relate the rows.",
    )
