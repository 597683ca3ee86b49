"""``odata.metadata=full``: annotations of rows (OData JSON format 4.0; seen in public on CustomerGroups)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Client

FULL = "application/json; odata.metadata=full"
URL = "https://fno.example.com/data"


def test_a_row_says_its_type_and_addresses(fno: Client) -> None:
    answer = fno.get("/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')", accept=FULL)
    assert answer.headers["content-type"] == "application/json; odata.metadata=full; charset=utf-8"
    row = answer.json
    assert row["@odata.context"] == f"{URL}/$metadata#CustomerGroups/$entity"
    assert row["@odata.type"] == "#Microsoft.Dynamics.DataEntities.CustomerGroup"
    key = "CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')"
    assert (row["@odata.id"], row["@odata.editLink"]) == (f"{URL}/{key}", key)
    assert row["IsSalesTaxIncludedInPrice@odata.type"] == "#Microsoft.Dynamics.DataEntities.NoYes"
    assert "Description@odata.type" not in row


def test_fields_and_navigation(fno: Client) -> None:
    fno.customer("B'S/Ü 1")
    query = "/data/CustomersV3?$select=CustomerAccount,CreditLimit,AddressRecordId,AddressValidFrom"
    (row,) = fno.get(query, accept=FULL).rows
    types = {name: kind for name, kind in row.items() if name.endswith("@odata.type") and name[0] != "@"}
    assert types == {
        "CreditLimit@odata.type": "#Decimal",
        "AddressRecordId@odata.type": "#Int64",
        "AddressValidFrom@odata.type": "#DateTimeOffset",
    }
    address = f"{URL}/CustomersV3(dataAreaId='usmf',CustomerAccount='B''S%2F%C3%9C%201')"
    assert row["@odata.id"] == address
    assert fno.get(address).json["CustomerAccount"] == "B'S/Ü 1"
    assert row["Warehouses@odata.navigationLink"] == f"{address}/Warehouses"
    assert row["Warehouses@odata.associationLink"] == f"{address}/Warehouses/$ref"


def test_expanded_rows_are_annotated_too(fno: Client) -> None:
    query = "/data/Warehouses?$top=1&$select=WarehouseId&$expand=OperationalSite($select=SiteId)"
    (row,) = fno.get(query, accept=FULL).rows
    site = row["OperationalSite"]
    assert site["@odata.type"].startswith("#Microsoft.Dynamics.DataEntities.OperationalSite")
    assert fno.get(site["@odata.id"]).json["SiteId"] == site["SiteId"]
    assert "OperationalSite@odata.navigationLink" not in row


def test_format_wins_over_accept(fno: Client) -> None:
    path = "/data/Currencies('EUR')?$select=CurrencyCode&$format=application/json;odata.metadata={}"
    assert fno.get(path.format("none"), accept=FULL).json == {"CurrencyCode": "EUR"}
    assert "@odata.id" in fno.get(path.format("full")).json
    assert fno.get(path.format("minimal"), accept=FULL).json.keys() == {
        "@odata.context",
        "@odata.etag",
        "CurrencyCode",
    }


def test_a_created_row_is_annotated(fno: Client) -> None:
    created = fno.call("POST", "/data/CustomerGroups", {"CustomerGroupId": "T1"}, {"accept": FULL})
    assert created.json["@odata.id"] == created.headers["location"]
