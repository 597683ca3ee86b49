"""Model, seeds, CSV input and what outlives a restart."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.fno.environment import FnoEnvironment
from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.model_files import load_model
from dynamics_sandbox.fno.settings import FnoSettings

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Client


def rows(fno: Client, entity_set: str, key: str | None = None) -> list[dict[str, Any]]:
    return [json.loads(row, parse_float=Decimal) for row in fno.environment.rows(entity_set, key)]


# Kinds of field and their lengths of the extended data types.
@pytest.mark.parametrize(
    ("length", "names"),
    [
        (4, ["dataAreaId"]),
        (20, ["CustomerAccount", "InvoiceAccount", "NameAlias", "AddressStreetNumber"]),
        (40, ["PartyNumber"]),
        (10, ["CustomerGroupId", "PaymentTerms", "DeliveryTerms", "DeliveryMode", "SalesTaxGroup", "SiteId"]),
        (10, ["WarehouseId", "AddressState", "AddressCounty", "AddressZipCode", "AddressCountryRegionId"]),
        (10, ["DeliveryAddressState", "DeliveryAddressZipCode", "DeliveryAddressCountryRegionId"]),
        (3, ["SalesCurrencyCode"]),
        (7, ["LanguageId"]),
        (2, ["AddressCountryRegionISOCode", "DeliveryAddressCountryRegionISOCode"]),
        (100, ["OrganizationName"]),
        (25, ["PersonFirstName", "PersonMiddleName", "PersonLastName"]),
        (60, ["AddressDescription", "DeliveryAddressDescription", "AddressCity", "AddressDistrictName"]),
        (60, ["AddressBuildingComplement"]),
        (250, ["AddressStreet", "DeliveryAddressStreet", "FullPrimaryAddress"]),
        (255, ["PrimaryContactPhone", "PrimaryContactEmail", "PrimaryContactURL", "PrimaryContactFax"]),
        (None, ["SalesMemo"]),
    ],
)
def test_lengths_of_customer_fields(length: int | None, names: list[str]) -> None:
    properties = load_model().entities["CustomersV3"].properties
    assert {name: properties[name].length for name in names} == dict.fromkeys(names, length)


def test_kinds_of_customer_fields() -> None:
    properties = load_model().entities["CustomersV3"].properties.values()
    kinds = [item.type if not item.is_enum or item.type == "NoYes" else "other enum" for item in properties]
    # Counts of the metadata the model is made from; keys count among the strings.
    expected = {"String": 196, "Real": 9, "Int32": 5, "Int64": 5, "NoYes": 46, "other enum": 31}
    assert {kind: kinds.count(kind) for kind in expected} == expected
    assert kinds.count("Date") + kinds.count("UtcDateTime") == 13


def test_setup_rows_exist_per_company(fno: Client) -> None:
    assert [row["LegalEntityId"] for row in rows(fno, "LegalEntities")] == ["dat", "demf", "usmf", "usrt"]
    for entity_set, field, values in [
        ("CustomerGroups", "CustomerGroupId", ["10", "20", "30", "80"]),
        ("OperationalSitesV2", "SiteId", ["1", "2"]),
        ("Warehouses", "WarehouseId", ["11", "13", "24"]),
        ("PaymentTerms", "Name", ["Net10", "Net30"]),
    ]:
        found = [(row["dataAreaId"], row[field]) for row in rows(fno, entity_set)]
        assert found == [(company, value) for company in ("dat", "demf", "usmf", "usrt") for value in values]
    assert {"USD", "EUR", "GBP"} <= {row["CurrencyCode"] for row in rows(fno, "Currencies")}
    assert rows(fno, "CustomersV3") == []


def test_countries_are_those_of_iso_3166(fno: Client) -> None:
    countries = {row["ISOcode"]: row["CountryRegion"] for row in rows(fno, "AddressCountryRegions")}
    assert len(countries) == 249
    sample = {"US": "USA", "DE": "DEU", "GB": "GBR", "CH": "CHE", "VE": "VEN", "TR": "TUR", "AX": "ALA"}
    assert {code: countries[code] for code in sample} == sample
    names = rows(fno, "AddressCountryRegionTranslations", "CountryRegionId='DEU',LanguageId='en-us'")
    assert names[0]["ShortName"] == "Germany"


def test_demo_customers_belong_to_no_sales_account(demo: Client) -> None:
    customers = rows(demo, "CustomersV3")
    assert [row["CustomerAccount"] for row in customers] == ["US-001", "US-002", "US-003", "US-004", "US-005"]
    assert {(row["dataAreaId"], row["IsExternallyMaintained"]) for row in customers} == {("usmf", "No")}
    assert customers[4]["CreditLimit"] == Decimal("98765432109876.54")
    assert (customers[4]["OrganizationName"], customers[4]["AddressZipCode"]) == ("O'Brien & Söhne", "01099")


def test_reset_forgets_everything(demo: Client) -> None:
    demo.environment.reset("none")
    assert rows(demo, "CustomersV3") == []
    assert demo.customer("C-1").json["PartyNumber"] == "000000001"


def test_rows_outlive_a_restart(tmp_path: Path) -> None:
    path, settings = tmp_path / "fno.sqlite", FnoSettings(client_id="one")
    first = FnoEnvironment.open(path, url="https://a.example.com", settings=settings)
    assert first.is_new
    first.reset("demo")
    before = list(first.rows("CustomersV3"))
    first.close()
    second = FnoEnvironment.open(path, url="https://b.example.com/", settings=FnoSettings(client_id="two"))
    assert (second.is_new, second.url) == (False, "https://b.example.com")
    assert list(second.rows("CustomersV3")) == before
    assert second.default_company("one") == second.default_company("two") == "usmf"
    second.close()


def test_a_property_the_model_gains_is_added_to_the_file(tmp_path: Path) -> None:
    model = tmp_path / "model" / "entities"
    model.mkdir(parents=True)
    thing: dict[str, Any] = {
        "name": "Thing", "aot": "ThingEntity", "set": "Things", "label": "Things", "table": "Thing",
        "table_label": "Things", "category": "Master", "key": ["ThingId"], "title": ["ThingId"],
        "properties": [{"name": "ThingId", "type": "String", "length": 10}],
    }  # fmt: skip
    for properties in ([], [{"name": "Weight", "type": "Real"}]):
        thing["properties"] += properties
        (model / "Things.json").write_text(json.dumps(thing), encoding="utf-8")
        settings = FnoSettings(client_id="one", further_model=tmp_path / "model")
        path = tmp_path / "fno.sqlite"
        environment = FnoEnvironment.open(path, url="https://a.example.com", settings=settings)
        if environment.is_new:
            environment.reset("none")
            folder = tmp_path / "csv"
            folder.mkdir()
            (folder / "Things.csv").write_text("ThingId\nT1\n", encoding="utf-8")
            environment.seed_csv(folder)
        found = list(environment.rows("Things"))
        environment.close()
    assert found == [b'{"ThingId":"T1","Weight":0}']


def test_csv_files_named_after_sets_become_rows(fno: Client, tmp_path: Path) -> None:
    head = "CustomerAccount,OrganizationName,CustomerGroupId,SalesCurrencyCode,CreditLimit,dataAreaId\n"
    lines = "C-1,B's Beverages,10,USD,1234567890123.4567,\nC-2,Königlich Essen,10,EUR,,demf\n"
    (tmp_path / "CustomersV3.csv").write_text(head + lines, encoding="utf-8")
    (tmp_path / "customers.csv").write_text("customer_id\nALFKI\n", encoding="utf-8")
    notes = fno.environment.seed_csv(tmp_path)
    assert sorted(notes) == [
        "CustomersV3.csv: 2 rows into CustomersV3",
        "customers.csv: ignored, no entity set of Finance and Operations has this name",
    ]
    found = [
        (row["dataAreaId"], row["CustomerAccount"], row["CreditLimit"]) for row in rows(fno, "CustomersV3")
    ]
    assert found == [("demf", "C-2", 0), ("usmf", "C-1", Decimal("1234567890123.4567"))]


def test_a_bad_csv_row_leaves_nothing_of_its_file(fno: Client, tmp_path: Path) -> None:
    path = tmp_path / "CustomerGroups.csv"
    path.write_text("CustomerGroupId,Description\nA,First\nTOO-LONG-FOR-IT,Second\n", encoding="utf-8")
    with pytest.raises(FnoError, match="15 characters; the field takes 10"):
        fno.environment.seed_csv(tmp_path)
    assert len(rows(fno, "CustomerGroups")) == 16


def test_rows_by_key_and_by_account(fno: Client) -> None:
    fno.customer("C-1")
    fno.customer("C-1", dataAreaId="demf")
    assert len(rows(fno, "CustomersV3", "C-1")) == 2
    assert len(rows(fno, "CustomersV3", "dataAreaId='demf',CustomerAccount='C-1'")) == 1
    with pytest.raises(FnoError, match="There is no entity set 'Customers'"):
        rows(fno, "Customers")
