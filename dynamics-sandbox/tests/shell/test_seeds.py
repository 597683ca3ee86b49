"""Rows by size, by uploaded files and by folder: one order gives the same rows, and rows like others."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from dynamics_sandbox.cli import main
from dynamics_sandbox.testing import SandboxProcessError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from dynamics_sandbox.testing import Sandbox

ACCOUNTS = 1203  # more than there are patterns
FIRST = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
CUSTOMER = "CustomersV3(dataAreaId='usmf',CustomerAccount='{}')"
CSV = "CustomerGroupId,Description\nUP,Grüße\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def seeded(folder: Path, *arguments: object) -> dict[str, dict[str, Any]]:
    """The accounts of a new data folder by number."""
    assert run("seed", "--data", folder, *arguments).exit_code == 0
    shown = run("show", "--data", folder, "sales", "accounts").stdout.splitlines()
    rows = [json.loads(line, parse_float=Decimal) for line in shown]
    return {row["accountnumber"]: row for row in rows}


def test_the_same_size_and_number_give_the_same_rows(tmp_path: Path) -> None:
    first = seeded(tmp_path / "first", "--accounts", ACCOUNTS)
    second = seeded(tmp_path / "second", "--accounts", ACCOUNTS)
    smaller = seeded(tmp_path / "smaller", "--accounts", 1100, "--contacts", 3)
    other = seeded(tmp_path / "other", "--accounts", 20, "--number", 2)

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in {"@odata.etag", "versionnumber"}}

    assert first == second
    assert all(plain(row) == plain(first[number]) for number, row in smaller.items())
    assert set(first) == {f"S01-{n:08}" for n in range(ACCOUNTS)}
    assert set(other) == {f"S02-{n:08}" for n in range(20)}
    assert not {row["accountid"] for row in first.values()} & {row["accountid"] for row in other.values()}


def test_generated_accounts_have_the_hard_cases(tmp_path: Path) -> None:
    rows = seeded(tmp_path, "--accounts", ACCOUNTS)

    names = {row["name"] for row in rows.values()}
    assert len(names) == len({row["accountid"] for row in rows.values()}) == ACCOUNTS
    assert any("ü" in name for name in names)
    assert any("'" in name for name in names)
    assert Decimal("100000000000000.0000") in {row["revenue"] for row in rows.values()}
    limits = [row["creditlimit"] for row in rows.values()]
    assert None in limits
    assert any(str(limit).endswith("00") for limit in limits)
    assert any(row["address1_stateorprovince"] is None for row in rows.values())
    for n in (0, 7, 1202):
        stamp = (FIRST + n * dt.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert rows[f"S01-{n:08}"]["createdon"] == rows[f"S01-{n:08}"]["modifiedon"] == stamp
    versions = [rows[f"S01-{n:08}"]["versionnumber"] for n in range(ACCOUNTS)]
    assert versions == sorted(set(versions))


def test_generated_rows_are_rows_like_others(sandbox: Sandbox) -> None:
    prefer = {"Prefer": "odata.track-changes"}
    link = sandbox.call("GET", "sales", "accounts?$select=name", headers=prefer)[2]["@odata.deltaLink"]

    assert sandbox.seed(accounts=ACCOUNTS, contacts=5) == [f"accounts: {ACCOUNTS} rows", "contacts: 5 rows"]

    assert len(sandbox.call("GET", "sales", link)[2]["value"]) == ACCOUNTS
    last = "accounts(accountnumber='S01-00001202')"
    expand = "$expand=transactioncurrencyid($select=isocurrencycode)"
    status, headers, row = sandbox.call("GET", "sales", f"{last}?{expand}")
    assert status == 200
    assert row["transactioncurrencyid"]["isocurrencycode"] in {"EUR", "USD", "GBP"}
    match = {"If-Match": headers["ETag"]}
    assert sandbox.call("PATCH", "sales", last, json={"name": "Changed"}, headers=match)[0] == 204
    assert sandbox.call("PATCH", "sales", last, json={"name": "Stale"}, headers=match)[0] == 412
    assert sandbox.call("DELETE", "sales", "accounts(accountnumber='S01-00000000')")[0] == 204
    double = {"name": "Double", "accountnumber": "S01-00000001"}
    assert sandbox.call("POST", "sales", "accounts", json=double)[0] == 412
    with pytest.raises(SandboxProcessError, match="reset first or choose another number"):
        sandbox.seed(accounts=3)
    assert sandbox.seed(accounts=3, number=2) == ["accounts: 3 rows"]


@pytest.mark.parametrize(
    ("size", "more"), [(250, True), (499, True), (500, True), (760, False), (999, False)]
)
def test_pages_are_whole_however_many_pieces_they_are_sent_in(
    sandbox: Sandbox,
    size: int,
    more: bool,  # noqa: FBT001 - a column of the table
) -> None:
    sandbox.seed(accounts=760)
    path = "accounts?$select=accountnumber&$orderby=accountnumber"

    page = sandbox.call("GET", "sales", path, headers={"Prefer": f"odata.maxpagesize={size}"})[2]

    expected = [f"S01-{n:08}" for n in range(min(size, 760))]
    assert [row["accountnumber"] for row in page["value"]] == expected
    assert ("@odata.nextLink" in page) is more


def test_generated_customers_are_rows_like_others(sandbox: Sandbox) -> None:
    sandbox.seed(customers=1100)

    status, headers, row = sandbox.call("GET", "fno", CUSTOMER.format("S01-00001099"))
    assert (status, row["PartyNumber"]) == (200, "01000001099")
    assert row["OrganizationName"].endswith(" 1099")
    match = {"If-Match": headers["ETag"]}
    address = CUSTOMER.format("S01-00001099")
    assert sandbox.call("PATCH", "fno", address, json={"OrganizationName": "C"}, headers=match)[0] == 204
    assert sandbox.call("PATCH", "fno", address, json={"OrganizationName": "D"}, headers=match)[0] == 412
    rows = sandbox.call("GET", "fno", "CustomersV3?$select=PartyNumber,CreditLimit")[2]["value"]
    assert len({row["@odata.etag"] for row in rows}) == len({row["PartyNumber"] for row in rows}) == 1100
    assert Decimal("12345678901234567.89") in {row["CreditLimit"] for row in rows}
    least = {"CustomerAccount": "NEXT", "OrganizationName": "N", "CustomerGroupId": "10"}
    assert sandbox.call("POST", "fno", "CustomersV3", json={**least, "SalesCurrencyCode": "USD"})[0] == 201
    with pytest.raises(SandboxProcessError, match=r"customers cannot be seeded: .*already"):
        sandbox.seed(customers=2)


def test_files_can_be_uploaded_or_named_by_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "CustomerGroups.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "other.csv").write_text("a\n1\n", encoding="utf-8")

    notes = sandbox.seed_csv(tmp_path)
    group = sandbox.call("GET", "fno", "CustomerGroups(dataAreaId='usmf',CustomerGroupId='UP')")[2]
    with pytest.raises(SandboxProcessError, match=r"Customer groups \(CustGroup\)"):
        sandbox.control("POST", "seed", {"folder": str(tmp_path)})

    assert notes[0] == "CustomerGroups.csv: 1 rows into CustomerGroups"
    assert notes[1].startswith("other.csv: ignored")
    assert group["Description"] == "Grüße"


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({}, "Nothing to load"),
        ({"sizes": {"orders": 5}}, "'orders' cannot be seeded by size; accounts, contacts, customers can"),
        ({"sizes": {"accounts": 0}}, "size of accounts must be from 1 to"),
        ({"sizes": {"accounts": 1}, "number": 100}, "number must be from 0 to 99"),
        ({"sizes": {"accounts": "many"}}, "Expected `int`"),
        ({"folder": "/nowhere/at/all"}, "There is no folder /nowhere/at/all"),
        ({"files": {"../x.csv": ""}}, "'../x.csv' is no name of a CSV file"),
        ({"files": {"customers.csv": "a,b\n"}}, r"customers\.csv: column .* is missing"),
    ],
)
def test_an_order_that_cannot_be_is_refused(sandbox: Sandbox, order: dict[str, Any], problem: str) -> None:
    with pytest.raises(SandboxProcessError, match=problem):
        sandbox.control("POST", "seed", order)


def test_commands_seed_keep_and_restore_on_a_stopped_sandbox(tmp_path: Path) -> None:
    def count() -> int:
        return len(run("show", "--data", tmp_path, "sales", "accounts").stdout.splitlines())

    nothing = run("seed", "--data", tmp_path)
    run("seed", "--data", tmp_path, "--accounts", 4)
    kept = run("snapshot", "--data", tmp_path, "four")
    run("reset", "--data", tmp_path)
    empty = count()
    restored = run("restore", "--data", tmp_path, "four")
    unknown = run("restore", "--data", tmp_path, "five")

    assert "use --from or one of --accounts, --contacts, --customers" in nothing.output
    assert (kept.exit_code, restored.exit_code) == (0, 0)
    assert (empty, count()) == (0, 4)
    assert "There is no snapshot 'five'; there are: four" in unknown.output


def test_commands_work_beside_a_running_sandbox_by_its_clock(sandbox: Sandbox) -> None:
    data = sandbox.data_dir
    sandbox.clock.set(FIRST)
    sandbox.clock.freeze()
    file = data / "csv"
    file.mkdir()
    (file / "customers.csv").write_text(
        "customer_id,company_name,address,city,region,postal_code,country,phone,fax\nA1,A,,,,,,,\n"
    )

    run("snapshot", "--data", data, "none")
    seeded = run("seed", "--data", data, "--from", file)
    sandbox.forget_tokens()
    row = sandbox.call("GET", "sales", "accounts(accountnumber='A1')")[2]
    restored = run("restore", "--data", data, "none")
    refused = run("snapshot", "--data", data, "no/name")

    assert (seeded.exit_code, restored.exit_code) == (0, 0)
    assert row["createdon"] == sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sandbox.call("GET", "sales", "accounts(accountnumber='A1')")[0] == 404
    assert "'no/name' cannot be a snapshot's name" in refused.output
