"""Bad rows: one reject each, nothing lost, one clear line in the log, delivered once the cause is mended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import TargetProcess


def record(number: str, **fields: Any) -> dict[str, Any]:
    row = {
        "Organization": {"OrganizationId": "ORG001"},
        "AccountId": number,
        "OrganizationName": f"Name {number}",
    }
    return {"type": "RECORD", "stream": "Account", "record": {**row, **fields}}


def test_one_bad_row_among_fifty(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    rows = [record(f"A-{number:02}") for number in range(50)]
    secret = "Geheim" * 30
    rows[17]["record"]["OrganizationName"] = secret
    done = target.run([*organizations, accounts[0], *rows])
    assert done.code == 0, done.log
    assert len(target.rows("cdm_accounts")) == 49
    (reject,) = done.rejects
    assert reject["record"]["AccountId"] == "A-17"
    assert reject["code"] == "too_long"
    assert "OrganizationName" in reject["reason"]
    assert "128" in reject["reason"]
    assert secret not in done.log

    rows[17] = record("A-17", OrganizationName="Short")
    mended = target.run([accounts[0], rows[17]])
    assert mended.rejects == []
    assert len(target.rows("cdm_accounts")) == 50


def test_a_row_the_server_alone_can_refuse(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    """Bound by id to a parent that is not there: the bulk message fails as a whole, the batch tells who."""
    rows = [record(f"A-{number:02}") for number in range(50)]
    lookup = {
        "type": ["object", "null"],
        "x-lookup": ["Account"],
        "properties": {"AccountId": {"type": "string"}},
    }
    schema = json.loads(accounts[0])
    schema["schema"]["properties"]["ParentAccount"] = lookup
    rows[31]["record"]["ParentAccount"] = "99999999-9999-9999-9999-999999999999"
    done = target.run_here([*organizations, schema, *rows])
    assert done.code == 0, done.log
    assert len(target.rows("cdm_accounts")) == 49
    (reject,) = done.rejects
    assert reject["record"]["AccountId"] == "A-31"
    assert reject["code"] == "0x80040217"
    assert "Does Not Exist" in reject["reason"]
    assert reject["request_id"]


BAD_VALUES: list[tuple[str, Any, str]] = [
    ("AccountId", "X" * 21, "too_long"),
    ("AccountId", "", "blank_key"),
    ("AccountId", None, "blank_key"),
    ("EmployeeCount", 2147483648, "out_of_range"),
    ("EmployeeCount", "many", "bad_value"),
    ("DiscountPercentage", 0.1234567, "too_many_digits"),
    ("CustomerSince", "sometimes", "bad_value"),
    ("IsEmailContactAllowed", "perhaps", "unknown_option"),
    ("Organization", {"OrganizationId": ""}, "blank_key"),
    ("Organization", "no guid", "bad_value"),
]


def test_values_that_cannot_be_written(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    rows = []
    for number, (field, value, _code) in enumerate(BAD_VALUES):
        rows += [record(f"GOOD{number}"), record(f"BAD{number}", SourceId=f"{number:032x}")]
        rows[-1]["record"][field] = value
    done = target.run_here([*organizations, accounts[0], *rows])
    assert done.code == 0, done.log
    found = sorted(row["cdm_account_accountid"] for row in target.rows("cdm_accounts"))
    assert found == [f"GOOD{number}" for number in range(len(BAD_VALUES))]
    rejects = {int(one["record"]["SourceId"], 16): one for one in done.rejects}
    assert len(rejects) == len(BAD_VALUES)
    for number, (field, _value, code) in enumerate(BAD_VALUES):
        assert rejects[number]["code"] == code
        assert field in rejects[number]["reason"]


def test_the_organization_is_missing_until_it_is_there(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    rows = [line for line in accounts if '"RECORD"' in line]
    done = target.run([accounts[0], *rows, accounts[-1]])
    assert done.code == 0, done.log
    assert target.rows("cdm_accounts") == []
    assert len(done.rejects) == len(rows)
    assert len(done.states) == 1
    (reason,) = {one["reason"] for one in done.rejects}
    assert reason.startswith("Organization with OrganizationId 'ORG001' does not exist in cdm_organizations")
    assert "the setting `organization` of the mapper" in reason
    told = [line for line in done.log.splitlines() if "does not exist in cdm_organizations" in line]
    assert len(told) == 1
    assert f"{len(rows)} rows rejected" in told[0]
    asked = [
        one["path"]
        for one in target.sandbox.requests("cds")
        if one["path"].partition("?")[0].endswith("/cdm_organizations")
    ]
    assert len(asked) == 1

    created = target.run_here(organizations)
    assert created.code == 0, created.log
    delivered = target.run([accounts[0]])
    assert delivered.code == 0, delivered.log
    assert delivered.rejects == []
    assert len(target.rows("cdm_accounts")) == len(rows)


def test_two_rows_share_what_should_be_a_key(target: TargetProcess) -> None:
    schema: dict[str, Any] = {
        "type": "SCHEMA",
        "stream": "Unit",
        "schema": {
            "properties": {
                "UnitId": {"type": "string", "maxLength": 10},
                "Symbol": {"type": "string", "maxLength": 10},
            }
        },
        "key_properties": ["UnitId"],
    }
    units = [
        {"type": "RECORD", "stream": "Unit", "record": {"UnitId": number, "Symbol": symbol}}
        for number, symbol in (("1", "kg"), ("2", "kg"), ("3", "pcs"))
    ]
    target.run_here([schema, *units])
    schema["key_properties"] = ["Symbol"]
    changed = [
        {"type": "RECORD", "stream": "Unit", "record": {"UnitId": number, "Symbol": symbol}}
        for number, symbol in (("9", "kg"), ("8", "pcs"), ("7", "m"))
    ]
    done = target.run_here([schema, *changed], create_missing=False)
    assert done.code == 0, done.log
    assert [(one["record"]["Symbol"], one["code"]) for one in done.rejects] == [("kg", "ambiguous_key")]
    found = sorted((row["cdm_symbol"], row["cdm_unit_unitid"]) for row in target.rows("cdm_units"))
    assert found == [("kg", "1"), ("kg", "2"), ("m", "7"), ("pcs", "8")]


def test_case_makes_no_second_row(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    one, other = record("ABC/1", OrganizationName="First"), record("abc/1", OrganizationName="Second")
    done = target.run_here(
        [*organizations, accounts[0], one, other, record("x-1"), record("X-1", OrganizationName="Last")]
    )
    assert done.code == 0, done.log
    assert done.rejects == []
    found = {row["cdm_account_accountid"]: row["cdm_organizationname"] for row in target.rows("cdm_accounts")}
    assert found == {"ABC/1": "Second", "x-1": "Last"}
