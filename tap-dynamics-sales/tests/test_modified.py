"""Reading by time of change, end to end: nothing lost or sent twice, wherever a run ends."""

from __future__ import annotations

from typing import Any

MODIFIED = {
    "streams": ["accounts"],
    "replication": {"accounts": "modified"},
    "select": {"accounts": ["name"]},
}


def ids(done: Any) -> list[str]:
    return [record["accountid"] for record in done.records("accounts")]


def test_rows_of_one_second_across_page_borders_come_once(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(12)]
    done = bench.run(**MODIFIED, page_size=5)
    assert done.code == 0
    assert sorted(ids(done)) == sorted(created)
    assert [record["modifiedon"] for record in done.records("accounts")] == sorted(
        record["modifiedon"] for record in done.records("accounts")
    )
    kinds = [message["type"] for message in done.messages]
    assert '"metric":"record_count","value":12' in done.log
    assert kinds == ["SCHEMA", *["RECORD"] * 5, "STATE", *["RECORD"] * 5, "STATE", *["RECORD"] * 2, "STATE"]


def test_a_run_may_resume_from_any_state(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(11)]
    whole = bench.sync(**MODIFIED, page_size=3)
    assert len(whole.states()) == 4
    for page, state in enumerate(whole.states(), start=1):
        rest = bench.sync(**MODIFIED, page_size=4, state=state)
        assert sorted([*ids(whole)[: 3 * page], *ids(rest)]) == sorted(created)


def test_a_quiet_run_sends_nothing_and_keeps_its_state(bench: Any) -> None:
    for number in range(4):
        bench.account(name=f"account {number}")
    first = bench.sync(**MODIFIED)
    quiet = bench.run(**MODIFIED, state=first.states()[-1])
    assert quiet.records("accounts") == []
    assert quiet.states()[-1] == first.states()[-1]


def test_exactly_the_changed_row_is_sent(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(4)]
    first = bench.sync(**MODIFIED)
    bench.call("PATCH", f"accounts({created[2]})", {"name": "changed"})
    second = bench.sync(**MODIFIED, state=first.states()[-1])
    assert [(record["accountid"], record["name"]) for record in second.records("accounts")] == [
        (created[2], "changed")
    ]


def test_a_run_that_breaks_resumes_after_the_last_page_it_sent(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(9)]
    bench.sandbox.faults(
        environment="sales", method="GET", path='pagenumber(%3D%22|=")3', times=9, status=500
    )
    broken = bench.run(**MODIFIED, page_size=3, max_retries=0)
    assert broken.code == 1
    [error] = broken.errors()
    assert error.startswith("stream `accounts`: ")
    assert "Traceback" not in broken.log
    assert len(ids(broken)) == 6
    bench.sandbox.clear_faults()
    resumed = bench.sync(**MODIFIED, page_size=3, state=broken.states()[-1])
    assert sorted([*ids(broken), *ids(resumed)]) == sorted(created)


def test_start_date_leaves_older_rows_out(bench: Any) -> None:
    bench.account(name="old")
    assert ids(bench.sync(**MODIFIED, start_date="2999-01-01")) == []
    assert len(ids(bench.sync(**MODIFIED, start_date="2024-05-01T00:00:00Z"))) == 1


def test_a_filter_is_applied_by_the_server_and_rules_out_change_tracking(bench: Any) -> None:
    bench.account(name="A & B's")
    bench.account(name="C")
    done = bench.sync(
        streams=["accounts"], select={"accounts": ["name"]}, filter={"accounts": "name eq 'A & B''s'"}
    )
    assert [record["name"] for record in done.records("accounts")] == ["A & B's"]
    assert done.schema("accounts")["bookmark_properties"] == ["modifiedon"]


def test_a_changed_filter_reads_everything_anew(bench: Any) -> None:
    bench.account(name="A")
    bench.account(name="B")
    first = bench.sync(**MODIFIED, filter={"accounts": "name eq 'A'"})
    second = bench.sync(**MODIFIED, filter={"accounts": "name ne 'C'"}, state=first.states()[-1])
    assert sorted(record["name"] for record in second.records("accounts")) == ["A", "B"]


def test_a_method_the_table_cannot_do_falls_to_the_next_and_says_so_once(bench: Any) -> None:
    done = bench.sync(streams=["transactioncurrencies"], replication={"transactioncurrencies": "changes"})
    assert done.schema("transactioncurrencies")["bookmark_properties"] == ["modifiedon"]
    [warning] = done.warnings()
    assert "cannot be read by `changes`" in warning
    assert "`modified`" in warning


def test_a_full_read_sends_all_each_time(bench: Any) -> None:
    for number in range(4):
        bench.account(name=f"account {number}")
    full = {**MODIFIED, "replication": {"accounts": "full"}}
    first = bench.sync(**full, page_size=3)
    second = bench.sync(**full, state=first.states()[-1])
    assert len(ids(first)) == len(ids(second)) == 4
