"""The `modified` bookmark, fed with hand-made pages: no row lost, none repeated, none invented."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from dynamics_singer.tap.bookmarks import ModifiedBookmark, fingerprint, instant
from msgspec import Raw

FIVE_MINUTES = timedelta(minutes=5)


def row(key: str, when: str | None, version: int | None = 1) -> Raw:
    document: dict[str, Any] = {"accountid": key, "modifiedon": when}
    if version is not None:
        document["@odata.etag"] = f'W/"{version}"'
    return Raw(json.dumps(document).encode())


def at(clock: str) -> str:
    return f"2024-05-01T{clock}Z"


def ids(rows: list[Raw]) -> list[str]:
    return [json.loads(bytes(each))["accountid"] for each in rows]


def noon() -> datetime:
    return datetime(2024, 5, 1, 12, 0, 0, 500_000, tzinfo=timezone.utc)


def bookmark(state: dict[str, Any] | None = None, start: str | None = None) -> ModifiedBookmark:
    return ModifiedBookmark(
        state or {}, key=("accountid",), stamp="modifiedon", lookback=FIVE_MINUTES, start=start, clock=noon
    )


def test_first_run_reads_from_the_start_date_or_from_the_beginning() -> None:
    assert bookmark().since is None
    assert bookmark(start=at("09:00:00")).since == at("09:00:00")


def test_state_holds_the_latest_instant_and_the_rows_of_the_lookback() -> None:
    first = bookmark()
    rows = [row("a", at("10:00:00"), 1), row("b", at("10:06:00"), 2), row("c", at("10:10:00"), 3)]
    assert ids(first.fresh(rows)) == ["a", "b", "c"]
    assert first.to_state(last=True) == {
        "replication_key": "modifiedon",
        "replication_key_value": at("10:10:00"),
        "window": {"b": "2", "c": "3"},
    }


def test_lookback_begins_exactly_on_its_edge() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:04:59")), row("b", at("10:05:00")), row("c", at("10:10:00"))])
    assert set(first.to_state(last=True)["window"]) == {"b", "c"}


def test_next_run_reads_the_lookback_again_and_sends_nothing_it_knows() -> None:
    first = bookmark()
    rows = [row("b", at("10:06:00")), row("c", at("10:10:00"))]
    first.fresh(rows)
    state = first.to_state(last=True)
    second = bookmark(state)
    assert second.since == at("10:05:00")
    assert second.fresh(rows) == []
    assert second.to_state(last=True) == state


def test_a_row_committed_late_inside_the_lookback_is_sent() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:00:00")), row("c", at("10:10:00"))])
    second = bookmark(first.to_state(last=True))
    assert ids(second.fresh([row("late", at("10:07:00")), row("c", at("10:10:00"))])) == ["late"]


def test_a_changed_row_is_sent_again_even_on_the_same_instant() -> None:
    first = bookmark()
    first.fresh([row("c", at("10:10:00"), 7)])
    second = bookmark(first.to_state(last=True))
    assert ids(second.fresh([row("c", at("10:10:00"), 8)])) == ["c"]


def test_rows_on_one_instant_across_a_page_border_are_kept() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:00:00")), row("b", at("10:10:00"))])
    crashed = first.to_state()  # STATE after the first page, then the run dies
    second = bookmark(crashed)
    again = [row("b", at("10:10:00")), row("c", at("10:10:00")), row("d", at("10:10:00"))]
    assert ids(second.fresh(again)) == ["c", "d"]


def test_a_run_that_dies_inside_the_lookback_still_knows_the_rows_it_did_not_reach() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:06:00")), row("b", at("10:08:00")), row("c", at("10:10:00"))])
    second = bookmark(first.to_state(last=True))
    second.fresh([row("a", at("10:06:00"))])
    third = bookmark(second.to_state())
    assert third.since == at("10:05:00")
    assert third.fresh([row("b", at("10:08:00")), row("c", at("10:10:00"))]) == []


def test_bookmark_never_goes_back() -> None:
    state = {"replication_key": "modifiedon", "replication_key_value": at("10:10:00"), "window": {"z": "1"}}
    second = bookmark(state)
    assert ids(second.fresh([row("late", at("10:06:00"))])) == ["late"]
    assert second.to_state(last=True)["replication_key_value"] == at("10:10:00")


def test_the_window_forgets_what_fell_out_of_the_lookback() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:00:00"))])
    second = bookmark(first.to_state(last=True))
    second.fresh([row("a", at("10:00:00")), row("b", at("11:00:00"))])
    assert second.to_state(last=True)["window"] == {"b": "1"}


def test_a_row_seen_twice_in_a_run_is_remembered_with_its_last_version() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:00:00"), 1)])
    first.fresh([row("a", at("10:00:05"), 2)])
    assert first.to_state(last=True)["window"] == {"a": "2"}


def test_the_start_date_is_never_crossed() -> None:
    state = {"replication_key": "modifiedon", "replication_key_value": at("10:10:00"), "window": {}}
    assert bookmark(state, start=at("10:08:00")).since == at("10:08:00")
    assert bookmark(state, start=at("09:00:00")).since == at("10:05:00")


def test_rows_without_a_time_come_first_and_move_nothing() -> None:
    first = bookmark()
    assert ids(first.fresh([row("a", None), row("b", None)])) == ["a", "b"]
    assert first.to_state() == {}
    assert ids(first.fresh([row("c", None), row("d", at("10:00:00"))])) == ["c", "d"]
    assert first.to_state(last=True)["replication_key_value"] == at("10:00:00")


def test_without_an_etag_the_instant_is_the_version() -> None:
    first = bookmark()
    first.fresh([row("a", at("10:00:00"), None)])
    second = bookmark(first.to_state(last=True))
    assert second.fresh([row("a", at("10:00:00"), None)]) == []


def test_fractions_of_a_second_sort_right() -> None:
    times = [at("10:00:00"), "2024-05-01T10:00:00.05Z", "2024-05-01T10:00:00.1Z", at("10:00:01")]
    assert sorted(times, key=instant) == times
    assert instant("2024-05-01T10:00:00.500Z") == instant("2024-05-01T10:00:00.5+00:00")


def test_a_large_window_travels_only_with_the_last_state() -> None:
    first = bookmark()
    first.fresh([row(str(number), at("10:00:00")) for number in range(10_001)])
    assert "window" not in first.to_state()
    assert len(first.to_state(last=True)["window"]) == 10_001


def test_a_bookmark_of_another_column_is_not_used() -> None:
    assert bookmark({"replication_key": "createdon", "replication_key_value": at("10:00:00")}).since is None


@pytest.mark.parametrize("value", ["yesterday", "2024-13-01T00:00:00Z", "2024-05-01T00:00:00+02:00"])
def test_a_bookmark_that_is_no_utc_instant_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"UTC|time data|unconverted|month"):
        bookmark({"replication_key": "modifiedon", "replication_key_value": value})


def test_fingerprints_tell_questions_apart() -> None:
    assert fingerprint("a", "b") == fingerprint("a", "b")
    assert fingerprint("a", "b") != fingerprint("ab", "")


def test_a_row_dated_in_the_future_does_not_take_the_bookmark_there() -> None:
    first = bookmark()
    ahead = row("ahead", "2999-01-01T00:00:00Z")
    assert ids(first.fresh([row("a", at("11:50:00")), ahead])) == ["a", "ahead"]
    state = first.to_state(last=True)
    assert state["replication_key_value"] == at("12:00:00")
    second = bookmark(state)
    assert second.since == at("11:55:00")
    assert ids(second.fresh([row("new", at("11:59:00")), ahead])) == ["new"]
    assert set(second.to_state(last=True)["window"]) == {"new", "ahead"}
    third = bookmark(second.to_state(last=True))
    assert third.fresh([row("new", at("11:59:00")), ahead]) == []


def test_half_an_emoji_in_a_row_does_not_stop_the_stream() -> None:
    text = b'{"accountid":"a","modifiedon":"2024-05-01T10:00:00Z","name":"cut \\ud83d"}'
    first = bookmark()
    assert first.fresh([Raw(text)]) == [Raw(text)]
    assert first.to_state(last=True)["window"] == {"a": "2024-05-01T10:00:00"}


@pytest.mark.parametrize("window", [["a"], "a", 7])
def test_a_window_that_is_none_counts_as_empty(window: object) -> None:
    state = {"replication_key": "modifiedon", "replication_key_value": at("10:10:00"), "window": window}
    second = bookmark(state)
    assert ids(second.fresh([row("a", at("10:08:00"))])) == ["a"]
