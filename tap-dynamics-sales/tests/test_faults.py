"""What the network and the service do wrong while rows are read: no row lost, none sent twice."""

from __future__ import annotations

from typing import Any

import pytest

BASE = {"streams": ["accounts"], "select": {"accounts": ["name"]}, "page_size": 3}


@pytest.mark.parametrize("method", ["changes", "modified"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"drop": True},
    ],
    ids=["throttled", "unavailable", "dropped"],
)
def test_a_page_that_fails_once_is_read_once(bench: Any, method: str, fault: dict[str, Any]) -> None:
    created = [bench.account(name=f"account {number}") for number in range(8)]
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken", times=1, **fault)
    done = bench.sync(**BASE, replication={"accounts": method})
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)


def test_throttling_is_waited_out_as_long_as_the_service_says(bench: Any) -> None:
    bench.account(name="one")
    bench.sandbox.faults(
        environment="sales", method="GET", path="/accounts", times=1, status=429, headers={"Retry-After": "2"}
    )
    bench.sync(**BASE)
    times = [each["time"] for each in bench.sandbox.requests("sales") if "/accounts?" in each["path"]]
    assert len(times) == 2
    assert 2 <= seconds(times[1]) - seconds(times[0]) < 10


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.partition("T")[2].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_a_snapshot_that_breaks_starts_over_and_loses_nothing(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(8)]
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken", times=9, status=502)
    broken = bench.run(**BASE, max_retries=0)
    assert broken.code == 1
    assert [error.partition(":")[0] for error in broken.errors()] == ["stream `accounts`"]
    assert not any("delta_link" in str(state) for state in broken.states())
    bench.sandbox.clear_faults()
    done = bench.sync(**BASE)
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)


def test_a_broken_delta_keeps_the_old_link(bench: Any) -> None:
    for number in range(2):
        bench.account(name=f"old {number}")
    first = bench.sync(**BASE)
    created = [bench.account(name=f"new {number}") for number in range(5)]
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken", times=9, status=500)
    broken = bench.run(**BASE, max_retries=0, state=first.states()[-1])
    assert broken.code == 1
    assert broken.states()[-1] == first.states()[-1]
    bench.sandbox.clear_faults()
    done = bench.sync(**BASE, state=broken.states()[-1])
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)


def test_a_token_that_ends_in_mid_run_is_renewed(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(5)]
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken", times=1, status=401)
    done = bench.sync(**BASE)
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)


@pytest.mark.parametrize("method", ["changes", "modified", "full"])
@pytest.mark.parametrize(
    "fault",
    [{"truncate": 150}, {"cut_after": 150}, {"expire_token": True}, {"status": 500}, {"status": 429}],
    ids=["truncated", "cut", "token", "500", "429 without a time"],
)
def test_a_spoilt_page_is_asked_for_again(bench: Any, method: str, fault: dict[str, Any]) -> None:
    created = [bench.account(name=f"account {number}") for number in range(8)]
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken", times=1, **fault)
    done = bench.sync(**BASE, replication={"accounts": method})
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)


def test_next_links_that_lead_in_a_circle_end_with_an_error(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(4)]
    root = bench.sandbox.sales + "/api/data/v9.2/accounts"
    page = f'{{"value":[{{"accountid":"{created[0]}"}}],"@odata.nextLink":"{root}?$skiptoken=again"}}'
    bench.sandbox.faults(environment="sales", method="GET", path="/accounts", times=3, status=200, body=page)
    broken = bench.run(**BASE, replication={"accounts": "full"})
    assert broken.code == 1
    [line] = broken.errors()
    assert "stream `accounts`" in line
    assert "circle" in line
    bench.sandbox.clear_faults()
    done = bench.sync(**BASE, replication={"accounts": "full"}, state=(broken.states() or [{}])[-1])
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)


DENIED = '{"error":{"code":"0x80040220","message":"Principal user is missing prvReadContact privilege."}}'


def test_a_table_that_may_not_be_read_is_skipped_with_a_warning(bench: Any) -> None:
    bench.account(name="one")
    bench.call("POST", "contacts", {"lastname": "hidden"})
    deny = {"environment": "sales", "method": "GET", "path": "/contacts", "status": 403, "body": DENIED}
    bench.sandbox.faults(times=9, **deny)
    settings = {
        "streams": ["contacts", "accounts"],
        "select": {"accounts": ["name"], "contacts": ["lastname"]},
    }
    done = bench.run(**settings)
    assert done.code == 0
    assert len(done.records("accounts")) == 1
    assert done.records("contacts") == []
    assert not done.states()[-1]["bookmarks"].get("contacts")
    [skipped] = [line for line in done.warnings() if "skipped" in line]
    assert "prvReadContact" in skipped

    strict = bench.run(**settings, strict=True, replication={"contacts": "full"})
    assert strict.code == 1
    assert "prvReadContact" in strict.errors()[0]
    bench.sandbox.clear_faults()
    after = bench.sync(**settings, state=done.states()[-1])
    assert [record["lastname"] for record in after.records("contacts")] == ["hidden"]


def test_a_role_that_may_not_track_changes_reads_by_time_of_change(bench: Any) -> None:
    created = bench.account(name="one")
    refused = {"environment": "sales", "method": "GET", "status": 403, "body": DENIED}
    bench.sandbox.faults(path=r"/accounts\?\$select=accountid,name$", times=2, **refused)
    first = bench.sync(**BASE)
    assert [record["accountid"] for record in first.records("accounts")] == [created]
    assert [line for line in first.warnings() if "change tracking is refused" in line]
    second = bench.sync(**BASE, state=first.states()[-1])
    assert second.records("accounts") == []


def test_a_column_that_goes_between_discovery_and_read_is_named(bench: Any) -> None:
    bench.account(name="one")
    gone = (
        '{"error":{"code":"0x0","message":"Could not find a property named \'name\' on type '
        "'Microsoft.Dynamics.CRM.account'.\"}}"
    )
    bench.sandbox.faults(
        environment="sales", method="GET", path=r"/accounts\?", times=9, status=400, body=gone
    )
    broken = bench.run(**BASE)
    assert broken.code == 1
    assert "'name'" in broken.errors()[0]
    bench.sandbox.clear_faults()
    assert len(bench.sync(**BASE, state=(broken.states() or [{}])[-1]).records("accounts")) == 1


def test_an_address_too_long_for_a_request_travels_in_a_batch(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(4)]
    condition = " or ".join(f"name eq 'account number {number} that nobody made'" for number in range(600))
    one_page = {**BASE, "page_size": 100}
    done = bench.sync(**one_page, filter={"accounts": f"{condition} or startswith(name,'account')"})
    assert sorted(record["accountid"] for record in done.records("accounts")) == sorted(created)
    assert bench.reads("/accounts?") == []
