"""What is done with a row, and how it is put into requests."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from dynamics_singer.target.rows import Outcome, Row
from dynamics_singer.target.schema import parse_schema
from target_dynamics_cds.drafts import Draft
from target_dynamics_cds.operations import Operation, batch_part, bulk_body, creation, decide
from target_dynamics_cds.plan import LookupFields, Planner, StreamPlan

ORGANIZATION_ID = "11111111-1111-1111-1111-111111111111"
ROW_ID = "22222222-2222-2222-2222-222222222222"
TEXT = {"type": ["string", "null"]}


@pytest.fixture
def plan(hub: Planner) -> StreamPlan:
    organization = {"type": "object", "x-lookup": ["Organization"], "properties": {"OrganizationId": TEXT}}
    properties = {
        "Organization": organization,
        "AccountId": TEXT,
        "OrganizationName": TEXT,
        "CreditLimitAmount": {"type": "number", "x-calculated": True},
        "Code": TEXT,
    }
    return hub.plan(parse_schema("Account", {"properties": properties}, ("Organization", "AccountId"), b""))


def draft(number: str = "A'1", **values: Any) -> Draft:
    return Draft(
        Row("Account", {}, b"{}"),
        key=(UUID(ORGANIZATION_ID), number),
        values={"_cdm_organizationid_value": ORGANIZATION_ID, "cdm_account_accountid": number, **values},
        bindings={"_cdm_organizationid_value": ("cdm_OrganizationId", "cdm_organizations")},
    )


def test_a_new_row_goes_by_its_key_which_is_not_repeated(plan: StreamPlan) -> None:
    operation = creation(plan, draft(cdm_organizationname="Ä"), by_key=True)
    assert operation.key == f"(_cdm_organizationid_value={ORGANIZATION_ID},cdm_account_accountid='A%27%271')"
    assert operation.body == {"cdm_organizationname": "Ä"}
    assert json.loads(bulk_body(plan, [operation])) == {
        "Targets": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.cdm_account",
                "@odata.id": f"cdm_accounts{operation.key}",
                "cdm_organizationname": "Ä",
            }
        ]
    }


@pytest.mark.parametrize("number", ["A/1", "50%", "a#b", "x+y", "who?", "C:\\x", "<b>", "a&b", "*"])
def test_a_key_no_address_can_carry_goes_into_the_body_under_a_new_id(plan: StreamPlan, number: str) -> None:
    operation = creation(plan, draft(number), by_key=True)
    assert operation.key == ""
    assert UUID(operation.row_id).version == 4
    assert operation.body == {
        "cdm_OrganizationId@odata.bind": f"/cdm_organizations({ORGANIZATION_ID})",
        "cdm_account_accountid": number,
    }


def test_an_update_has_only_what_may_change(plan: StreamPlan) -> None:
    existing = {"cdm_accountid": ROW_ID, "cdm_organizationname": "Old", "cdm_code": None}
    row = draft(cdm_organizationname="New", cdm_code="fixed")
    decided = decide(plan, row, existing, mode="upsert", skip_unchanged=False)
    assert isinstance(decided, Operation)
    assert (decided.kind, decided.row_id) == ("update", ROW_ID)
    assert decided.body == {"cdm_organizationname": "New"}
    part = batch_part(plan, decided)
    assert (part.method, part.url, part.headers["If-Match"]) == ("PATCH", f"cdm_accounts({ROW_ID})", "*")


def test_differences_alone_are_sent(plan: StreamPlan) -> None:
    existing = {"cdm_accountid": ROW_ID, "cdm_organizationname": "Same", "cdm_creditlimitamount": 1}
    same = draft(cdm_organizationname="Same", cdm_creditlimitamount=2)
    assert decide(plan, same, existing, mode="upsert", skip_unchanged=True) == Outcome("unchanged")
    other = draft(cdm_organizationname="Other", cdm_creditlimitamount=2)
    decided = decide(plan, other, existing, mode="upsert", skip_unchanged=True)
    assert isinstance(decided, Operation)
    assert decided.body == {"cdm_organizationname": "Other", "cdm_creditlimitamount": 2}


@pytest.mark.parametrize(("mode", "existing"), [("create", {"cdm_accountid": ROW_ID}), ("update", None)])
def test_rows_the_write_mode_leaves_alone(plan: StreamPlan, mode: Any, existing: Any) -> None:
    decided = decide(plan, draft(), existing, mode=mode, skip_unchanged=False)
    assert isinstance(decided, Outcome)
    assert decided.kind == "skipped"
    assert mode in decided.reason


def test_a_lookup_is_cleared_under_its_navigation_property(plan: StreamPlan) -> None:
    row = draft(_cdm_parentaccountid_value=None)
    row.bindings["_cdm_parentaccountid_value"] = ("cdm_ParentAccountId", "cdm_accounts")
    existing = {"cdm_accountid": ROW_ID, "_cdm_parentaccountid_value": ORGANIZATION_ID}
    parent = LookupFields(plan.table.columns["_cdm_parentaccountid_value"], ())
    whole = StreamPlan(plan.stream, plan.table, plan.plain, (*plan.lookups, parent), plan.mode, plan.key)
    decided = decide(whole, row, existing, mode="upsert", skip_unchanged=True)
    assert isinstance(decided, Operation)
    assert decided.body == {"cdm_ParentAccountId@odata.bind": None}
