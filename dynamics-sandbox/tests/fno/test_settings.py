"""Every setting that switches a behaviour, and an entity that comes from data alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Client

ROW = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"


def test_failed_writes_as_server_errors(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(status_of_failed_write=500)
    assert fno.customer("C-1", CustomerGroupId="XX").status == 500
    assert fno.patch(ROW, {"SalesMemo": "x"}).status == 400
    assert fno.customer("C-1", Nonsense=1).status == 400


def test_other_statuses(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(
        status_of_changed_row=409, status_of_read_only_entity=405, body_for_missing_row=True
    )
    fno.customer("C-1")
    assert fno.patch(ROW, {"SalesMemo": "x"}, **{"if-match": 'W/"x"'}).status == 409
    assert fno.post("/data/Companies", {}).status == 405
    missing = fno.get("/data/Currencies('QQQ')")
    assert (missing.status, missing.problem) == (404, "No resources were found for the given key.")


def test_long_text_is_cut(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(long_text="cut")
    assert fno.customer("C-1", AddressState="Saint Petersburg").json["AddressState"] == "Saint Pete"


def test_read_only_fields_are_ignored(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(read_only_fields="ignore")
    assert fno.customer("C-1", FullPrimaryAddress="x", PartyNumber="P-1").json["FullPrimaryAddress"] == ""
    assert fno.patch(ROW, {"CustomerAccount": "C-2", "PartyNumber": "P-2", "SalesMemo": "x"}).status == 204
    row = fno.get(ROW).json
    assert (row["PartyNumber"], row["SalesMemo"]) == ("P-1", "x")


def test_three_letter_iso_codes(fno: Client, open_environment: Callable[..., Client]) -> None:
    assert fno.customer("C-1", AddressCountryRegionISOCode="USA").status == 201
    row = fno.get(ROW).json
    assert (row["AddressCountryRegionId"], row["AddressCountryRegionISOCode"]) == ("USA", "US")
    strict = open_environment(three_letter_iso_codes=False)
    assert "field takes 2" in strict.customer("C-1", AddressCountryRegionISOCode="USA").problem


@pytest.mark.parametrize(
    ("mode", "sent", "status", "account"),
    [
        ("manual", "C-1", 201, "C-1"),
        ("manual", "", 400, None),
        ("both", "C-1", 201, "C-1"),
        ("both", "", 201, "000000001"),
        ("automatic", "", 201, "000000001"),
        ("automatic", "C-1", 400, None),
    ],
)
def test_number_sequences(
    open_environment: Callable[..., Client], mode: str, sent: str, status: int, account: str | None
) -> None:
    fno = open_environment(number_modes={"CustomersV3.CustomerAccount": mode})
    answer = fno.customer(sent)
    assert answer.status == status
    assert answer.json.get("CustomerAccount") == account


def test_a_sequence_steps_over_numbers_that_are_taken(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(number_modes={"CustomersV3.CustomerAccount": "both"})
    assert fno.customer("000000001").json["CustomerAccount"] == "000000001"
    assert fno.customer("").json["CustomerAccount"] == "000000002"
    assert fno.customer("", dataAreaId="demf").json["CustomerAccount"] == "000000001"


def test_rows_in_order_of_creation(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(default_order="recid")
    for account in ("C-2", "C-1"):
        fno.customer(account)
    assert [row["CustomerAccount"] for row in fno.get("/data/CustomersV3").rows] == ["C-2", "C-1"]


def test_max_page_size_in_prefer(fno: Client, open_environment: Callable[..., Client]) -> None:
    assert len(fno.get("/data/Warehouses", prefer="odata.maxpagesize=1").rows) == 3
    other = open_environment(honour_max_page_size=True)
    page = other.get("/data/Warehouses", prefer="odata.maxpagesize=1")
    assert len(page.rows) == 1
    assert page.json["@odata.nextLink"].endswith("/data/Warehouses?$skip=1")


def test_text_functions_refused_on_a_set(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(sets_without_text_functions=frozenset({"Currencies"}))
    refused = fno.get("/data/Currencies?$filter=startswith(CurrencyCode,'E')")
    assert (refused.status, "startswith" in refused.problem) == (400, True)
    assert fno.get("/data/Currencies?$filter=CurrencyCode eq 'EU*'").rows[0]["CurrencyCode"] == "EUR"
    assert fno.get("/data/CustomerGroups?$filter=startswith(Description,'W')").status == 200


def test_decimal_places(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(decimal_places=2)
    fno.customer("C-1")
    fno.call("PATCH", ROW, b'{"CreditLimit":1.005}')
    assert str(fno.get(ROW).json["CreditLimit"]) == "1.01"


def test_no_cookie(open_environment: Callable[..., Client]) -> None:
    assert "set-cookie" not in open_environment(affinity_cookie=False).get("/data/Companies").headers


def test_an_entity_added_as_data_gets_the_whole_protocol(
    open_environment: Callable[..., Client], tmp_path: Path
) -> None:
    model = tmp_path / "model"
    (model / "entities").mkdir(parents=True)
    (model / "enums.json").write_text('{"Colour": {"Red": 0, "Blue": 1}}', encoding="utf-8")
    bicycle = {
        "name": "Bicycle",
        "aot": "BicycleEntity",
        "set": "Bicycles",
        "label": "Bicycles",
        "table": "BicycleTable",
        "table_label": "Bicycles",
        "category": "Master",
        "key": ["dataAreaId", "BicycleId"],
        "title": ["BicycleId", "Brand"],
        "properties": [
            {
                "name": "dataAreaId",
                "type": "String",
                "length": 4,
                "edit": "create",
                "references": "Companies",
            },
            {"name": "BicycleId", "type": "String", "length": 10, "edit": "create", "mandatory": True},
            {"name": "Brand", "type": "String", "length": 20},
            {"name": "Colour", "type": "Colour", "default": "Blue"},
            {"name": "Price", "type": "Real"},
            {"name": "OwnerAccount", "type": "String", "length": 20, "references": "CustomersV3"},
        ],
        "navigations": [
            {
                "name": "Owner",
                "to": "CustomersV3",
                "join": {"dataAreaId": "dataAreaId", "OwnerAccount": "CustomerAccount"},
            }
        ],
        "rules": [{"rule": "number", "field": "BicycleId", "mode": "both", "format": "B{:03d}"}],
    }
    (model / "entities" / "Bicycles.json").write_text(json.dumps(bicycle), encoding="utf-8")
    fno = open_environment(further_model=model)
    fno.customer("C-1")
    created = fno.post("/data/Bicycles", {"OwnerAccount": "C-1", "Brand": "Fast"})
    assert (created.json["BicycleId"], created.json["Colour"]) == ("B001", "Blue")
    assert (
        "Write failed for table row of type 'BicycleEntity'"
        in fno.post("/data/Bicycles", {"OwnerAccount": "?"}).problem
    )
    colour = "Microsoft.Dynamics.DataEntities.Colour'Blue'"
    blue = f"Colour eq {colour} and Owner/OrganizationName eq 'Name*'"
    (row,) = fno.get(f"/data/Bicycles?$filter={blue}&$expand=Owner($select=CustomerAccount)").rows
    assert row["Owner"]["CustomerAccount"] == "C-1"
    address = "/data/Bicycles(dataAreaId='usmf',BicycleId='B001')"
    assert fno.patch(address, {"Price": 12, "Colour": "Red"}).status == 204
    assert fno.get(address).json["Colour"] == "Red"
    refused = fno.call("DELETE", ROW)
    assert "Customers cannot be deleted while dependent Bicycles exist." in refused.problem
    assert fno.get("/metadata/PublicEntities('Bicycle')").json["EntitySetName"] == "Bicycles"
    assert fno.get("/metadata/PublicEnumerations('Colour')").status == 200
    assert b'EntitySet Name="Bicycles"' in fno.get("/data/$metadata").body
    assert fno.call("DELETE", address).status == 204


def test_options_the_product_lacks_can_be_ignored(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(unknown_options="ignore")
    answer = fno.get("/data/Currencies?$search=euro&$filter=CurrencyCode eq 'EUR'")
    assert [row["CurrencyCode"] for row in answer.rows] == ["EUR"]


def test_a_star_can_be_a_letter(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(star_is_wildcard=False)
    fno.customer("C-1", OrganizationName="5*")
    fno.customer("C-2", OrganizationName="55")
    rows = fno.get("/data/CustomersV3?$filter=OrganizationName eq '5*'").rows
    assert [row["CustomerAccount"] for row in rows] == ["C-1"]


def test_computed_fields_that_cannot_be_filtered(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(
        fields_without_filter=frozenset({"CustomersV3.SalesMemo"}), status_of_field_without_filter=500
    )
    for option in ("$filter=SalesMemo eq 'x'", "$orderby=SalesMemo"):
        assert fno.get(f"/data/CustomersV3?{option}").status == 500
    assert fno.get("/data/CustomersV3?$select=SalesMemo").status == 200


def test_sets_without_privilege(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(sets_without_privilege=frozenset({"Currencies"}))
    assert fno.get("/data/Currencies").status == 403
    assert fno.get("/data/Companies").status == 200


def test_the_company_header(fno: Client, open_environment: Callable[..., Client]) -> None:
    fno.customer("C-1", dataAreaId="demf")
    assert fno.get("/data/CustomersV3", company="DEMF").rows == []
    other = open_environment(honour_company_header=True)
    other.customer("C-1", dataAreaId="demf")
    assert len(other.get("/data/CustomersV3", company="DEMF").rows) == 1


def test_headers_that_builds_differ_in(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(etag_header=False, streaming_in_content_type=True, affinity_cookie=False)
    created = fno.customer("C-1")
    assert "etag" not in created.headers
    assert created.json["@odata.etag"].startswith('W/"')
    expected = "application/json; odata.metadata=minimal;odata.streaming=true; charset=utf-8"
    assert created.headers["content-type"] == expected
    row = fno.get(ROW)
    assert ("etag" in row.headers, "set-cookie" in row.headers) == (False, False)


def test_the_audience_is_exact_or_not(open_environment: Callable[..., Client]) -> None:
    fno = open_environment()
    for exact, status in ((True, 401), (False, 200)):
        fno.environment.settings.exact_audience = exact
        token = fno.issuer.issue("99999999-8888-7777-6666-555555555555", "https://FNO.example.com/")
        assert fno.get("/data/Companies", authorization=f"Bearer {token}").status == status


@pytest.mark.parametrize(("form", "kind"), [("text", "text/plain; charset=utf-8"), ("empty", None)])
def test_forms_of_the_body_of_429(open_environment: Callable[..., Client], form: str, kind: str) -> None:
    refused = open_environment(throttled_body=form, request_limit=0).get("/data/Companies")
    text = "Number of requests exceeded the limit of 0 over the time window of 300 seconds."
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    assert refused.headers.get("content-type") == kind
    assert refused.body.decode() == (text if form == "text" else "")


def test_statuses_of_bad_keys_and_missing_rights(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(
        status_of_incomplete_key=400,
        status_without_privilege=401,
        sets_without_privilege=frozenset({"Companies"}),
    )
    assert fno.get("/data/CustomersV3(CustomerAccount='C-1')").status == 400
    assert fno.get("/data/Companies").status == 401


def test_a_large_top_is_one_page_without_a_link(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(page_size=2, large_top="one page")
    page = fno.get("/data/Currencies?$top=3")
    assert len(page.rows) == 2
    assert "@odata.nextLink" not in page.json
    assert "@odata.nextLink" in fno.get("/data/Currencies").json
