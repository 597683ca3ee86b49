"""Northwind's 91 customers, entered in Sales, arrive in the hub and in F&O with every mapped field right.

The expectation is computed from the CSV file here, with a country list of this file's own.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.reading import customers, hub_accounts, sales_accounts

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Pipeline

NORTHWIND = Path(__file__).resolve().parents[3] / "shared" / "data" / "northwind"
SEED = [str(Path(sys.executable).with_name("dynamics-sandbox")), "seed"]
ISO_2 = {
    "Argentina": "AR",
    "Austria": "AT",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Denmark": "DK",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Ireland": "IE",
    "Italy": "IT",
    "Mexico": "MX",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "UK": "GB",
    "USA": "US",
    "Venezuela": "VE",
}
TWO_LINES = {"address1_line1": "Obere Str. 57", "address1_line2": "Hinterhaus, 2. Stock"}


def read_csv() -> dict[str, dict[str, str]]:
    with (NORTHWIND / "customers.csv").open(encoding="utf-8", newline="") as lines:
        return {row["customer_id"]: row for row in csv.DictReader(lines)}


def hub_row(row: dict[str, str]) -> dict[str, Any]:
    """What reference §4.3 makes of one CSV row in the hub."""
    return {
        "cdm_account_accountid": row["customer_id"],
        "cdm_organizationname": row["company_name"],
        "cdm_partytype": "Organization",
        "cdm_status": "Active",
        "cdm_source": "Default",
        "cdm_description": None,
        "cdm_creditlimitamount": None,
        "cdm_employeecount": None,
        "cdm_emailprimary": None,
        "cdm_emailalternate": None,
        "cdm_phoneprimary": row["phone"] or None,
        "cdm_phone02": None,
        "cdm_phone03": None,
        "cdm_phonefax": row["fax"] or None,
        "cdm_websiteurl": None,
        "cdm_isemailcontactallowed": True,
        "cdm_isphonecontactallowed": True,
        "cdm_satoriid": None,
        "cdm_twitteridentity": None,
        "cdm_stockticker": None,
        "cdm_mailingpostaladdress_addressline1": row["address"],
        "cdm_mailingpostaladdress_addressline2": None,
        "cdm_mailingpostaladdress_city": row["city"],
        "cdm_mailingpostaladdress_state": row["region"] or None,
        "cdm_mailingpostaladdress_postalcode": row["postal_code"] or None,
        "cdm_mailingpostaladdress_country": ISO_2[row["country"]],
        "cdm_shippingpostaladdress_addressline1": None,
        "cdm_shippingpostaladdress_addressline2": None,
        "cdm_shippingpostaladdress_city": None,
        "cdm_shippingpostaladdress_state": None,
        "cdm_shippingpostaladdress_postalcode": None,
        "cdm_shippingpostaladdress_country": None,
        "cdm_lastwrittenby": "accounts-to-cds",
    }


def customer(row: dict[str, str], company: str) -> dict[str, Any]:
    """What reference §4.2 and §4.4 make of one CSV row in F&O: no nulls, the region cut to 10 characters."""
    return {
        "dataAreaId": company,
        "CustomerAccount": row["customer_id"],
        "PartyNumber": row["customer_id"],
        "PartyType": "Organization",
        "OrganizationName": row["company_name"],
        "AddressDescription": row["company_name"],
        "DeliveryAddressDescription": row["company_name"],
        "CustomerGroupId": "10",
        "SiteId": "1",
        "WarehouseId": "13",
        "LanguageId": "en-us",
        "AddressLocationRoles": "Business",
        "IsExternallyMaintained": "Yes",
        "CreditLimit": 0,
        "OrganizationNumberOfEmployees": 0,
        "SalesCurrencyCode": "USD",
        "SalesMemo": "",
        "PrimaryContactEmail": "",
        "PrimaryContactPhone": row["phone"],
        "PrimaryContactFax": row["fax"],
        "PrimaryContactURL": "",
        "AddressStreet": row["address"],
        "AddressCity": row["city"],
        "AddressState": row["region"][:10],
        "AddressZipCode": row["postal_code"],
        "AddressCountryRegionISOCode": ISO_2[row["country"]],
        "DeliveryAddressStreet": "",
        "DeliveryAddressCity": "",
        "DeliveryAddressState": "",
        "DeliveryAddressZipCode": "",
        "DeliveryAddressCountryRegionISOCode": "US",
    }


def only(row: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name, "absent") for name in names}


@pytest.fixture
def source(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    subprocess.run(
        [*SEED, "--data", str(sandbox.data_dir), "--from", str(NORTHWIND)], check=True, capture_output=True
    )
    rows = read_csv()
    assert len(rows) == 91
    assert set(sales_accounts(sandbox)) == set(rows)
    return rows


def test_every_customer_arrives_with_every_mapped_field(
    sandbox: Sandbox, pipeline: Pipeline, source: dict[str, dict[str, str]]
) -> None:
    alfki = sales_accounts(sandbox)["ALFKI"]["accountid"]
    status, _, _ = sandbox.call("PATCH", "sales", f"/api/data/v9.2/accounts({alfki})", json=TWO_LINES)
    assert status == 204
    pipeline.prepare_hub()
    pipeline.run("accounts", company="usmf")
    pipeline.run("accounts-direct", company="demf")

    hub = hub_accounts(sandbox)
    numbers = {number: row["accountid"] for number, row in sales_accounts(sandbox).items()}
    assert set(hub) == set(source)
    for number, row in source.items():
        expected = {**hub_row(row), "cdm_sourceid": numbers[number]}
        if number == "ALFKI":
            expected["cdm_mailingpostaladdress_addressline2"] = TWO_LINES["address1_line2"]
        assert only(hub[number], expected) == expected
    for company in ("usmf", "demf"):
        arrived = customers(sandbox, company)
        assert set(arrived) == set(source)
        for number, row in source.items():
            expected = customer(row, company)
            assert only(arrived[number], expected) == expected


def test_the_data_holds_what_the_test_is_for() -> None:
    rows = read_csv()
    assert rows["BSBEV"]["company_name"] == "B's Beverages"
    assert any(row["postal_code"].startswith("0") for row in rows.values())
    assert any(not row["region"] for row in rows.values())
    assert any(len(row["region"]) > 10 for row in rows.values())
    assert any("ö" in row["company_name"] for row in rows.values())
