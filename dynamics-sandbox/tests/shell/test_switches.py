"""Settings of the services: typed at the start, changed and put back while the sandbox runs."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dynamics_sandbox
import pytest
from click.testing import CliRunner
from dynamics_sandbox.cli import main
from dynamics_sandbox.dataverse.settings import DataverseSettings
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.settings import FnoSettings
from dynamics_sandbox.switches import read_texts, switches
from dynamics_sandbox.testing import SandboxProcessError, running

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

D, F = DataverseSettings, FnoSettings


@pytest.mark.parametrize(
    ("kind", "text", "name", "value"),
    [
        (F, "page_size=7", "page_size", 7),
        (F, "retry_after=missing", "retry_after", "missing"),
        (F, "request_limit=null", "request_limit", None),
        (F, "etag_header=false", "etag_header", False),
        (
            FnoSettings,
            "sets_without_privilege=Companies, Warehouses",
            "sets_without_privilege",
            {"Companies", "Warehouses"},
        ),
        (F, 'sales_tax_rates={"CA": "7.250"}', "sales_tax_rates", {"CA": Decimal("7.250")}),
        (F, "invoice_number_format=INV={}", "invoice_number_format", "INV={}"),
        (F, "further_model=/some/where", "further_model", Path("/some/where")),
        (D, "expired_link_code=0x80040216", "expired_link_code", "0x80040216"),
        (
            DataverseSettings,
            'sales.editable_states={"quote": [0, 1]}',
            "sales.editable_states",
            {"quote": (0, 1)},
        ),
        (D, "p2c.misc_tax_name=42", "p2c.misc_tax_name", "42"),
        (
            DataverseSettings,
            "sales.writable_when_closed=statecode",
            "sales.writable_when_closed",
            ("statecode",),
        ),
    ],
)
def test_values_are_read_as_typed(kind: type, text: str, name: str, value: Any) -> None:
    assert read_texts(kind, [text]) == {name: value}


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        (F, "pagesize=5", "There is no setting 'pagesize' of F&O. Did you mean 'page_size'?"),
        (D, "rule_code=0x1", "of Dataverse. Did you mean 'sales.rule_code'?"),
        (D, "zzz=1", "of Dataverse. `dynamics-sandbox settings` lists all."),
        (F, "client_id=x", "There is no setting 'client_id' of F&O"),
        (F, "page_size=0", "0 is no value of the setting 'page_size': Expected `int` >= 1."),
        (F, "retry_after=soon", "'retry_after': use seconds or lengthening or date or missing."),
        (
            D,
            "expired_link_code=expired",
            "is no value of the setting 'expired_link_code': use the form of 0x80040265.",
        ),
        (F, "page_size", "A setting is given as NAME=VALUE, not 'page_size'."),
    ],
)
def test_what_is_no_setting_is_said_in_one_message(kind: type, text: str, problem: str) -> None:
    with pytest.raises(SandboxError) as refused:
        read_texts(kind, [text])
    assert problem in str(refused.value)


def test_serve_refuses_before_anything_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    ended = CliRunner().invoke(main, ["serve", "--data", str(folder), "--fno-setting", "page_sise=5"])
    assert ended.exit_code == 1
    assert ended.output == "Error: There is no setting 'page_sise' of F&O. Did you mean 'page_size'?\n"
    assert not folder.exists()


def test_serve_refuses_names_that_the_model_lacks(tmp_path: Path) -> None:
    ended = CliRunner().invoke(
        main,
        [
            "serve",
            "--base-port",
            "0",
            "--data",
            str(tmp_path),
            "--fno-setting",
            "sets_without_privilege=Company",
        ],
    )
    assert ended.exit_code == 1
    assert ended.output == (
        "Error: The setting 'sets_without_privilege' names the entity set 'Company', which does not exist. "
        "Did you mean 'Companies'?\n"
    )


def test_settings_change_from_the_next_request_and_come_back(sandbox: Sandbox) -> None:
    def companies() -> int:
        return len(sandbox.call("GET", "fno", "Companies?cross-company=true")[2]["value"])

    everything = companies()
    assert everything > 2
    sandbox.change_settings("fno", page_size=2)
    assert companies() == 2
    assert sandbox.settings("fno")["page_size"] == 2
    sandbox.restore_settings()
    assert companies() == everything
    sandbox.change_settings("fno", page_size=2)
    sandbox.reset()
    assert companies() == everything


def test_sales_and_cds_have_settings_of_their_own(sandbox: Sandbox) -> None:
    sandbox.change_settings("sales", page_size=1, **{"sales.rule_code": "0x80040203"})
    assert sandbox.settings("sales")["sales.rule_code"] == "0x80040203"
    assert sandbox.settings("cds")["sales.rule_code"] == "0x80040265"
    pages = [
        "@odata.nextLink" in sandbox.call("GET", name, "transactioncurrencies")[2]
        for name in ("sales", "cds")
    ]
    assert pages == [True, False]


def test_one_bad_setting_changes_none(sandbox: Sandbox) -> None:
    before = sandbox.settings("fno")
    for changes, problem in (
        ({"page_size": 2, "retry_after": "soon"}, "use seconds or lengthening"),
        ({"page_size": 2, "page_sise": 2}, "Did you mean 'page_size'?"),
        ({"page_size": 2, "default_company": "demf"}, "'default_company' is read at the start only"),
        (
            {"sets_without_privilege": ["CustomerV3"]},
            "entity set 'CustomerV3', .* Did you mean 'CustomersV3'?",
        ),
        ({"number_modes": {"CustomersV3.CustomerAcount": "both"}}, "'CustomersV3.CustomerAccount'?"),
        ({"tables_without_stamp": ["Custable"]}, "the table 'Custable', .* Did you mean 'CustTable'?"),
        ({"invoice_number_format": "CIV-{:06"}, r"use the form of CIV-\{:06d\}"),
        ({"delivery_date_control": "atp"}, "use None or SalesLeadTime"),
    ):
        with pytest.raises(SandboxProcessError, match=problem):
            sandbox.change_settings("fno", **changes)
    assert sandbox.settings("fno") == before


def test_an_unknown_environment_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxProcessError, match="no environment 'crm': use sales, cds, fno"):
        sandbox.settings("crm")


def test_the_start_s_settings_reach_the_services_and_the_commands_beside_them(tmp_path: Path) -> None:
    options = ("--fno-setting", "default_company=demf", "--dataverse-setting", "money_digits=2")
    with running(tmp_path, options=options) as sandbox:
        (tmp_path / "csv").mkdir()
        head, row = "CustomerAccount,OrganizationName,CustomerGroupId,SalesCurrencyCode", "C-1,One,10,USD"
        (tmp_path / "csv" / "CustomersV3.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
        command = ["seed", "--data", str(tmp_path), "--from", str(tmp_path / "csv")]
        assert CliRunner().invoke(main, command).exit_code == 0

        (customer,) = sandbox.call("GET", "fno", "CustomersV3?$select=dataAreaId")[2]["value"]
        assert customer["dataAreaId"] == "demf"
        assert [sandbox.settings(name)["money_digits"] for name in ("sales", "cds")] == [2, 2]


def test_the_command_lists_every_setting_with_its_default() -> None:
    listed = json.loads(CliRunner().invoke(main, ["settings", "--json"]).output)
    by_name = {(item["service"], item["name"]): item for item in listed}
    assert len(by_name) == len(listed)
    assert by_name["fno", "retry_after"] == {
        "service": "fno",
        "name": "retry_after",
        "values": "seconds or lengthening or date or missing",
        "default": "seconds",
        "meaning": by_name["fno", "retry_after"]["meaning"],
        "changeable": True,
    }
    assert by_name["dataverse", "p2c.version"]["changeable"] is False
    for item in listed:
        assert item["meaning"].endswith("."), item["name"]
        text = f"{item['name']}={json.dumps(item['default'])}"
        kind = {"dataverse": D, "fno": F}[item["service"]]
        assert set(read_texts(kind, [text])) == {item["name"]}


def test_the_list_is_readable() -> None:
    text = CliRunner().invoke(main, ["settings"]).output
    assert 'fno retry_after = "seconds" (seconds or lengthening or date or missing)\n    ' in text


def test_every_setting_is_obeyed_somewhere() -> None:
    package = Path(dynamics_sandbox.__file__).parent
    told = ("settings.py", "settings_list.py", "switches.py")
    code = "".join(path.read_text("utf-8") for path in package.rglob("*.py") if path.name not in told)
    names = [switch.name.rpartition(".")[2] for kind in (D, F) for switch in switches(kind)]
    assert [name for name in names if not re.search(rf"(?:settings|limits|p2c|sales)\.{name}\b", code)] == []
