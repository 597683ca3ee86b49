"""What goes wrong gives one clear message, leaks nothing and loses nothing: once mended, rows arrive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.entering import change, enter
from tests.end_to_end.reading import customers, hub_accounts

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Outcome, Pipeline

_PERSONAL = "Erika Mustermann Handelsgesellschaft"


def clean(outcome: Outcome, sandbox: Sandbox) -> None:
    """No traceback, no secret, no row content in the log."""
    assert "Traceback" not in outcome.log
    assert sandbox.client_secret not in outcome.log
    assert "Bearer ey" not in outcome.log
    assert _PERSONAL not in outcome.log


def errors(outcome: Outcome) -> list[str]:
    """Lines of the log that a plugin marked as an error."""
    return [line for line in outcome.log.splitlines() if "ERROR" in line or "[error" in line]


@pytest.fixture
def account(sandbox: Sandbox) -> dict[str, Any]:
    return enter(sandbox, name=_PERSONAL)


BROKEN_SETTINGS = {
    "wrong secret": ({"TAP_DYNAMICS_SALES_CLIENT_SECRET": "not-the-secret"}, ["client_secret"]),
    "missing setting": ({"TAP_DYNAMICS_SALES_TENANT_ID": ""}, ["tenant_id"]),
    "unreachable host": (
        {"TAP_DYNAMICS_SALES_ENVIRONMENT_URL": "https://localhost:1"},
        ["environment_url", "localhost:1"],
    ),
    "certificate not trusted": ({"TAP_DYNAMICS_SALES_CA_BUNDLE": ""}, ["ca_bundle"]),
    "unknown company": ({"TARGET_DYNAMICS_FNO_COMPANY": "nope"}, ["company", "nope", "usmf"]),
}


@pytest.mark.parametrize(("settings", "named"), BROKEN_SETTINGS.values(), ids=BROKEN_SETTINGS.keys())
def test_a_broken_setting_stops_the_run_with_one_message_that_names_it(
    sandbox: Sandbox,
    pipeline: Pipeline,
    account: dict[str, Any],
    settings: dict[str, str],
    named: list[str],
) -> None:
    broken = pipeline.meltano("run", "accounts-direct", company="usmf", settings=settings)
    assert broken.code != 0
    clean(broken, sandbox)
    assert settings.get("TAP_DYNAMICS_SALES_CLIENT_SECRET", "no such text") not in broken.log
    assert any(all(word in line for word in named) for line in errors(broken)), broken.log

    pipeline.run("accounts-direct", company="usmf")
    assert set(customers(sandbox, "usmf")) == {account["accountnumber"]}


def test_a_missing_organization_rejects_the_rows_and_the_next_run_delivers_them(
    sandbox: Sandbox, pipeline: Pipeline, account: dict[str, Any]
) -> None:
    first = pipeline.meltano("run", "accounts")
    clean(first, sandbox)
    assert first.code == 0
    assert hub_accounts(sandbox) == {}
    told = [line for line in first.log.splitlines() if "Organization" in line and "ORG001" in line]
    assert len(told) == 1, first.log
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
    clean(first, sandbox)
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
    clean(first, sandbox)
    assert first.code == 0
    assert hub_accounts(sandbox) == {}
    assert any("AccountId" in line and "20" in line for line in first.log.splitlines()), first.log
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
