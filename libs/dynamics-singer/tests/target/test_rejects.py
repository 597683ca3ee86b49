"""The life of a reject: kept, tried again, superseded, gone; and the file it lives in."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from dynamics_singer.target import RejectsFileError
from dynamics_singer.target.rejects import RejectsFile, rejects_file
from frame_bench import record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from frame_bench import Bench


def refuse_twos(_stream: str, row: dict[str, object]) -> str:
    return "not today" if row["id"] == 2 else ""


def test_reject_is_kept_with_schema_reason_and_attempt(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(**{"x-task": "t"}), record(2, amount=1.5), state(1)])
    first, second = bench.reject_lines("t")
    assert first == schema(**{"x-task": "t"})
    assert second["record"] == {"id": 2, "amount": 1.5}
    assert (second["stream"], second["reason"], second["code"]) == ("orders", "not today", "refused")
    assert (second["request_id"], second["attempt"]) == ("request-1", 1)
    assert second["rejected_at"].endswith("Z")
    mode = (bench.folder / "rejects" / "t.singer").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert bench.states == ['{"at": 1}']


def test_reject_keeps_the_digits_of_the_row(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    line = b'{"type":"RECORD","stream":"orders","record":{"id":2,"amount":1234567890123.4500}}'
    bench.run([schema(), line])
    assert (
        b'{"id":2,"amount":1234567890123.4500}' in (bench.folder / "rejects" / "orders.singer").read_bytes()
    )


def test_reject_is_written_before_new_rows_once_mended(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2, name="late")])
    bench.destination.refuse = lambda _stream, _row: ""
    bench.run([schema(), record(3)])
    assert [key for _stream, key in bench.destination.log] == [(2,), (3,)]
    assert not (bench.folder / "rejects" / "orders.singer").exists()
    second = bench.summary()[1]
    assert (second["read"], second["retried"], second["created"], second["status"]) == (1, 1, 2, "Completed")


def test_reject_is_tried_again_without_any_new_row(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2)])
    bench.destination.refuse = lambda _stream, _row: ""
    bench.run([schema()])
    assert list(bench.destination.tables["orders"]) == [(2,)]


def test_attempts_are_counted(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2)])
    bench.run([schema()])
    bench.run([schema()])
    assert [line["attempt"] for line in bench.rejects("orders")] == [3]


def test_retry_can_be_switched_off(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2)])
    bench.destination.refuse = lambda _stream, _row: ""
    bench.run([schema(), record(3)], retry_rejects=False)
    assert list(bench.destination.tables["orders"]) == [(3,)]
    assert len(bench.rejects("orders")) == 1


def test_newer_version_takes_the_place_of_a_waiting_reject(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2, name="old")])
    bench.destination.refuse = lambda _stream, _row: ""
    bench.run([schema(), record(2, name="new")])
    assert bench.destination.log == [("orders", (2,))]
    assert bench.destination.tables["orders"][2,]["name"] == "new"
    assert bench.rejects("orders") == []


def test_newer_version_that_is_refused_replaces_the_reject(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2, name="old"), record(2, name="new")])
    (line,) = bench.rejects("orders")
    assert (line["record"]["name"], line["attempt"]) == ("new", 1)


def test_newer_version_removes_the_reject_without_a_retry(bench: Bench) -> None:
    bench.destination.refuse = lambda _stream, row: "no" if row.get("name") == "bad" else ""
    bench.run([schema(), record(2, name="bad")])
    bench.run([schema(), record(2, name="good")], retry_rejects=False)
    assert bench.rejects("orders") == []


def test_reject_keeps_its_schema_and_is_tried_under_the_new_one(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    old, new = schema(), schema()
    new["schema"]["properties"]["extra"] = {"type": "string"}
    bench.run([old, record(2)])
    bench.run([new, {**record(2), "record": {"id": 2, "extra": "x"}}, {"type": "STATE", "value": {}}])
    bench.run([old, {"type": "RECORD", "stream": "orders", "record": {"id": None, "name": "keyless"}}])
    lines = bench.reject_lines("orders")
    assert [line["type"] for line in lines] == ["SCHEMA", "RECORD", "SCHEMA", "RECORD"]
    assert lines[0] == new
    assert lines[2] == old


def test_blank_key_is_a_reject(bench: Bench) -> None:
    bench.run([schema(), record(None, name="x"), record(1), state(1)])
    (line,) = bench.rejects("orders")
    assert (line["reason"], line["code"]) == ("Key field 'id' is blank", "blank_key")
    assert bench.states == ['{"at": 1}']
    assert list(bench.destination.tables["orders"]) == [(1,)]


def test_row_with_half_a_surrogate_pair_is_a_reject_with_its_text(bench: Bench) -> None:
    line = b'{"type":"RECORD","stream":"orders","record":{"id":7,"name":"\\ud83d\\ude00 \\\\ud800 \\ud800"}}'
    bench.run([schema(), line, record(8)])
    bench.run([schema()])
    content = (bench.folder / "rejects" / "orders.singer").read_bytes()
    assert b'{"id":7,"name":"\\ud83d\\ude00 \\\\ud800 \\ud800"}' in content
    assert bench.rejects("orders")[0]["code"] == "broken_text"
    bench.run([schema(), record(7, name="mended")])
    assert sorted(bench.destination.tables["orders"]) == [(7,), (8,)]
    assert bench.rejects("orders") == []


def test_rejects_file_is_itself_an_input(bench: Bench) -> None:
    bench.destination.refuse = refuse_twos
    bench.run([schema(), record(2, name="x"), record(None, name="keyless")])
    replayed = (bench.folder / "rejects" / "orders.singer").read_bytes().splitlines()
    bench.destination.refuse = lambda _stream, _row: ""
    bench.run(replayed, rejects_path=str(bench.folder / "elsewhere"))
    assert bench.destination.tables["orders"] == {(2,): {"id": 2, "name": "x"}}


def test_two_streams_of_one_task_share_a_file(bench: Bench) -> None:
    bench.destination.refuse = lambda _stream, _row: "no"
    task = {"x-task": "t"}
    bench.run([schema("a", **task), schema("b", **task), record(1, "a"), record(1, "b")])
    assert sorted(line["stream"] for line in bench.rejects("t")) == ["a", "b"]
    bench.destination.refuse = lambda _stream, _row: ""
    bench.run([schema("b", **task)])
    assert [line["stream"] for line in bench.rejects("t")] == ["a"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"type":"RECORD","stream":"orders","record":{"id":1}}\n',
        b"not json\n",
        b'{"type":"STATE","value":{}}\n',
        b'{"type":"SCHEMA","stream":"orders"}\n{"type":"RECORD","stream":"orders","rec',
    ],
)
def test_damaged_file_is_an_error_and_stays_as_it_is(bench: Bench, content: bytes) -> None:
    path = bench.folder / "rejects" / "orders.singer"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RejectsFileError, match="damaged"):
        bench.run([schema(), record(1), state(1)])
    assert path.read_bytes() == content
    assert bench.states == []


def test_file_changed_by_another_program_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "t.singer"
    ours = RejectsFile(path)
    path.write_text(json.dumps(schema()) + "\n" + json.dumps(record(1)) + "\n")
    theirs = RejectsFile(path)
    identity, reject = theirs.of_stream("orders")[0]
    ours.put(identity, reject)
    with pytest.raises(RejectsFileError, match="another program"):
        ours.save()


def test_folder_that_cannot_be_written_is_an_error_before_the_state(bench: Bench) -> None:
    (bench.folder / "rejects").write_text("a file, not a folder")
    bench.destination.refuse = refuse_twos
    with pytest.raises(RejectsFileError, match="rejects_path"):
        bench.run([schema(), record(2), state(2)])
    assert bench.states == []


def test_file_names_are_safe(tmp_path: Path) -> None:
    assert rejects_file(tmp_path, "accounts-to-fno").name == "accounts-to-fno.singer"
    assert rejects_file(tmp_path, "a/../b:ä").name == "a%2F..%2Fb%3A%C3%A4.singer"
