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
