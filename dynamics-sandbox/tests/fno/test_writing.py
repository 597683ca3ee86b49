"""POST, PATCH, PUT and DELETE: defaults, refusals and their texts (…/data-entities/odata)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

ROW = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"
AOT = "CustCustomerV3Entity"


def test_a_new_row_comes_back_complete(fno: Client) -> None:
    answer = fno.customer("C-1", IsExternallyMaintained="Yes", SiteId="1", WarehouseId="13")
    assert answer.status == 201
    assert answer.headers["location"] == "https://fno.example.com" + ROW
    assert answer.headers["etag"] == answer.json["@odata.etag"]
    assert answer.json["@odata.context"] == "https://fno.example.com/data/$metadata#CustomersV3/$entity"
    expected = {
        "dataAreaId": "usmf",
        "CustomerAccount": "C-1",
        "OrganizationName": "Name of C-1",
        "NameAlias": "Name of C-1",
        "PartyType": "Organization",
        "PartyNumber": "000000001",
        "LanguageId": "en-us",
        "IsExternallyMaintained": "Yes",
        "CreditLimit": 0,
    }
    assert {name: answer.json[name] for name in expected} == expected
    assert fno.get(ROW).json == answer.json


def test_the_company_of_the_body_wins_without_cross_company(fno: Client) -> None:
    answer = fno.customer("C-1", dataAreaId="DEMF")
    assert (answer.status, answer.json["dataAreaId"]) == (201, "demf")
    assert fno.get(ROW).status == 404


def test_setup_rows_can_be_added(fno: Client) -> None:
    assert fno.customer("C-1", CustomerGroupId="77").status == 400
    group = fno.post("/data/CustomerGroups", {"CustomerGroupId": "77", "Description": "Web shop"})
    assert (group.status, group.json["dataAreaId"]) == (201, "usmf")
    assert fno.customer("C-1", CustomerGroupId="77").status == 201
    elsewhere = fno.customer("C-2", CustomerGroupId="77", dataAreaId="demf")
    assert "'77' in field 'Customer group'" in elsewhere.problem


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("12.50", "12.5"),
        ("0.10", "0.1"),
        ("1234567890123.4567", "1234567890123.4567"),
        ("-9999999999999999999.000001", "-9999999999999999999.000001"),
        ("99999999999999999999999999.999999", "99999999999999999999999999.999999"),
        ("0.0000005", "0.000001"),
        ("5e3", "5000"),
        ("-0.0", "0"),
    ],
)
def test_decimals_keep_their_digits(fno: Client, sent: str, returned: str) -> None:
    fno.customer("C-1")
    assert fno.call("PATCH", ROW, f'{{"CreditLimit":{sent}}}'.encode()).status == 204
    assert f'"CreditLimit":{returned}}}'.encode() in fno.get(f"{ROW}?$select=CreditLimit").body


def test_dates_are_noon_and_instants_keep_their_time(fno: Client) -> None:
    fno.customer(
        "C-1", CredManCustomerSince="2026-01-31T00:30:00+02:00", AddressValidFrom="2026-01-31T00:30:00+02:00"
    )
    row = fno.get(ROW).json
    assert row["CredManCustomerSince"] == "2026-01-30T12:00:00Z"
    assert row["AddressValidFrom"] == "2026-01-30T22:30:00Z"


def test_null_empties_texts_and_enums(fno: Client) -> None:
    fno.customer("C-1", SalesMemo="Note", OrganizationABCCode="A")
    assert fno.patch(ROW, {"SalesMemo": None, "OrganizationABCCode": None}).status == 204
    row = fno.get(ROW).json
    assert (row["SalesMemo"], row["OrganizationABCCode"]) == ("", "None")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_update_changes_what_was_sent_and_nothing_else(fno: Client, method: str) -> None:
    before = fno.customer("C-1", AddressCity="Köln", AddressZipCode="01099").json
    answer = fno.call(method, ROW, {"OrganizationName": "B's Beverages"})
    assert (answer.status, answer.body) == (204, b"")
    after = fno.get(ROW).json
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"@odata.etag", "OrganizationName"}


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("row", "status"),
    [
        ("CustomersV3(dataAreaId='usmf',CustomerAccount='C-9')", 400),
        ("CustomersV3(dataAreaId='demf',CustomerAccount='C-2')", 400),
        ("CustomersV3(dataAreaId='demf',CustomerAccount='C-2')?cross-company=false", 400),
        ("CustomersV3(dataAreaId='demf',CustomerAccount='C-2')?cross-company=true", 204),
        ("CustomersV3(dataAreaId='DEMF',CustomerAccount='c-2')?cross-company=true", 204),
        ("CustomersV3(dataAreaId='USMF',CustomerAccount='C-1')", 204),
    ],
)
def test_writes_reach_other_companies_only_with_the_switch_and_never_insert(
    fno: Client, method: str, row: str, status: int
) -> None:
    fno.customer("C-1")
    fno.customer("C-2", dataAreaId="demf")
    body = None if method == "DELETE" else {"OrganizationName": "New"}
    answer = fno.call(method, f"/data/{row}", body)
    assert answer.status == status
    if status == 400:
        assert answer.problem == "No resources were found when selecting for update."
    left = fno.get("/data/CustomersV3/$count?cross-company=true").body
    assert left == b"\xef\xbb\xbf" + (b"1" if method == "DELETE" and status == 204 else b"2")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"AddressCountryRegionISOCode": "DE"}, ("DEU", "DE")),
        ({"AddressCountryRegionISOCode": "de"}, ("DEU", "DE")),
        ({"AddressCountryRegionId": "CHE"}, ("CHE", "CH")),
        ({"AddressCountryRegionId": "AUT", "AddressCountryRegionISOCode": "DE"}, ("AUT", "AT")),
        ({"AddressCountryRegionId": "", "AddressCountryRegionISOCode": "FR"}, ("FRA", "FR")),
        ({"AddressCountryRegionISOCode": None}, ("", "")),
    ],
)
def test_country_and_iso_code_follow_each_other(fno: Client, fields: dict[str, Any], expected: Any) -> None:
    answer = fno.customer("C-1", **fields)
    assert (answer.json["AddressCountryRegionId"], answer.json["AddressCountryRegionISOCode"]) == expected
    cleared = fno.customer("C-2", AddressCountryRegionISOCode="US")
    assert cleared.json["AddressCountryRegionId"] == "USA"
    row = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-2')"
    assert fno.patch(row, fields).status == 204
    after = fno.get(row).json
    assert (after["AddressCountryRegionId"], after["AddressCountryRegionISOCode"]) == expected


def test_derived_fields(fno: Client) -> None:
    address = {
        "AddressStreet": "Obere Str. 57",
        "AddressCity": "Berlin",
        "AddressState": "BE",
        "AddressZipCode": "12209",
        "AddressCountryRegionISOCode": "DE",
    }
    row = fno.customer("C-1", OrganizationName="Alfreds Futterkiste und Söhne", **address).json
    assert row["FullPrimaryAddress"] == "Obere Str. 57\nBerlin\nBE 12209\nDEU"
    assert row["NameAlias"] == "Alfreds Futterkiste"
    fno.patch(ROW, {"AddressCity": "Köln", "OrganizationName": "Other"})
    after = fno.get(ROW).json
    assert (after["FullPrimaryAddress"], after["NameAlias"]) == (
        "Obere Str. 57\nKöln\nBE 12209\nDEU",
        "Alfreds Futterkiste",
    )
    person = {
        "PartyType": "person",
        "OrganizationName": "",
        "PersonFirstName": "Ana",
        "PersonLastName": "Trujillo",
    }
    second = fno.customer("C-2", **person).json
    assert (second["PartyType"], second["NameAlias"]) == ("Person", "Ana Trujillo")


def test_an_etag_guards_an_update(fno: Client) -> None:
    etag = fno.customer("C-1").json["@odata.etag"]
    assert fno.patch(ROW, {"SalesMemo": "1"}, **{"if-match": etag}).status == 204
    stale = fno.patch(ROW, {"SalesMemo": "2"}, **{"if-match": etag})
    assert (stale.status, set(stale.json["error"])) == (412, {"code", "message", "innererror"})
    assert fno.patch(ROW, {"SalesMemo": "3"}, **{"if-match": "*"}).status == 204
    assert fno.call("DELETE", ROW, headers={"if-match": etag}).status == 412
    assert fno.get(ROW).json["SalesMemo"] == "3"


def test_an_update_without_change_keeps_the_version(
    fno: Client, open_environment: Callable[..., Client]
) -> None:
    etag = fno.customer("C-1", SalesMemo="x").json["@odata.etag"]
    assert fno.patch(ROW, {"SalesMemo": "x"}).status == 204
    assert fno.get(ROW).json["@odata.etag"] == etag
    other = open_environment(unchanged_update_keeps_version=False)
    etag = other.customer("C-1", SalesMemo="x").json["@odata.etag"]
    other.patch(ROW, {"SalesMemo": "x"})
    assert other.get(ROW).json["@odata.etag"] != etag


def test_rows_for_looking_at_the_data(fno: Client) -> None:
    fno.customer("C-1", CreditLimit=5, OrganizationName="Ünïcode ' \" \\ \n")
    fno.call("PATCH", ROW, b'{"CreditLimit":1234567890123.4567}')
    stored = json.loads(next(iter(fno.environment.rows("CustomersV3", "C-1"))), parse_float=Decimal)
    assert stored["CreditLimit"] == Decimal("1234567890123.4567")
    assert stored["OrganizationName"] == "Ünïcode ' \" \\ \n"
