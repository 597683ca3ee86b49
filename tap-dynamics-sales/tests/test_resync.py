"""Full resyncs under change tracking find the deletions in between, whatever became of the link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHANGES = {"streams": ["accounts"], "replication": {"accounts": "changes"}, "select": {"accounts": ["name"]}}
REFUSALS = [
    {"expire_delta_links": True},
    {"status": 400},
    {"status": 404},
    {"status": 410},
    {"status": 500},
]


def kept(done: Any) -> list[str]:
    alive = (record for record in done.records("accounts") if "_sdc_deleted_at" not in record)
    return sorted(record["name"] for record in alive)


def deleted(done: Any) -> list[str]:
    gone = (record for record in done.records("accounts") if "_sdc_deleted_at" in record)
    return sorted(record["accountid"] for record in gone)


@pytest.mark.parametrize("fault", REFUSALS, ids=["expired", "400", "404", "410", "500"])
def test_a_resync_finds_what_was_deleted(bench: Any, fault: dict[str, Any]) -> None:
    created = [bench.account(name=f"account {number}") for number in range(5)]
    first = bench.sync(**CHANGES, page_size=2)
    for gone in created[1:3]:
        bench.call("DELETE", f"accounts({gone})")
    bench.account(name="new")
    times = {} if "expire_delta_links" in fault else {"times": 1}
    bench.sandbox.faults(environment="sales", method="GET", path="deltatoken", **times, **fault)
    second = bench.sync(**CHANGES, page_size=2, state=first.states()[-1], max_retries=0)
    assert kept(second) == ["account 0", "account 3", "account 4", "new"]
    assert deleted(second) == sorted(created[1:3])
    bench.sandbox.clear_faults()
    third = bench.sync(**CHANGES, state=second.states()[-1])
    assert third.records("accounts") == []


def test_deletions_told_before_are_not_told_again(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(3)]
    first = bench.sync(**CHANGES)
    bench.call("DELETE", f"accounts({created[0]})")
    second = bench.sync(**CHANGES, state=first.states()[-1])
    assert deleted(second) == [created[0]]
    bench.call("DELETE", f"accounts({created[1]})")
    expire(bench)
    third = bench.sync(**CHANGES, state=second.states()[-1])
    assert deleted(third) == [created[1]]


def test_a_state_older_than_the_file_finds_its_deletions_all_the_same(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(3)]
    first = bench.sync(**CHANGES)
    bench.call("DELETE", f"accounts({created[0]})")
    bench.sync(**CHANGES, state=first.states()[-1])  # its STATE got lost
    expire(bench)
    again = bench.sync(**CHANGES, state=first.states()[-1])
    assert deleted(again) == [created[0]]


def test_a_changed_selection_finds_deletions_too(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(2)]
    first = bench.sync(**CHANGES)
    bench.call("DELETE", f"accounts({created[0]})")
    wider = {**CHANGES, "select": {"accounts": ["name", "telephone1"]}}
    assert deleted(bench.sync(**wider, state=first.states()[-1])) == [created[0]]


def test_a_resync_that_breaks_keeps_link_and_keys_of_before(bench: Any) -> None:
    created = [bench.account(name=f"account {number}") for number in range(5)]
    first = bench.sync(**CHANGES)
    bench.call("DELETE", f"accounts({created[0]})")
    expire(bench)
    bench.sandbox.faults(environment="sales", method="GET", path="skiptoken", times=9, status=502)
    broken = bench.run(**CHANGES, page_size=2, max_retries=0, state=first.states()[-1])
    assert broken.code == 1
    assert broken.states()[-1] == first.states()[-1]
    bench.sandbox.clear_faults()
    done = bench.sync(**CHANGES, state=broken.states()[-1])
    assert deleted(done) == [created[0]]


def test_without_the_file_the_resync_says_what_it_cannot_find(bench: Any, tmp_path: Path) -> None:
    gone = bench.account(name="gone")
    first = bench.sync(**CHANGES)
    bench.call("DELETE", f"accounts({gone})")
    expire(bench)
    second = bench.sync(**CHANGES, state=first.states()[-1], data_dir=str(tmp_path / "elsewhere"))
    assert deleted(second) == []
    assert [line for line in second.warnings() if "deletions since the last run are not found" in line]


def test_a_folder_that_cannot_be_written_costs_a_warning(bench: Any, tmp_path: Path) -> None:
    bench.account(name="one")
    (tmp_path / "file").write_text("")
    done = bench.sync(**CHANGES, data_dir=str(tmp_path / "file"))
    assert kept(done) == ["one"]
    [line] = done.warnings()
    assert "`data_dir`" in line
    assert "delta_link" in done.states()[-1]["bookmarks"]["accounts"]


def test_the_file_is_private_and_the_old_one_goes(bench: Any, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    bench.account(name="one")
    first = bench.sync(**CHANGES)
    [file] = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    expire(bench)
    second = bench.sync(**CHANGES, state=first.states()[-1])
    assert len(list(folder.iterdir())) == 2  # nobody knows yet whether the new STATE is kept
    bench.sync(**CHANGES, state=second.states()[-1])
    assert [each.name for each in folder.iterdir()] == [
        second.states()[-1]["bookmarks"]["accounts"]["keys"]["file"]
    ]


def expire(bench: Any) -> None:
    """Let the next delta link be an expired one, once."""
    bench.sandbox.faults(environment="sales", method="GET", path="deltatoken", expire_delta_links=True)
