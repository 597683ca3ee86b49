"""A change of a parent that filter or expansion look at brings its children, whenever they were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.testing import Sandbox

ACTIVE_PARENTS = {
    "streams": ["contacts"],
    "select": {"contacts": ["lastname"]},
    "filter": {"contacts": "parentcustomerid_account/statecode eq 0"},
}
NAMED_PARENTS = {
    "streams": ["contacts"],
    "select": {"contacts": ["lastname"]},
    "expand": {"contacts": ["parentcustomerid_account.name"]},
}


@dataclass(frozen=True)
class Days:
    """The sandbox's clock; a token of another day is worth nothing."""

    sandbox: Sandbox

    def advance(self, **step: float) -> None:
        self.sandbox.clock.advance(**step)
        self.sandbox.forget_tokens()


@pytest.fixture
def days(bench: Any) -> Iterator[Days]:
    """A clock thirty days back, so that days may pass."""
    clock = bench.sandbox.clock
    clock.set(datetime.now(timezone.utc) - timedelta(days=30))
    bench.sandbox.forget_tokens()
    yield Days(bench.sandbox)
    clock.real()
    bench.sandbox.forget_tokens()


def contact(bench: Any, name: str, account: str) -> str:
    fields = {"lastname": name, "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    return str(bench.call("POST", "contacts", fields)["contactid"])


def names(done: Any) -> list[str]:
    return sorted(record["lastname"] for record in done.records("contacts"))


def test_a_parent_activated_days_later_brings_children_made_before(bench: Any, days: Days) -> None:
    open_account, shut = bench.account(name="open"), bench.account(name="shut")
    bench.call("PATCH", f"accounts({shut})", {"statecode": 1, "statuscode": 2})
    contact(bench, "early", shut)
    contact(bench, "other", open_account)
    days.advance(days=1)
    first = bench.sync(**ACTIVE_PARENTS)
    assert names(first) == ["other"]
    days.advance(days=5)
    bench.call("PATCH", f"accounts({shut})", {"statecode": 0, "statuscode": 1})
    second = bench.sync(**ACTIVE_PARENTS, state=first.states()[-1])
    assert names(second) == ["early"]
    assert bench.sync(**ACTIVE_PARENTS, state=second.states()[-1]).records("contacts") == []


@pytest.mark.parametrize("method", ["modified", "changes"])
def test_a_changed_parent_brings_its_children_once(bench: Any, days: Days, method: str) -> None:
    settings = {**NAMED_PARENTS, "replication": {"contacts": method}}
    accounts = [bench.account(name=f"account {number}") for number in range(2)]
    for number, account in enumerate(accounts):
        contact(bench, f"contact {number}", account)
    first = bench.sync(**settings)
    assert names(first) == ["contact 0", "contact 1"]
    assert bench.sync(**settings, state=first.states()[-1]).records("contacts") == []

    days.advance(days=2)
    bench.call("PATCH", f"accounts({accounts[1]})", {"name": "renamed"})
    second = bench.sync(**settings, state=first.states()[-1])
    assert names(second) == ["contact 1"]
    [record] = second.records("contacts")
    assert record["parentcustomerid_account"] == {"name": "renamed"}
    assert bench.sync(**settings, state=second.states()[-1]).records("contacts") == []

    bench.call("PATCH", f"accounts({accounts[1]})", {"name": "renamed at once again"})
    third = bench.sync(**settings, state=second.states()[-1])
    assert names(third) == ["contact 1"]


def test_a_run_with_parents_may_resume_from_any_state(bench: Any, days: Days) -> None:
    settings = {**NAMED_PARENTS, "replication": {"contacts": "modified"}}
    accounts = [bench.account(name=f"account {number}") for number in range(2)]
    for number in range(6):
        contact(bench, f"old {number}", accounts[0])
    days.advance(days=1)
    first = bench.sync(**settings)
    days.advance(days=1)
    bench.call("PATCH", f"accounts({accounts[0]})", {"name": "renamed"})
    for number in range(5):
        contact(bench, f"new {number}", accounts[1])
        days.advance(minutes=20)
    whole = bench.sync(**settings, page_size=2, state=first.states()[-1])
    everyone = sorted([f"old {number}" for number in range(6)] + [f"new {number}" for number in range(5)])
    assert names(whole) == everyone
    sent = 0
    for message in whole.messages:
        sent += message["type"] == "RECORD"
        if message["type"] == "STATE":
            rest = bench.sync(**settings, state=message["value"])
            before = [record["lastname"] for record in whole.records("contacts")[:sent]]
            assert set(before) | set(names(rest)) == set(everyone)


def test_a_parent_of_a_parent_counts(bench: Any, days: Days) -> None:
    settings = {**NAMED_PARENTS, "expand": {"contacts": ["parentcustomerid_account.parentaccountid.name"]}}
    top = bench.account(name="top")
    below = bench.account(**{"name": "below", "parentaccountid@odata.bind": f"/accounts({top})"})
    contact(bench, "child", below)
    first = bench.sync(**settings)
    days.advance(days=1)
    bench.call("PATCH", f"accounts({top})", {"name": "renamed"})
    [record] = bench.sync(**settings, state=first.states()[-1]).records("contacts")
    assert record["parentcustomerid_account"] == {"parentaccountid": {"name": "renamed"}}
