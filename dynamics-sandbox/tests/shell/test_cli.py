"""The commands, beside a running sandbox and without one."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from dynamics_sandbox.cli import main
from dynamics_sandbox.testing import running

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

CUSTOMERS = """\
customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax
BSBEV,B's Beverages,Victoria Ashworth,Rep,Fauntleroy Circus,London,,EC2 5NT,UK,(171) 555-1212,
FRANK,Frankenversand,Peter Franken,Owner,Berliner Platz 43,München,,08080,Germany,089-0877310,089-0877451
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "csv"
    made.mkdir()
    (made / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (made / "shippers.csv").write_text("shipper_id\n1\n", encoding="utf-8")
    return made


def test_seed_loads_customers_and_show_prints_them(tmp_path: Path, folder: Path) -> None:
    data = tmp_path / "data"

    seeded = run("seed", "--data", data, "--from", folder)
    shown = rows(run("show", "--data", data, "sales", "accounts"))
    one = rows(run("show", "--data", data, "sales", "accounts", "accountnumber='FRANK'"))

    assert seeded.exit_code == 0
    assert "customers.csv: 2" in seeded.output
    assert "shippers.csv: ignored" in seeded.output
    assert sorted(row["name"] for row in shown) == ["B's Beverages", "Frankenversand"]
    assert [(row["address1_city"], row["address1_postalcode"]) for row in one] == [("München", "08080")]


def test_seed_show_and_reset_work_beside_a_running_sandbox(tmp_path: Path, folder: Path) -> None:
    with running(tmp_path) as sandbox:
        before = sandbox.call("GET", "sales", "accounts?$select=name")[2]["value"]
        run("seed", "--data", tmp_path, "--from", folder)
        served = sandbox.call("GET", "sales", "accounts?$select=name&$orderby=name")[2]["value"]
        shown = rows(run("show", "--data", tmp_path, "sales", "accounts"))
        reset = run("reset", "--data", tmp_path)
        after = sandbox.call("GET", "sales", "accounts?$select=name")[2]["value"]

    assert before == after == []
    assert [row["name"] for row in served] == ["B's Beverages", "Frankenversand"]
    assert len(shown) == 2
    assert reset.exit_code == 0


def test_reset_without_a_server_starts_over(tmp_path: Path, folder: Path) -> None:
    run("seed", "--data", tmp_path, "--from", folder)

    assert run("reset", "--data", tmp_path, "--seed", "demo").exit_code == 0

    demo = rows(run("show", "--data", tmp_path, "sales", "accounts"))
    assert len(demo) >= 10
    assert not {"BSBEV", "FRANK"} & {row["accountnumber"] for row in demo}
    assert run("reset", "--data", tmp_path).exit_code == 0
    assert rows(run("show", "--data", tmp_path, "sales", "accounts")) == []


def test_show_prints_finance_and_operations_too(tmp_path: Path, folder: Path) -> None:
    run("seed", "--data", tmp_path, "--from", folder)

    groups = rows(run("show", "--data", tmp_path, "fno", "CustomerGroups"))

    assert {row["CustomerGroupId"] for row in groups} >= {"10", "20", "30", "80"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("show", "sales", "accounts"), "There is no sandbox data in"),
        (("reset",), "There is no sandbox data in"),
    ],
)
def test_commands_on_a_folder_without_data_say_so(
    tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    result = run(arguments[0], "--data", tmp_path / "nothing", *arguments[1:])

    assert result.exit_code == 1
    assert problem in result.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("sales", "acounts"), "acounts"),
        (("fno", "customers"), "customers"),
        (("sales", "accounts", "accountnumber='none'"), "does not exist"),
        (("fno", "CustomerGroups", "none"), "There is no row (none) among the CustomerGroups of fno"),
    ],
)
def test_show_names_what_it_does_not_find(
    tmp_path: Path, folder: Path, arguments: tuple[str, ...], problem: str
) -> None:
    run("seed", "--data", tmp_path, "--from", folder)

    result = run("show", "--data", tmp_path, *arguments)

    assert result.exit_code == 1
    assert problem in result.output
    assert "Traceback" not in result.output


def test_seed_names_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("customer_id,name\nA,B\n", encoding="utf-8")

    result = run("seed", "--data", tmp_path / "data", "--from", tmp_path)

    assert result.exit_code == 1
    assert "customers.csv" in result.output
    assert "company_name" in result.output


def test_impossible_settings_are_named(tmp_path: Path) -> None:
    refused = run("serve", "--data", tmp_path, "--base-port", "65534")
    negative = run("serve", "--data", tmp_path, "--token-lifetime", "0")

    assert (refused.exit_code, negative.exit_code) == (1, 1)
    assert "base-port 65534" in refused.output
    assert "token-lifetime must be 1 or more" in negative.output


@pytest.mark.parametrize("command", ["serve", "seed", "reset", "snapshot", "restore", "show"])
def test_every_command_explains_itself(command: str) -> None:
    overview, details = run("--help"), run(command, "--help")

    assert command in overview.output
    assert "--data" in details.output


def test_the_version_is_told() -> None:
    assert run("--version").output.rstrip().endswith(version("dynamics-sandbox"))
