"""What the network and the service do wrong while rows are read: no row lost, none invented."""

from __future__ import annotations

from typing import Any

import pytest

GROUPS: dict[str, Any] = {
    "streams": ["CustomerGroups"],
    "select": {"CustomerGroups": ["Description"]},
    "companies": ["usmf"],
}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"status": 500},
        {"drop": True},
    ],
    ids=["throttled", "unavailable", "failed", "dropped"],
)
def test_a_page_that_fails_once_is_read_once(bench: Any, fault: dict[str, Any]) -> None:
    numbers = [bench.group(f"G{number:02}") for number in range(12)]
    expected = sorted(set(bench.groups(bench.sync(**GROUPS))))
    bench.sandbox.faults(environment="fno", method="GET", path="CustomerGroups.*skip", times=1, **fault)
    found = bench.groups(bench.sync(**GROUPS))
    assert bench.sandbox.pending_faults() == []
    assert found == expected
    assert set(numbers) <= set(found)


def test_an_app_that_is_not_entered_in_fno(bench: Any) -> None:
    bench.sandbox.faults(environment="fno", times=99, status=401)
    done = bench.run(**GROUPS, max_retries=0)
    assert done.code == 1
    [error] = done.errors()
    assert "Register the app (`client_id`) in F&O" in error
    assert "Traceback" not in done.log


def test_an_entity_that_may_not_be_read_is_left_out_unless_strict(bench: Any) -> None:
    bench.sandbox.faults(environment="fno", method="GET", path="/CustomerGroups", times=9, status=403)
    config = {**GROUPS, "streams": ["CustomerGroups", "Currencies"]}
    done = bench.sync(**config)
    assert any("skipped, since it may not be read" in warning for warning in done.warnings())
    assert done.records("Currencies")
    strict = bench.run(**config, strict=True)
    assert strict.code == 1
    assert strict.errors()[0].startswith("stream `CustomerGroups`")


def test_the_state_of_another_environment_does_not_count(bench: Any) -> None:
    bench.group("Z1")
    bookmark = {"query": "0123456789abcdef", "replication_key_value": "2099-01-01T00:00:00Z"}
    state = {"bookmarks": {"CustomerGroups": {"partitions": [{"context": {"company": "usmf"}, **bookmark}]}}}
    done = bench.sync(**GROUPS, state=state)
    assert "Z1" in bench.groups(done)
    assert "2099" not in str(done.states()[-1])
