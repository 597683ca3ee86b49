"""What goes wrong gives one clear message, leaks nothing and loses nothing: once mended, rows arrive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.entering import change, enter
from tests.end_to_end.piping import accounts_direct
from tests.end_to_end.reading import customers, hub_accounts

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Pipeline

_PERSONAL = "Erika Mustermann Handelsgesellschaft"


def clean(log: str, sandbox: Sandbox) -> None:
    """No traceback, no secret, no row content in the log."""
    assert "Traceback" not in log
    assert sandbox.client_secret not in log
    assert "Bearer ey" not in log
    assert _PERSONAL not in log


def told(log: str, *words: str) -> list[str]:
    """Lines of the log that hold all of these words."""
    return [line for line in log.splitlines() if all(word in line for word in words)]


@pytest.fixture
def account(sandbox: Sandbox) -> dict[str, Any]:
    return enter(sandbox, name=_PERSONAL)


NOWHERE = "https://localhost:1"
BROKEN_SETTINGS = {
    "wrong secret": ("tap-dynamics-sales", {"client_secret": "not-the-secret"}, ["client_secret"]),
    "wrong application": (
        "target-dynamics-fno",
        {"client_id": "1c7c2c8c-53f2-4be6-8c9c-0f9b1ab9b0aa"},
        ["client_id"],
    ),
    "missing setting": ("tap-dynamics-sales", {"tenant_id": None}, ["tenant_id"]),
    "unknown setting": ("target-dynamics-fno", {"compamy": "usmf"}, ["compamy", "company"]),
    "unknown environment": (
        "tap-dynamics-sales",
        {"environment_url": NOWHERE},
        ["AADSTS500011", "environment_url"],
    ),
    "unreachable host": (
        "tap-dynamics-sales",
        {"environment_url": NOWHERE, "auth": "access_token", "access_token": "elsewhere", "max_retries": 1},
        ["environment_url", "localhost:1"],
    ),
    "unreachable sign-in": (
        "tap-dynamics-sales",
        {"authority_host": NOWHERE},
        ["authority_host", "localhost:1"],
    ),
    "certificate not trusted": ("target-dynamics-fno", {"ca_bundle": None}, ["ca_bundle"]),
    "unknown company": ("target-dynamics-fno", {"company": "nope"}, ["company", "nope", "usmf"]),
    "unknown template": ("mapper-p2c", {"template": "acounts-direct"}, ["acounts-direct", "accounts-direct"]),
}


@pytest.mark.parametrize(
    ("plugin", "settings", "named"), BROKEN_SETTINGS.values(), ids=BROKEN_SETTINGS.keys()
)
def test_a_broken_setting_stops_the_plugin_with_one_message_that_names_it(
    sandbox: Sandbox,
    account: dict[str, Any],
    tmp_path: Path,
    plugin: str,
    settings: dict[str, Any],
    named: list[str],
) -> None:
    broken = accounts_direct(sandbox, tmp_path, overrides={plugin: settings})
    log = broken.logs[plugin]
    assert broken.codes[plugin] == 1
    clean(log, sandbox)
    assert "not-the-secret" not in log
    assert len(told(log, "ERROR")) == 1, log
    assert told(log, "ERROR", *named), log
    assert customers(sandbox, "usmf") == {}

    mended = accounts_direct(sandbox, tmp_path)
    assert set(mended.codes.values()) == {0}
    assert set(customers(sandbox, "usmf")) == {account["accountnumber"]}


def test_meltano_ends_with_an_error_when_a_plugin_does_and_delivers_once_it_is_mended(
    sandbox: Sandbox, pipeline: Pipeline, account: dict[str, Any]
) -> None:
    wrong = {"TARGET_DYNAMICS_FNO_CLIENT_SECRET": "not-the-secret"}
    broken = pipeline.meltano("run", "accounts-direct", settings=wrong)
    assert broken.code != 0
    clean(broken.log, sandbox)
    assert "not-the-secret" not in broken.log
    assert told(broken.log, "client_secret"), broken.log

    pipeline.run("accounts-direct", company="usmf")
    assert set(customers(sandbox, "usmf")) == {account["accountnumber"]}


def test_a_missing_organization_rejects_the_rows_and_the_next_run_delivers_them(
    sandbox: Sandbox, pipeline: Pipeline, account: dict[str, Any]
) -> None:
    first = pipeline.meltano("run", "accounts")
    clean(first.log, sandbox)
    assert first.code == 0
    assert hub_accounts(sandbox) == {}
    assert len(told(first.log, "Organization", "ORG001")) == 1, first.log
    assert _last(pipeline, "target-dynamics-cds")["status"] == "Error"

    pipeline.prepare_hub()
    pipeline.run("accounts")
    assert set(hub_accounts(sandbox)) == {account["accountnumber"]}
    assert set(customers(sandbox, "usmf")) == {account["accountnumber"]}
    assert _rejects(pipeline) == []


def test_a_customer_group_that_is_missing_is_named_and_the_row_arrives_once_it_exists(
    sandbox: Sandbox, pipeline: Pipeline, account: dict[str, Any]
) -> None:
    group = "/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')?cross-company=true"
    assert sandbox.call("DELETE", "fno", group)[0] == 204
    first = pipeline.meltano("run", "accounts-direct")
    clean(first.log, sandbox)
    assert first.code == 0
    assert customers(sandbox, "usmf") == {}
    assert any(
        "Customer group" in line and account["accountnumber"] in line for line in first.log.splitlines()
    )
    [reject] = _rejects(pipeline)
    assert reject["record"]["CustomerAccount"] == account["accountnumber"]

    body = {"dataAreaId": "usmf", "CustomerGroupId": "10", "Description": "Wholesale"}
    assert sandbox.call("POST", "fno", "/data/CustomerGroups", json=body)[0] == 201
    pipeline.run("accounts-direct")
    assert set(customers(sandbox, "usmf")) == {account["accountnumber"]}
    assert _rejects(pipeline) == []


def test_an_account_number_of_21_characters_is_a_reject_until_it_is_shortened(
    sandbox: Sandbox, pipeline: Pipeline, account: dict[str, Any]
) -> None:
    widened = sandbox.call(
        "PUT",
        "sales",
        "/api/data/v9.2/EntityDefinitions(LogicalName='account')/Attributes(LogicalName='accountnumber')",
        json={
            "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
            "LogicalName": "accountnumber",
            "SchemaName": "AccountNumber",
            "MaxLength": 40,
        },
        headers={"MSCRM.MergeLabels": "true"},
    )
    assert widened[0] == 204, widened
    number = "A" * 21
    change(sandbox, account, accountnumber=number)
    pipeline.prepare_hub()

    first = pipeline.meltano("run", "accounts")
    clean(first.log, sandbox)
    assert first.code == 0
    assert hub_accounts(sandbox) == {}
    assert told(first.log, "AccountId", "20"), first.log
    [reject] = _rejects(pipeline)
    assert reject["record"]["accountnumber"] == number

    change(sandbox, account, accountnumber="A" * 20)
    pipeline.run("accounts")
    assert set(customers(sandbox, "usmf")) == {"A" * 20}
    assert _rejects(pipeline) == []


def _last(pipeline: Pipeline, plugin: str) -> dict[str, Any]:
    return [line for line in pipeline.summaries() if line["plugin"] == plugin][-1]


def _rejects(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Every reject that any plugin of the company still keeps."""
    folder: Path = pipeline.home / "usmf" / "rejects"
    lines = [
        line
        for path in sorted(folder.glob("**/*.singer"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [message for message in map(json.loads, lines) if message["type"] == "RECORD"]
