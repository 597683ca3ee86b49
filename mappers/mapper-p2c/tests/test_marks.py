"""A retried reject that maps: kept, and sent again, until a STATE brings word that it is written."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mapper_p2c.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

TASK = "accounts-direct"
BAD = {"accountid": "a-1", "accountnumber": "A1", "name": "Hidden Ltd", "address1_country": "Atlantis"}
DIRECT = {"template": TASK}
MENDED = {**DIRECT, "overrides": {"value_maps": {"AddressCountryRegionISOCode": {"Atlantis": "PT"}}}}
STATE = '{"type": "STATE", "value": {"bookmarks": {"accounts": {"at": 12345678901234567.10}}, "x": 1.0}}'
FOREIGN = [
    "{}",
    "[]",
    "null",
    '"text"',
    '{"bookmarks":null}',
    '{"bookmarks":[]}',
    '{"accounts":{"at":1.0}}',
    '{"bookmarks":{"\\ud800":{}}}',
]


@pytest.fixture
def accounts(data: Path) -> str:
    return (data / "accounts.singer").read_text("utf-8").splitlines()[1]


@pytest.fixture
def rejected(accounts: str, feed: Any, record: Any, rejects: Any) -> None:
    """A run before the test has rejected the record."""
    feed(DIRECT, [accounts, record("accounts", **BAD), STATE])
    assert [line["code"] for line in rejects(TASK)[1:]] == ["unknown_country"]


@pytest.fixture
def kept(rejects: Any) -> Callable[[], list[dict[str, Any]]]:
    """Records of the rejects file, with what stands beside them."""
    return lambda: rejects(TASK)[1:]


def numbers(lines: list[str]) -> list[str]:
    """Customers that were sent."""
    parsed = map(json.loads, lines)
    return [line["record"]["CustomerAccount"] for line in parsed if line["type"] == "RECORD"]


def states(lines: list[str]) -> list[str]:
    return [line for line in lines if json.loads(line)["type"] == "STATE"]


def marked(state: str, token: str) -> str:
    """A state like `STATE` with the mark, written by hand."""
    head, tail = state[:-2].rsplit("}, ", 1)
    return f'{head}, "mapper-p2c/{TASK}": {{"sent": "{token}"}}}}, {tail}}}}}'


@pytest.mark.usefixtures("rejected")
def test_target_that_fails_behind_a_clean_run_gets_the_row_again(
    accounts: str, run: Any, kept: Any, tmp_path: Path
) -> None:
    config = {**MENDED, "summary_path": "summary.jsonl", "max_rejects": 0}
    tokens = []
    # The target fails in each run, so the state it kept is that of the very first one.
    for _ in range(2):
        finished = run(config, [STATE, accounts, STATE])
        assert finished.code == 0
        assert numbers(finished.lines) == ["A1"]
        assert "kept in" not in finished.log
        assert "0 read, 1 written, 0 filtered, 0 deletes dropped, 1 retried, 0 rejected" in finished.log
        [row] = kept()
        assert row["record"] == BAD
        assert json.loads(states(finished.lines)[-1]) == json.loads(marked(STATE, row["sent"]))
        tokens.append(row["sent"])
    assert tokens[0] != tokens[1]
    lines = [json.loads(line) for line in (tmp_path / "summary.jsonl").read_text("utf-8").splitlines()]
    counts = [(line["status"], line["retried"], line["rejected"]) for line in lines]
    assert counts == [("Completed", 1, 0), ("Completed", 1, 0)]


@pytest.mark.usefixtures("rejected")
def test_row_that_the_target_has_written_is_dropped_and_not_sent(
    accounts: str, run: Any, rejects: Any
) -> None:
    written = states(run(MENDED, [STATE, accounts, STATE]).lines)[-1]
    # The tap brings the state back and goes on to carry the mark, which it does not know.
    finished = run(MENDED, [written, accounts, written])
    assert numbers(finished.lines) == []
    assert "0 written, 0 filtered, 0 deletes dropped, 0 retried, 0 rejected" in finished.log
    assert rejects(TASK) == []
    first, last = states(finished.lines)
    assert first == written
    assert last == '{"type":"STATE","value":{"bookmarks":{"accounts":{"at": 12345678901234567.10}},"x":1.0}}'
    assert states(run(MENDED, [STATE, accounts, STATE]).lines) == [STATE, STATE]


@pytest.mark.usefixtures("rejected")
def test_state_keeps_digits_order_and_foreign_marks(accounts: str, feed: Any, kept: Any) -> None:
    other = STATE.replace('}, "x"', ', "mapper-p2c/other": {"sent": "t"}}, "x"')
    made = states(feed(MENDED, [other, accounts, other]))
    assert made[0] == other
    mark = f'"mapper-p2c/{TASK}":{{"sent":"{kept()[0]["sent"]}"}}'
    assert made[1] == (
        '{"type":"STATE","value":{"bookmarks":{"accounts":{"at": 12345678901234567.10},'
        f'"mapper-p2c/other":{{"sent": "t"}},{mark}}},"x":1.0}}}}'
    )


@pytest.mark.usefixtures("rejected")
@pytest.mark.parametrize("retry", [True, False])
@pytest.mark.parametrize(
    ("newer", "sent"),
    [({**BAD, "address1_country": "Spain"}, ["ES"]), ({**BAD, "_sdc_deleted_at": "2024-01-01"}, [])],
)
def test_newer_version_or_delete_wins_and_removes_the_row(
    newer: dict[str, Any],
    sent: list[str],
    retry: bool,  # noqa: FBT001 - a parameter of the test
    accounts: str,
    feed: Any,
    record: Any,
    rejects: Any,
) -> None:
    feed(MENDED, [STATE, accounts, STATE])
    lines = [STATE, accounts, record("accounts", **newer), STATE]
    made = feed({**MENDED, "retry_rejects": retry}, lines)
    mapped = [json.loads(line).get("record", {}) for line in made]
    countries = [row["AddressCountryRegionISOCode"] for row in mapped if row]
    assert countries == (["PT", *sent] if retry else sent)
    assert rejects(TASK) == []
    assert states(made)[-1] == STATE


@pytest.mark.usefixtures("rejected")
def test_newer_version_that_cannot_be_mapped_is_the_reject_now(
    accounts: str, feed: Any, record: Any, kept: Any
) -> None:
    feed(MENDED, [STATE, accounts, STATE])
    newer = {**BAD, "address1_country": "Avalon"}
    made = feed(MENDED, [STATE, accounts, record("accounts", **newer), STATE])
    assert [(row["record"], row["attempt"], row.get("sent")) for row in kept()] == [(newer, 1, None)]
    assert states(made)[-1] == STATE


@pytest.mark.usefixtures("rejected")
def test_sent_row_that_maps_no_longer_is_a_reject_again(
    accounts: str, feed: Any, run: Any, kept: Any
) -> None:
    written = states(feed(MENDED, [STATE, accounts, STATE]))[-1]
    finished = run(DIRECT, [STATE, accounts, STATE])
    assert "0 written, 0 filtered, 0 deletes dropped, 1 retried, 1 rejected" in finished.log
    assert "keys a-1; kept in" in finished.log
    assert [(row["attempt"], row.get("sent")) for row in kept()] == [(2, None)]
    # Word of the earlier run comes too late for what has become a reject anew.
    assert numbers(feed(MENDED, [written, accounts, STATE])) == ["A1"]


@pytest.mark.usefixtures("rejected")
def test_crash_between_the_file_and_the_state(accounts: str, pipeline: Any, feed: Any, kept: Any) -> None:
    """Power fails when the file is written and the STATE is not: nothing brings the token back."""
    seen: list[bytes] = []

    def write(line: bytes) -> None:
        if b'"STATE"' in line:
            seen.extend(row["sent"].encode() for row in kept())
            assert seen[0] in line
            raise BrokenPipeError
        seen.clear()

    running = pipeline(MENDED, write)
    running.feed(accounts.encode())
    with pytest.raises(BrokenPipeError):
        running.feed(STATE.encode())
    assert len(seen) == 1
    del running  # the system gives back what a dead process held
    gc.collect()
    assert numbers(feed(MENDED, [STATE, accounts, STATE])) == ["A1"]
    assert kept()[0]["sent"].encode() != seen[0]


@pytest.mark.usefixtures("rejected")
def test_reader_that_is_gone_loses_nothing(accounts: str, feed: Any, kept: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(MENDED), encoding="utf-8")
    with subprocess.Popen(
        [Path(sys.executable).with_name("mapper-p2c"), "--config", "config.json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.close()
        process.stdin.write(f"{accounts}\n{STATE}\n".encode())
        process.stdin.close()
        assert process.wait(timeout=60) != 0
    assert [row["record"] for row in kept()] == [BAD]
    assert numbers(feed(MENDED, [STATE, accounts, STATE])) == ["A1"]


@pytest.mark.usefixtures("rejected")
@pytest.mark.parametrize("value", FOREIGN)
def test_state_that_can_bear_no_mark_passes_and_the_row_goes_again(
    value: str, accounts: str, feed: Any, kept: Any
) -> None:
    foreign = f'{{"type": "STATE", "value": {value}}}'
    for _ in range(2):
        made = feed(MENDED, [foreign, accounts, foreign])
        assert numbers(made) == ["A1"]
        assert states(made) == [foreign, foreign]
        assert [row["record"] for row in kept()] == [BAD]


@pytest.mark.usefixtures("rejected")
@pytest.mark.parametrize("mark", ["1", "null", "{}", '{"sent": 1}', '{"sent": ""}', '{"sent": "another"}'])
def test_mark_that_is_not_of_a_run_before_confirms_nothing(
    mark: str, accounts: str, feed: Any, kept: Any
) -> None:
    foreign = STATE.replace('}, "x"', f', "mapper-p2c/{TASK}": {mark}}}, "x"')
    for _ in range(2):
        made = feed(MENDED, [foreign, accounts, foreign])
        assert numbers(made) == ["A1"]
        assert json.loads(states(made)[-1]) == json.loads(marked(STATE, kept()[0]["sent"]))


@pytest.mark.usefixtures("rejected")
def test_last_state_is_repeated_where_none_follows_the_row(accounts: str, run: Any, kept: Any) -> None:
    finished = run(MENDED, [STATE, accounts])
    first, repeated = states(finished.lines)
    assert first == STATE
    assert json.loads(repeated) == json.loads(marked(STATE, kept()[0]["sent"]))
    assert finished.lines[-1] == repeated
    # Confirmed, and nothing left to mark: the state is not repeated.
    finished = run(MENDED, [repeated, accounts])
    assert states(finished.lines) == [repeated]
    assert numbers(finished.lines) == kept() == []


@pytest.mark.usefixtures("rejected")
def test_without_any_state_the_row_goes_in_each_run(accounts: str, feed: Any, kept: Any) -> None:
    for _ in range(2):
        made = feed(MENDED, [accounts])
        assert (numbers(made), states(made), len(kept())) == (["A1"], [], 1)


@pytest.mark.usefixtures("rejected")
def test_mark_stays_in_the_state_while_the_stream_does_not_come(
    accounts: str, feed: Any, rejects: Any
) -> None:
    written = states(feed(MENDED, [STATE, accounts, STATE]))[-1]
    assert feed(MENDED, [written, written]) == [written, written]
    assert numbers(feed(MENDED, [written, accounts])) == rejects(TASK) == []


@pytest.mark.usefixtures("rejected")
def test_without_retries_the_row_waits_for_word_of_it(accounts: str, feed: Any, kept: Any) -> None:
    written = states(feed(MENDED, [STATE, accounts, STATE]))[-1]
    quiet = {**MENDED, "retry_rejects": False}
    made = feed(quiet, [STATE, accounts, STATE])
    assert (numbers(made), states(made), len(kept())) == ([], [STATE, STATE], 1)
    assert (numbers(feed(quiet, [written, accounts, written])), kept()) == ([], [])


def test_file_of_an_earlier_version_still_loads(accounts: str, feed: Any, kept: Any, tmp_path: Path) -> None:
    path = tmp_path / "rejects" / "mapper" / f"{TASK}.singer"
    path.parent.mkdir(parents=True)
    path.write_text(
        f'{accounts}\n{{"type":"RECORD","stream":"accounts","record":{json.dumps(BAD)},"reason":"r","code":"c",'
        '"request_id":"","attempt":3,"rejected_at":"2024-01-01T00:00:00Z"}\n',
        encoding="utf-8",
    )
    assert numbers(feed(MENDED, [accounts, STATE])) == ["A1"]
    assert [(row["reason"], row["attempt"], bool(row["sent"])) for row in kept()] == [("r", 3, True)]


def test_broken_line_of_the_file_is_named(accounts: str, feed: Any, record: Any, tmp_path: Path) -> None:
    path = tmp_path / "rejects" / "mapper" / f"{TASK}.singer"
    path.parent.mkdir(parents=True)
    path.write_text(f'{accounts}\n{record("accounts", **BAD)[:-1]},"sent":5}}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"accounts-direct\.singer:2: .*sent.*; mend this line") as caught:
        feed(MENDED, [accounts])
    assert "Atlantis" not in str(caught.value)
