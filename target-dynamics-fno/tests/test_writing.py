"""Customers written into the sandbox by the real command over HTTPS, read back without our code."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from fno_bench import FIELDS, customer, schema, state

if TYPE_CHECKING:
    from fno_bench import FnoBench


def test_new_customers_arrive_field_by_field(bench: FnoBench) -> None:
    row = customer(
        "BSBEV",
        OrganizationName="B's Beverages & Söhne",
        CreditLimit=1200.5,
        OrganizationNumberOfEmployees=17,
        SalesMemo='Zeile 1\nZeile 2 "x" \\ ß',
        AddressStreet="Fauntleroy Circus",
        AddressCity="Köln",
        AddressDescription="B's",
        AddressCountryRegionISOCode="DE",
    )
    run = bench.run([schema(), row, state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    stored = bench.stored("BSBEV")
    assert stored is not None
    expected = {**row["record"], "dataAreaId": "usmf"}
    assert {name: stored[name] for name in expected} == expected
    (line,) = bench.summary()
    assert (line["task"], line["stream"], line["status"]) == ("accounts-to-fno", "CustomersV3", "Completed")
    assert (line["read"], line["created"], line["updated"], line["unchanged"], line["rejected"]) == (
        1,
        1,
        0,
        0,
        0,
    )
    assert line["requests"] > 0
    assert (
        "accounts-to-fno CustomersV3: 1 read, 1 written (1 created, 0 updated), 0 unchanged, 0 rejected"
        in run.log
    )


def test_digits_are_kept(bench: FnoBench) -> None:
    line = (
        '{"type":"RECORD","stream":"CustomersV3","record":{"CustomerAccount":"DIGITS","OrganizationName":"x",'
        '"CustomerGroupId":"10","SalesCurrencyCode":"USD","CreditLimit":1234567890.123456}}'
    )
    assert bench.run([schema(), line]).code == 0
    stored = bench.stored("DIGITS")
    assert stored is not None
    assert Decimal(str(stored["CreditLimit"])) == Decimal("1234567890.123456")


def test_second_run_writes_nothing(bench: FnoBench) -> None:
    rows = [
        customer(f"K{number:03}", CreditLimit=100.25 * number, SalesMemo=None, AddressCity="")
        for number in range(120)
    ]
    first = bench.run([schema(), *rows, state(1)])
    assert first.code == 0, first.log
    before = bench.accounts()
    assert {f"K{number:03}" for number in range(120)} <= before.keys()
    bench.sandbox.forget_requests()
    second = bench.run([schema(), *rows, state(2)])
    assert (second.code, second.states) == (0, [{"at": 2}]), second.log
    assert bench.accounts() == before
    line = bench.summary()[1]
    assert (line["unchanged"], line["written"]) == (120, 0)
    writes = [one["path"] for one in bench.sandbox.requests("fno") if one["method"] != "GET"]
    assert writes == ["/data/$batch"] * 2  # 120 rows read by key, 100 a batch; none written


def test_changing_one_moves_exactly_that_one(bench: FnoBench) -> None:
    rows = [customer(f"K{number}") for number in range(5)]
    bench.run([schema(), *rows])
    before = bench.accounts()
    rows[3] = customer("K3", OrganizationName="Neuer Name")
    bench.run([schema(), *rows])
    after = bench.accounts()
    assert {account for account in after if after[account] != before[account]} == {"K3"}
    line = bench.summary()[1]
    assert (line["updated"], line["unchanged"]) == (1, 4)


def test_only_changed_fields_are_sent(bench: FnoBench) -> None:
    bench.run([schema(), customer("K1", SalesMemo="ours", AddressCity="Berlin")])
    address = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='K1')?cross-company=true"
    bench.sandbox.call("PATCH", "fno", address, json={"KnownAs": "theirs"})
    bench.run([schema(), customer("K1", SalesMemo="ours", AddressCity="Bonn")])
    stored = bench.stored("K1")
    assert stored is not None
    assert (stored["KnownAs"], stored["SalesMemo"], stored["AddressCity"]) == ("theirs", "ours", "Bonn")


def test_null_clears_and_absence_leaves_alone(bench: FnoBench) -> None:
    bench.run([schema(), customer("K1", SalesMemo="text", CreditLimit=5, AddressCity="Bonn")])
    bench.run([schema(), customer("K1", SalesMemo=None, CreditLimit=None)])
    stored = bench.stored("K1")
    assert stored is not None
    assert (stored["SalesMemo"], stored["CreditLimit"], stored["AddressCity"]) == ("", 0, "Bonn")


def test_without_skip_unchanged_every_row_is_sent(bench: FnoBench) -> None:
    bench.run([schema(), customer("K1")], skip_unchanged=False)
    bench.sandbox.forget_requests()
    bench.run([schema(), customer("K1")], skip_unchanged=False)
    writes = [one["path"] for one in bench.sandbox.requests("fno") if one["method"] != "GET"]
    assert writes == ["/data/$batch"] * 2  # one reads the key, one writes
    assert bench.summary()[1]["updated"] == 1


def test_calculated_fields_alone_write_nothing(bench: FnoBench) -> None:
    fields = {**FIELDS, "CreditLimit": {"type": "number", "x-calculated": True}}
    bench.run([schema(**fields), customer("K1", CreditLimit=1)])
    bench.run([schema(**fields), customer("K1", CreditLimit=2)])
    stored = bench.stored("K1")
    assert stored is not None
    assert stored["CreditLimit"] == 1
    bench.run([schema(**fields), customer("K1", CreditLimit=3, SalesMemo="x")])
    stored = bench.stored("K1")
    assert stored is not None
    assert stored["CreditLimit"] == 3


def test_what_is_for_new_rows_only_is_left_alone_afterwards(bench: FnoBench) -> None:
    fields = {**FIELDS, "CreditLimit": {"type": "number", "x-create-only": True}}
    bench.run([schema(**fields), customer("K1", CreditLimit=1)])
    bench.run([schema(**fields), customer("K1", CreditLimit=2, SalesMemo="x")])
    stored = bench.stored("K1")
    assert stored is not None
    assert (stored["CreditLimit"], stored["SalesMemo"]) == (1, "x")
    bench.run([schema(**fields), customer("K1", CreditLimit=3, SalesMemo="x")])
    assert bench.summary()[-1]["unchanged"] == 1


@pytest.mark.parametrize("account", ["O'Hara", "Bär & Söhne", "a=b,c", "100%", "US-+1"])
def test_awkward_keys_are_found_again(bench: FnoBench, account: str) -> None:
    bench.run([schema(), customer(account)])
    run = bench.run([schema(), customer(account, OrganizationName="zwei")])
    assert run.code == 0, run.log
    stored = bench.stored(account)
    assert stored is not None
    assert stored["OrganizationName"] == "zwei"
    assert [(line["created"], line["updated"]) for line in bench.summary()] == [(1, 0), (0, 1)]


def test_two_versions_of_a_row_in_one_run(bench: FnoBench) -> None:
    run = bench.run([schema(), customer("K1", SalesMemo="1"), customer("k1", SalesMemo="2"), state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    stored = bench.stored("K1")
    assert stored is not None
    assert stored["SalesMemo"] == "2"
    assert (bench.summary()[0]["created"], bench.summary()[0]["updated"]) == (1, 1)


def test_two_companies_side_by_side(bench: FnoBench) -> None:
    bench.run([schema(), customer("K1", SalesCurrencyCode="EUR")], company="demf")
    run = bench.run([schema(), customer("K1", OrganizationName="usmf's own")], company="USMF")
    assert run.code == 0, run.log
    assert (bench.stored("K1", "demf") or {})["OrganizationName"] == "Customer K1"
    assert (bench.stored("K1", "usmf") or {})["OrganizationName"] == "usmf's own"
    bench.run([schema(), customer("K1", OrganizationName="neu", SalesCurrencyCode="EUR")], company="demf")
    assert (bench.stored("K1", "demf") or {})["OrganizationName"] == "neu"
    assert (bench.stored("K1", "usmf") or {})["OrganizationName"] == "usmf's own"


def test_rows_may_name_their_company(bench: FnoBench) -> None:
    fields = {**FIELDS, "dataAreaId": {"type": ["string", "null"]}}
    rows = [customer("K1", dataAreaId="demf", SalesCurrencyCode="EUR"), customer("K1", dataAreaId="USMF")]
    run = bench.run([schema(**fields), *rows], company=None)
    assert run.code == 0, run.log
    assert bench.stored("K1", "demf")
    assert bench.stored("K1", "usmf")


def test_write_modes(bench: FnoBench) -> None:
    bench.run([schema(), customer("K1")])
    rows = [customer("K1", OrganizationName="neu"), customer("K2")]
    bench.run([schema(), *rows], write_mode="create")
    assert (bench.stored("K1") or {})["OrganizationName"] == "Customer K1"
    assert bench.stored("K2")
    run = bench.run([schema(), rows[0], customer("K3")], write_mode="update")
    assert (bench.stored("K1") or {})["OrganizationName"] == "neu"
    assert bench.stored("K3") is None
    assert [(one["created"], one["updated"], one["skipped"]) for one in bench.summary()[1:]] == [
        (1, 0, 1),
        (0, 1, 1),
    ]
    assert "1 skipped: the row does not exist and `write_mode` is update" in run.log


def test_deleted_rows_are_left_alone(bench: FnoBench) -> None:
    fields = {**FIELDS, "_sdc_deleted_at": {"type": ["string", "null"], "format": "date-time"}}
    bench.run([schema(**fields), customer("K1")])
    bench.run([schema(**fields), customer("K1", _sdc_deleted_at="2026-01-01T00:00:00Z")])
    assert bench.stored("K1")
    assert bench.summary()[1]["skipped"] == 1


def test_any_entity_set_will_do(bench: FnoBench) -> None:
    fields = {"CustomerGroupId": {"type": "string"}, "Description": {"type": ["string", "null"]}}
    row = {
        "type": "RECORD",
        "stream": "CustomerGroups",
        "record": {"CustomerGroupId": "77", "Description": "Händler"},
    }
    run = bench.run([schema("CustomerGroups", "groups", **fields), row, state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    _status, _headers, stored = bench.sandbox.call(
        "GET", "fno", "/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='77')?cross-company=true"
    )
    assert stored["Description"] == "Händler"
