"""Faults of the service: waits, repetitions, lost answers, races, slow keys, missing rights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import TargetProcess

ROW_COUNT = 12


@pytest.fixture
def ready(target: TargetProcess, organizations: list[str], accounts: list[str]) -> TargetProcess:
    """A hub whose tables are there and whose accounts are not."""
    done = target.run_here([*organizations, accounts[0]])
    assert done.code == 0, done.log
    target.sandbox.forget_requests()
    return target


LOST_ANSWER = {"drop": True, "after_commit": True}


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("UpsertMultiple", {"status": 429, "headers": {"Retry-After": "1"}}),
        ("UpsertMultiple", {"status": 503, "headers": {"Retry-After": "1"}}),
        ("UpsertMultiple", {"status": 500}),
        ("UpsertMultiple", {"status": 500, "after_commit": True}),
        ("UpsertMultiple", {"drop": True}),
        ("UpsertMultiple", LOST_ANSWER),
        (r"\$batch", {"status": 429, "headers": {"Retry-After": "0"}, "times": 3}),
        (r"\$batch", {"status": 500}),
        (r"\$batch", LOST_ANSWER),
    ],
)
def test_nothing_is_lost_or_doubled(
    ready: TargetProcess, accounts: list[str], message: str, fault: dict[str, Any]
) -> None:
    settings = {"skip_unchanged": message != "UpsertMultiple", "create_missing": False}
    ready.sandbox.faults(**{"environment": "cds", "method": "POST", "path": message, "times": 1, **fault})
    done = ready.run_here(accounts, **settings)
    assert done.code == 0, done.log
    assert done.rejects == []
    assert len(ready.rows("cdm_accounts")) == ROW_COUNT
    assert len(done.states) == 1


def test_a_service_that_stays_away_keeps_the_state_back(ready: TargetProcess, accounts: list[str]) -> None:
    ready.sandbox.faults(environment="cds", method="POST", path="UpsertMultiple", times=50, status=500)
    broken = ready.run_here(accounts, max_retries=1, create_missing=False)
    assert broken.code == 1
    assert broken.states == []
    ready.sandbox.clear_faults()
    done = ready.run_here(accounts)
    assert done.code == 0, done.log
    assert len(ready.rows("cdm_accounts")) == ROW_COUNT


def test_tables_are_made_though_answers_get_lost(target: TargetProcess, accounts: list[str]) -> None:
    for path in ("EntityDefinitions$", "/Attributes", "RelationshipDefinitions", "/Keys"):
        target.sandbox.faults(
            environment="cds", method="POST", path=path, times=1, drop=True, after_commit=True
        )
    done = target.run_here(accounts[:1])
    assert done.code == 0, done.log
    grown = json.loads(accounts[0])
    grown["schema"]["properties"]["WebsiteURL"] = {"type": ["string", "null"], "maxLength": 255}
    assert target.run_here([grown]).code == 0


def test_a_key_that_is_still_being_built_is_waited_for(
    target: TargetProcess, organizations: list[str]
) -> None:
    pending = {
        "value": [
            {
                "SchemaName": "cdm_Organization_Key",
                "KeyAttributes": ["cdm_organization_organizationid"],
                "EntityKeyIndexStatus": "Pending",
            }
        ]
    }
    target.sandbox.faults(
        environment="cds",
        method="GET",
        path=r"cdm_organization.*/Keys",
        times=2,
        status=200,
        headers={"Content-Type": "application/json"},
        body=json.dumps(pending),
    )
    done = target.run_here(organizations)
    assert done.code == 0, done.log
    assert len(target.rows("cdm_organizations")) == 2
    asked = [
        one for one in target.sandbox.requests("cds") if "/Keys?" in one["path"] and one["method"] == "GET"
    ]
    assert len(asked) == 3


def test_a_key_that_failed_ends_the_run_with_what_to_do(
    target: TargetProcess, organizations: list[str]
) -> None:
    failed = {
        "value": [{"KeyAttributes": ["cdm_organization_organizationid"], "EntityKeyIndexStatus": "Failed"}]
    }
    target.sandbox.faults(
        environment="cds",
        method="GET",
        path=r"/Keys",
        times=1,
        status=200,
        headers={"Content-Type": "application/json"},
        body=json.dumps(failed),
    )
    done = target.run_here(organizations)
    assert done.code == 1
    assert "cdm_organization over cdm_organization_organizationid could not be activated" in done.log
    assert "reactivate the key" in done.log


def test_a_row_that_came_between_the_look_and_the_write_is_updated(
    ready: TargetProcess, accounts: list[str]
) -> None:
    """The look is answered as if nothing were there; the key with a slash then meets the row that is."""
    slash = [line for line in accounts if '"A/B"' in line]
    ready.run_here([accounts[0], *slash])
    ready.sandbox.faults(
        environment="cds",
        method="GET",
        path="/cdm_accounts",
        times=1,
        status=200,
        headers={"Content-Type": "application/json"},
        body='{"value":[]}',
    )
    changed = slash[0].replace("Slash in its number", "Changed meanwhile")
    done = ready.run_here([accounts[0], changed], skip_unchanged=True)
    assert done.code == 0, done.log
    assert done.rejects == []
    (row,) = ready.rows("cdm_accounts")
    assert row["cdm_organizationname"] == "Changed meanwhile"
    (summary,) = [one for one in done.summary if one["stream"] == "Account"]
    assert (summary["created"], summary["updated"]) == (0, 1)


def test_a_refused_bulk_message_goes_once_more_row_by_row(ready: TargetProcess, accounts: list[str]) -> None:
    ready.sandbox.faults(
        environment="cds",
        method="POST",
        path="UpsertMultiple",
        times=1,
        status=400,
        headers={"Content-Type": "application/json"},
        body='{"error":{"code":"0x80040216","message":"An unexpected error occurred."}}',
    )
    done = ready.run_here(accounts, create_missing=False)
    assert done.code == 0, done.log
    assert len(ready.rows("cdm_accounts")) == ROW_COUNT
    assert done.rejects == []


def test_a_missing_privilege_ends_the_run(ready: TargetProcess, accounts: list[str]) -> None:
    told = (
        '{"error":{"code":"0x80040220","message":"Principal user is missing prvWritecdm_Account privilege"}}'
    )
    ready.sandbox.faults(
        environment="cds",
        method="POST",
        path="Multiple",
        times=5,
        status=403,
        headers={"Content-Type": "application/json"},
        body=told,
    )
    done = ready.run_here(accounts, create_missing=False)
    assert done.code == 1
    assert "prvWritecdm_Account" in done.log
    assert done.states == []
