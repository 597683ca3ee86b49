"""Change tracking end to end: snapshot, changes, deletions, and links that do not work any more."""

from __future__ import annotations

from typing import Any

import pytest

CHANGES = {"streams": ["accounts"], "replication": {"accounts": "changes"}, "select": {"accounts": ["name"]}}


def names(records: list[dict[str, Any]]) -> list[str]:
    return sorted(record["name"] for record in records)


def test_created_updated_and_deleted_rows_come_once(bench: Any) -> None:
    kept, changed, gone = (bench.account(name=name) for name in ("kept", "changed", "gone"))
    first = bench.run(**CHANGES)
    assert first.code == 0
    assert names(first.records("accounts")) == ["changed", "gone", "kept"]
    assert not any("_sdc_deleted_at" in record for record in first.records("accounts"))

    bench.call("PATCH", f"accounts({changed})", {"name": "changed again"})
    bench.call("DELETE", f"accounts({gone})")
    bench.account(name="new")
    second = bench.run(**CHANGES, state=first.states()[-1])
    alive = [record for record in second.records("accounts") if "_sdc_deleted_at" not in record]
    deleted = [record for record in second.records("accounts") if "_sdc_deleted_at" in record]
    assert names(alive) == ["changed again", "new"]
    assert [record["accountid"] for record in deleted] == [gone]
    assert kept not in {record["accountid"] for record in second.records("accounts")}

    quiet = bench.sync(**CHANGES, state=second.states()[-1])
    assert quiet.records("accounts") == []
    assert set(quiet.states()[-1]["bookmarks"]["accounts"]) == {"delta_link", "keys", "query"}


def test_the_link_is_kept_only_after_the_last_page(bench: Any) -> None:
    for number in range(7):
        bench.account(name=f"account {number}")
    done = bench.sync(**CHANGES, page_size=3)
    assert [message["type"] for message in done.messages] == ["SCHEMA", *["RECORD"] * 7, "STATE"]
    assert len(bench.reads("/accounts")) == 3


@pytest.mark.parametrize(
    ("status", "code"), [(400, "0x80044352"), (404, "0x80040217"), (410, "")], ids=["400", "404", "410"]
)
def test_a_refused_link_leads_to_a_full_read(bench: Any, status: int, code: str) -> None:
    bench.account(name="old")
    first = bench.sync(**CHANGES)
    bench.account(name="new")
    body = f'{{"error":{{"code":"{code}","message":"Version stamp has expired."}}}}'
    bench.sandbox.faults(
        environment="sales", method="GET", path="deltatoken", times=1, status=status, body=body
    )
    second = bench.sync(**CHANGES, state=first.states()[-1])
    assert names(second.records("accounts")) == ["new", "old"]
    assert [line for line in second.warnings() if "delta link refused" in line and "anew" in line]
    third = bench.sync(**CHANGES, state=second.states()[-1])
    assert third.records("accounts") == []


def test_a_changed_selection_starts_a_new_snapshot(bench: Any) -> None:
    bench.account(name="one", telephone1="1")
    first = bench.sync(**CHANGES)
    wider = {**CHANGES, "select": {"accounts": ["name", "telephone1"]}}
    second = bench.sync(**wider, state=first.states()[-1])
    assert [record["telephone1"] for record in second.records("accounts")] == ["1"]
    assert bench.sync(**wider, state=second.states()[-1]).records("accounts") == []


def test_a_link_of_another_environment_is_not_followed(bench: Any) -> None:
    bench.account(name="one")
    elsewhere = {
        "bookmarks": {"accounts": {"delta_link": "https://elsewhere.invalid/api/data/v9.2/accounts?x=1"}}
    }
    done = bench.sync(**CHANGES, state=elsewhere)
    assert names(done.records("accounts")) == ["one"]


def test_a_link_that_spells_the_host_in_capitals_is_followed(bench: Any) -> None:
    bench.account(name="old")
    first = bench.sync(**CHANGES)
    state = first.states()[-1]
    link = state["bookmarks"]["accounts"]["delta_link"]
    assert "//localhost:" in link
    state["bookmarks"]["accounts"]["delta_link"] = link.replace("//localhost:", "//LOCALHOST:")
    bench.account(name="new")
    assert names(bench.sync(**CHANGES, state=state).records("accounts")) == ["new"]


def test_a_link_that_comes_before_the_last_page_is_not_kept(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(2)]
    root = bench.sandbox.sales + "/api/data/v9.2/accounts"
    early = (
        f'{{"value":[{{"accountid":"{created[0]}","name":"account 0"}}],'
        f'"@odata.deltaLink":"{root}?$deltatoken=early","@odata.nextLink":"{root}?$skiptoken=second"}}'
    )
    select = r"/accounts\?\$select"
    bench.sandbox.faults(environment="sales", method="GET", path=select, times=1, status=200, body=early)
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken=second", times=9, status=500)
    broken = bench.run(**CHANGES, max_retries=0)
    assert broken.code == 1
    assert len(broken.records("accounts")) == 1
    assert not any("deltatoken" in str(state) for state in broken.states())


def test_a_row_with_half_an_emoji_does_not_hide_a_deletion(bench: Any) -> None:
    gone = bench.account(name="gone")
    first = bench.sync(**CHANGES)
    root = bench.sandbox.sales + "/api/data/v9.2/"
    delta = (
        f'{{"value":[{{"accountid":"{gone}","name":"$metadata#accounts/$deletedEntity \\ud83d"}},'
        f'{{"@odata.context":"{root}$metadata#accounts/$deletedEntity","id":"{gone}","reason":"deleted"}}],'
        f'"@odata.deltaLink":"{root}accounts?$deltatoken=next"}}'
    )
    bench.sandbox.faults(
        environment="sales", method="GET", path="deltatoken", times=1, status=200, body=delta
    )
    second = bench.sync(**CHANGES, state=first.states()[-1])
    assert [record["accountid"] for record in second.records("accounts")] == [gone, gone]
    assert ["_sdc_deleted_at" in record for record in second.records("accounts")] == [False, True]


def test_the_key_is_in_schema_and_records_whatever_the_catalog_says(bench: Any) -> None:
    bench.account(name="one")
    catalog = bench_catalog(bench)
    [entry] = catalog["streams"]
    del entry["key_properties"]
    for item in entry["metadata"]:
        item["metadata"] = {"selected": item["breadcrumb"][-1:] in ([], ["name"])}
    done = bench.sync(**CHANGES, catalog=catalog)
    assert done.schema("accounts")["key_properties"] == ["accountid"]
    assert set(done.schema("accounts")["schema"]["properties"]) == {"accountid", "name"}
    assert [set(record) for record in done.records("accounts")] == [{"accountid", "name"}]


def test_deletions_are_dropped_when_their_column_is_deselected(bench: Any) -> None:
    gone = bench.account(name="gone")
    catalog = bench_catalog(bench, "_sdc_deleted_at")
    first = bench.sync(**CHANGES, catalog=catalog)
    bench.call("DELETE", f"accounts({gone})")
    second = bench.sync(**CHANGES, catalog=catalog, state=first.states()[-1])
    assert second.records("accounts") == []
    assert "1 deletions not sent" in second.log


def bench_catalog(bench: Any, *deselected: str) -> dict[str, Any]:
    """A catalog of `accounts` without some columns."""
    catalog: dict[str, Any] = bench.tap(**CHANGES).catalog_dict
    [entry] = catalog["streams"]
    for item in entry["metadata"]:
        if item["breadcrumb"] and item["breadcrumb"][-1] in deselected:
            item["metadata"]["selected"] = False
    return catalog
