"""An environment with tables of its own (Sales): no prefix, system lookups, write modes, rows by id."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import TargetProcess

TEXT = {"type": ["string", "null"]}
ACCOUNTS: dict[str, Any] = {
    "type": "SCHEMA",
    "stream": "accounts",
    "schema": {
        "properties": {
            "accountnumber": TEXT,
            "name": TEXT,
            "creditlimit": {"type": ["number", "null"]},
            "industrycode": {"type": ["integer", "string", "null"]},
            "donotemail": {"type": ["boolean", "null"]},
            "modifiedon": {"type": ["string", "null"], "format": "date-time"},
            "transactioncurrencyid": {
                "type": ["object", "null"],
                "x-lookup": ["transactioncurrency"],
                "properties": {"isocurrencycode": TEXT},
            },
        }
    },
    "key_properties": ["accountnumber"],
}


def record(number: str | None, **fields: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "accounts", "record": {"accountnumber": number, **fields}}


@pytest.fixture
def sales(target: TargetProcess) -> TargetProcess:
    target.sandbox.reset("demo")
    return target


def run(sales: TargetProcess, *lines: dict[str, Any], **settings: Any) -> Any:
    environment = {**sales.sandbox.config("sales"), "publisher_prefix": None, "create_missing": False}
    return sales.run_here([ACCOUNTS, *lines], **{**environment, **settings})


def found(sales: TargetProcess, number: str) -> list[dict[str, Any]]:
    query = f"accounts?$filter=accountnumber eq '{number}'"
    return list(sales.sandbox.call("GET", "sales", query)[2]["value"])


def test_create_then_update_by_alternate_key(sales: TargetProcess) -> None:
    euro = {"isocurrencycode": "EUR"}
    done = run(
        sales,
        record(
            "T-1",
            name="Tëst",
            creditlimit=12.5,
            transactioncurrencyid=euro,
            modifiedon="2001-01-01T00:00:00Z",
        ),
        record("T/2", name="Slash", transactioncurrencyid=euro),
        record("T-3", name="Nowhere", transactioncurrencyid={"isocurrencycode": "XXX"}),
        record(None, name="No number"),
    )
    assert done.code == 0, done.log
    assert sorted(one["code"] for one in done.rejects) == ["blank_key", "parent_missing"]
    (row,) = found(sales, "T-1")
    assert (row["name"], row["creditlimit"]) == ("Tëst", Decimal("12.5"))
    assert row["modifiedon"] > "2002"
    currency = sales.sandbox.call(
        "GET", "sales", f"transactioncurrencies({row['_transactioncurrencyid_value']})"
    )[2]
    assert currency["isocurrencycode"] == "EUR"
    assert [one["name"] for one in found(sales, "T/2")] == ["Slash"]

    again = run(sales, record("T-1", name="Changed", donotemail=True), skip_unchanged=True)
    (summary,) = again.summary
    assert (summary["created"], summary["updated"]) == (0, 1)
    (row,) = found(sales, "T-1")
    assert (row["name"], row["donotemail"], row["creditlimit"]) == ("Changed", True, Decimal("12.5"))


@pytest.mark.parametrize("skip_unchanged", [True, False])
def test_what_is_for_new_rows_only_is_left_alone_afterwards(
    sales: TargetProcess, *, skip_unchanged: bool
) -> None:
    properties = {**ACCOUNTS["schema"]["properties"], "statecode": {"type": "integer", "x-create-only": True}}
    schema = {**ACCOUNTS, "schema": {"properties": properties}}
    settings = {**sales.sandbox.config("sales"), "publisher_prefix": None, "create_missing": False}
    for name, state in (("First", 0), ("Second", 1)):
        lines = [schema, record("T-9", name=name, statecode=state)]
        done = sales.run_here(lines, **settings, skip_unchanged=skip_unchanged)
        assert (done.code, done.rejects) == (0, []), done.log
    (row,) = found(sales, "T-9")
    assert (row["name"], row["statecode"]) == ("Second", 0)


def test_write_modes(sales: TargetProcess) -> None:
    run(sales, record("T-1", name="There"))
    created = run(sales, record("T-1", name="Kept away"), record("T-2", name="New"), write_mode="create")
    assert [(one["created"], one["skipped"]) for one in created.summary] == [(1, 1)]
    updated = run(sales, record("T-1", name="Changed"), record("T-9", name="Not made"), write_mode="update")
    assert [(one["updated"], one["skipped"]) for one in updated.summary] == [(1, 1)]
    assert [one["name"] for one in found(sales, "T-1")] == ["Changed"]
    assert found(sales, "T-9") == []


def test_rows_by_their_id(sales: TargetProcess) -> None:
    schema = {**ACCOUNTS, "key_properties": ["accountid"]}
    schema["schema"] = {"properties": {"accountid": {"type": "string", "format": "uuid"}, "name": TEXT}}
    row_id = "0F8FAD5B-D9CB-469F-A165-70867728950E"
    line = {"type": "RECORD", "stream": "accounts", "record": {"accountid": row_id, "name": "By id"}}
    environment = {**sales.sandbox.config("sales"), "publisher_prefix": None, "create_missing": False}
    for name in ("By id", "Renamed"):
        line["record"]["name"] = name
        done = sales.run_here([schema, line], **environment)
        assert done.code == 0, done.log
        assert done.rejects == []
        row = sales.sandbox.call("GET", "sales", f"accounts({row_id.lower()})")[2]
        assert row["name"] == name


def test_of_several_parents_the_first_that_exists_is_bound(sales: TargetProcess) -> None:
    run(sales, record("T-1", name="Parent"))
    named = {"type": ["object", "null"], "properties": {"accountnumber": TEXT}}
    by_mail = {"type": ["object", "null"], "properties": {"emailaddress1": TEXT}}
    schema = {
        "type": "SCHEMA",
        "stream": "contacts",
        "schema": {
            "properties": {
                "emailaddress1": TEXT,
                "lastname": TEXT,
                "parentcustomerid_contact": by_mail,
                "parentcustomerid_account": named,
            }
        },
        "key_properties": ["emailaddress1"],
    }
    both = {
        "emailaddress1": "eve@example.com",
        "lastname": "Eve",
        "parentcustomerid_contact": {"emailaddress1": "nobody@example.com"},
        "parentcustomerid_account": {"accountnumber": "T-1"},
    }
    environment = {**sales.sandbox.config("sales"), "publisher_prefix": None, "create_missing": False}
    query = "contacts?$filter=emailaddress1 eq 'eve@example.com'"
    for parents, expected in ((both, "T-1"), ({**both, "parentcustomerid_account": None}, None)):
        done = sales.run_here(
            [schema, {"type": "RECORD", "stream": "contacts", "record": parents}], **environment
        )
        assert done.code == 0, done.log
        (row,) = sales.sandbox.call("GET", "sales", query)[2]["value"]
        if expected:
            assert row["_parentcustomerid_value"] == found(sales, expected)[0]["accountid"]
        else:
            assert [one["code"] for one in done.rejects] == ["parent_missing"]
    cleared = {**both, "parentcustomerid_contact": None, "parentcustomerid_account": None}
    sales.run_here([schema, {"type": "RECORD", "stream": "contacts", "record": cleared}], **environment)
    (row,) = sales.sandbox.call("GET", "sales", query)[2]["value"]
    assert row["_parentcustomerid_value"] is None
