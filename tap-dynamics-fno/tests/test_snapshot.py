"""Entities without a time of change: only what is new, changed or gone since the last run is sent."""

from __future__ import annotations

from typing import Any

import pytest

GROUPS: dict[str, Any] = {
    "streams": ["CustomerGroups"],
    "select": {"CustomerGroups": ["Description"]},
    "companies": ["usmf"],
}


def sent(done: Any) -> tuple[list[str], list[str]]:
    """Numbers of the groups that came as rows, and of those that came as deletions."""
    records = done.records("CustomerGroups")
    return (
        [each["CustomerGroupId"] for each in records if not each.get("_sdc_deleted_at")],
        [each["CustomerGroupId"] for each in records if each.get("_sdc_deleted_at")],
    )


def address(number: str, company: str = "usmf") -> str:
    return f"CustomerGroups(dataAreaId='{company}',CustomerGroupId='{number}')?cross-company=true"


@pytest.fixture
def first(bench: Any) -> Any:
    """Twelve groups of ours that were read; the state after it."""
    for number in range(12):
        bench.group(f"S{number:02}")
    done = bench.sync(**GROUPS)
    assert {f"S{number:02}" for number in range(12)} <= set(sent(done)[0])
    return done.states()[-1]


def test_new_changed_touched_and_deleted(bench: Any, first: Any) -> None:
    bench.call("PATCH", address("S01"), {"Description": "changed"})
    bench.call("PATCH", address("S02"), {"Description": "made"})  # touched without a change
    bench.call("DELETE", address("S03"))
    bench.group("S99")
    done = bench.sync(**GROUPS, state=first)
    assert sent(done) == (["S01", "S99"], ["S03"])
    [deletion] = [each for each in done.records("CustomerGroups") if each.get("_sdc_deleted_at")]
    assert set(deletion) == {"dataAreaId", "CustomerGroupId", "_sdc_deleted_at"}
    assert sent(bench.sync(**GROUPS, state=done.states()[-1])) == ([], [])


def test_a_run_whose_target_failed_is_repeated_in_full(bench: Any, first: Any) -> None:
    """The target never sent its STATE on, so the next run starts from the older one."""
    bench.call("PATCH", address("S01"), {"Description": "changed"})
    bench.call("DELETE", address("S03"))
    for _ in range(2):
        assert sent(bench.sync(**GROUPS, state=first)) == (["S01"], ["S03"])


def test_a_change_during_the_read_comes_now_or_next_time(bench: Any, first: Any) -> None:
    change = {"environment": "fno", "method": "PATCH", "json": {"Description": "meanwhile"}}
    bench.sandbox.faults(
        environment="fno",
        method="GET",
        path=r"CustomerGroups.*skip",
        times=1,
        meanwhile=[{**change, "path": f"/data/{address(number)}"} for number in ("S00", "S11")],
    )
    now = bench.sync(**GROUPS, state=first)
    later = bench.sync(**GROUPS, state=now.states()[-1])
    assert bench.sandbox.pending_faults() == []
    assert sorted(sent(now)[0] + sent(later)[0]) == ["S00", "S11"]


def test_a_deletion_during_the_read_makes_no_other_row_vanish(bench: Any, first: Any) -> None:
    """F&O pages by offset, so the next page leaves a row out; it is looked for before it counts as gone."""
    bench.sandbox.faults(
        environment="fno",
        method="GET",
        path=r"CustomerGroups.*skip",
        times=1,
        meanwhile=[{"environment": "fno", "method": "DELETE", "path": f"/data/{address('10')}"}],
    )
    done = bench.sync(**GROUPS, state=first)
    assert bench.sandbox.happened_faults()[-1]["problem"] == ""
    assert sent(done) == ([], [])  # the deleted one had been read; the one left out is still there
    rows, gone = sent(bench.sync(**GROUPS, state=done.states()[-1]))
    assert gone == ["10"]
    assert len(rows) == 1


def test_a_row_that_leaves_the_filter_is_not_deleted(bench: Any) -> None:
    bench.group("S01", Description="mine")
    bench.group("S02", Description="mine")
    filtered = {**GROUPS, "filter": {"CustomerGroups": "Description eq 'mine'"}}
    state = bench.sync(**filtered).states()[-1]
    bench.call("PATCH", address("S01"), {"Description": "yours"})
    done = bench.sync(**filtered, state=state)
    assert sent(done) == ([], [])
    before = len(bench.reads("/CustomerGroups?"))
    assert sent(bench.sync(**filtered, state=done.states()[-1])) == ([], [])
    assert len(bench.reads("/CustomerGroups?")) == before + 1  # it is not looked for again


def test_without_its_files_everything_is_sent_again(bench: Any, first: Any) -> None:
    for path in (bench.folder / "data").iterdir():
        path.unlink()
    done = bench.sync(**GROUPS, state=first)
    assert len(sent(done)[0]) >= 12
    assert any("no fingerprints of the last run" in warning for warning in done.warnings())


def test_companies_are_compared_apart(bench: Any) -> None:
    both = {**GROUPS, "companies": ["usmf", "demf"]}
    bench.group("S01", "usmf")
    bench.group("S01", "demf")
    state = bench.sync(**both).states()[-1]
    bench.call("DELETE", address("S01", "demf"))
    assert sent(bench.sync(**GROUPS, state=state)) == ([], [])
    done = bench.sync(**both, state=state)
    assert [each["dataAreaId"] for each in done.records("CustomerGroups")] == ["demf"]


def test_another_selection_is_a_new_beginning(bench: Any, first: Any) -> None:
    wider = {**GROUPS, "select": {"CustomerGroups": ["Description", "PaymentTermId"]}}
    assert len(sent(bench.sync(**wider, state=first))[0]) >= 12


def test_a_folder_that_cannot_be_used_is_named(bench: Any) -> None:
    place = bench.folder / "file"
    place.write_text("no folder")
    done = bench.run(**GROUPS, data_dir=str(place / "data"))
    assert done.code == 1
    [error] = done.errors()
    assert error.startswith("stream `CustomerGroups`: fingerprints of its rows cannot be kept in ")
    assert "correct `data_dir`" in error
    assert "Traceback" not in done.log
    assert bench.run(**GROUPS, data_dir=str(place / "data"), replication={"CustomerGroups": "full"}).code == 0
