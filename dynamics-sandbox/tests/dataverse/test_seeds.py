"""What environments hold after a reset, CSV folders, and reading rows without HTTP."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = (
    "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax\n"
)
ROWS = (
    "ALFKI,Alfreds Futterkiste,Maria,,Obere Str. 57,Berlin,,12209,Germany,030-0074321,030-0076545\n"
    "BSBEV,B's Beverages,Victoria Ashworth,Sales,Fauntleroy Circus,London,,EC2 5NT,UK,(171) 555-1212,\n"
    'ANTON,Antonio Moreno Taquería,Antonio,,"Mataderos  2312, bis",México D.F.,,05023,Mexico,(5) 555-3932,\n'
)


def test_the_platform_seed(open_client: Callable[..., Any]) -> None:
    for name in ("sales", "cds"):
        client = open_client(name)
        currencies = client.get("transactioncurrencies?$select=isocurrencycode,exchangerate").rows
        rates = {row["isocurrencycode"]: row["exchangerate"] for row in currencies}
        assert rates == {"USD": Decimal(1), "EUR": Decimal("0.92"), "GBP": Decimal("0.79")}
        organization = client.get("organizations?$expand=basecurrencyid($select=isocurrencycode)").rows[0]
        assert organization["basecurrencyid"]["isocurrencycode"] == "USD"
        assert organization["expirechangetrackingindays"] == 7
        assert len(client.get("businessunits").rows) == len(client.get("systemusers").rows) == 1
        assert (
            client.get(
                "solutions?$filter=uniquename%20eq%20'Default'&$expand=publisherid($select=customizationprefix)"
            ).rows[0]["publisherid"]["customizationprefix"]
            == "new"
        )
    assert client.get("accounts").status == 404


def test_ids_of_one_environment_mean_nothing_in_the_other(sales: Any, cds: Any) -> None:
    euro = sales.currency("EUR")
    assert cds.get(f"transactioncurrencies({euro})").error == (404, "0x80040217")
    assert sales.get("WhoAmI").json["UserId"] != cds.get("WhoAmI").json["UserId"]


def test_the_demo_seed(open_client: Callable[..., Any]) -> None:
    client = open_client("sales", seed="demo")
    rows = {
        row["accountnumber"]: row
        for row in client.get("accounts?$expand=transactioncurrencyid($select=isocurrencycode)").rows
    }
    assert len(rows) == 12
    shown = rows["ACC-01001-MUELLR"]
    assert shown["name"] == "Müller & Söhne GmbH"
    assert shown["creditlimit"] == Decimal("125000.75")
    assert shown["address1_line2"] == "Halle 3, Tor B"
    assert shown["transactioncurrencyid"]["isocurrencycode"] == "EUR"
    assert [row["accountnumber"] for row in rows.values() if row["statecode"] == 1] == ["ACC-01012-CLOSED"]
    assert any("'" in row["name"] for row in rows.values())
    assert any(row["address1_stateorprovince"] is None for row in rows.values())
    # A reset gives the same rows with the same ids.
    before = sorted(row["accountid"] for row in rows.values())
    client.environment.reset("demo")
    assert sorted(row["accountid"] for row in client.get("accounts?$select=name").rows) == before


def test_customers_become_accounts(sales: Any, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(HEADER + ROWS, encoding="utf-8")
    (tmp_path / "orders.csv").write_text("order_id\n1\n", encoding="utf-8")
    notes = sales.environment.seed_csv(tmp_path)
    assert notes[0] == "customers.csv: 3 rows"
    assert notes[1].startswith("orders.csv: ignored")
    row = sales.get("accounts(accountnumber='BSBEV')").json
    assert row["name"] == "B's Beverages"
    assert row["address1_line1"] == "Fauntleroy Circus"
    assert (row["address1_stateorprovince"], row["fax"]) == (None, None)
    assert row["telephone1"] == "(171) 555-1212"
    row = sales.get("accounts(accountnumber='ANTON')").json
    assert (row["address1_postalcode"], row["address1_line1"]) == ("05023", "Mataderos  2312, bis")
    # Loading again changes the same rows.
    sales.environment.seed_csv(tmp_path)
    assert sales.get("accounts/$count").body == b"3"


def test_csv_faults_name_file_line_and_column(sales: Any, cds: Any, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,company_name\n1,A\n", encoding="utf-8")
    with pytest.raises(SandboxError, match=r"customers\.csv: column address, .* missing"):
        sales.environment.seed_csv(tmp_path)
    path.write_text(HEADER + "X" * 21 + ",A,,,,,,,,,\n", encoding="utf-8")
    with pytest.raises(SandboxError, match=r"customers\.csv, line 2: .*accountnumber.*'20'"):
        sales.environment.seed_csv(tmp_path)
    assert cds.environment.seed_csv(tmp_path)[0].startswith("customers.csv: ignored")


def test_a_whole_folder_keeps_every_value(sales: Any, northwind: Path) -> None:
    sales.environment.seed_csv(northwind)
    with (northwind / "customers.csv").open(encoding="utf-8", newline="") as file:
        expected = {record["customer_id"]: record for record in csv.DictReader(file)}
    found = {row["accountnumber"]: row for row in map(json.loads, sales.environment.rows("accounts"))}
    assert found.keys() == expected.keys()
    for number, record in expected.items():
        for name, column in (
            ("company_name", "name"),
            ("postal_code", "address1_postalcode"),
            ("region", "address1_stateorprovince"),
            ("country", "address1_country"),
        ):
            assert found[number][column] == (record[name] or None)


def test_rows_can_be_shown_without_http(sales: Any) -> None:
    sales.post("accounts", {"name": "A", "accountnumber": "A1"})
    (row,) = map(json.loads, sales.environment.rows("accounts", "accountnumber='A1'"))
    assert row["name"] == "A"
    (again,) = map(json.loads, sales.environment.rows("accounts", row["accountid"]))
    assert again["accountnumber"] == "A1"


def test_another_process_s_changes_are_seen(sales: Any, open_client: Callable[..., Any]) -> None:
    other = open_client("sales", seed=None)
    assert other.post("accounts", {"name": "A", "accountnumber": "A1"}).status == 204
    assert sales.get("accounts(accountnumber='A1')").status == 200
    other.environment.reset("demo")
    assert sales.get("accounts/$count").body == b"12"
