"""What the frame promises about batches, order and states, run against a destination in memory."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dynamics_singer.target import InputError, RejectLimitError
from dynamics_singer.target.errors import RecordBeforeSchemaError
from frame_bench import record, schema, state
from memory_target import OutageError

if TYPE_CHECKING:
    from frame_bench import Bench


def test_state_leaves_after_the_rows_it_covers(bench: Bench) -> None:
    messages = [schema(), record(1), state(1), record(2), record(3), state(3), record(4), record(5), state(5)]
    bench.run(messages, batch_size=2)
    assert bench.states == ['{"at": 1}', '{"at": 3}', '{"at": 5}']
    assert sorted(bench.destination.tables["orders"]) == [(1,), (2,), (3,), (4,), (5,)]


def test_state_waits_while_a_row_before_it_waits(bench: Bench) -> None:
    bench.destination.fail_after = 0
    with pytest.raises(OutageError):
        bench.run([schema(), record(1), state(1)])
    assert bench.states == []


def test_state_without_rows_leaves_at_once(bench: Bench) -> None:
    bench.run([state(1), schema(), state(2)])
    assert bench.states == ['{"at": 1}', '{"at": 2}']


def test_state_keeps_its_bytes(bench: Bench) -> None:
    line = b'{"type":"STATE","value":{"b":1.10, "a":"\\u00e4\xc3\xa4", "n":123456789012345678901234567890}}'
    bench.run([line])
    assert bench.states == ['{"b":1.10, "a":"\\u00e4ä", "n":123456789012345678901234567890}']


def test_outage_keeps_the_state_of_what_was_written(bench: Bench) -> None:
    bench.destination.fail_after = 3
    messages = [schema(), record(1), record(2), state(2), record(3), record(4), state(4)]
    with pytest.raises(OutageError):
        bench.run(messages, batch_size=2)
    assert bench.states == ['{"at": 2}']
    assert [line["status"] for line in bench.summary()] == ["Error"]


def test_outage_in_the_second_stream_keeps_the_state_of_the_first(bench: Bench) -> None:
    bench.destination.fail_after = 1
    messages = [
        schema("accounts"),
        schema("contacts"),
        record(1, "accounts"),
        state(1),
        record(2, "contacts"),
        state(2),
    ]
    with pytest.raises(OutageError):
        bench.run(messages)
    assert bench.states == ['{"at": 1}']


def test_parents_are_written_before_children(bench: Bench) -> None:
    messages = [
        schema("accounts"),
        schema("contacts"),
        record(1, "contacts"),
        record(1, "accounts"),
        record(2, "contacts"),
        record(2, "accounts"),
    ]
    bench.run(messages, batch_size=2)
    assert bench.destination.log == [
        ("accounts", (1,)),
        ("contacts", (1,)),
        ("contacts", (2,)),
        ("accounts", (2,)),
    ]


def test_rows_of_a_stream_keep_their_order(bench: Bench) -> None:
    numbers = [5, 3, 9, 1, 7]
    bench.run([schema(), *(record(number) for number in numbers)], batch_size=2)
    assert [key[0] for _stream, key in bench.destination.log] == numbers
    assert bench.destination.batches == [("orders", 2), ("orders", 2), ("orders", 1)]


def test_second_version_of_a_row_is_written_after_the_first(bench: Bench) -> None:
    bench.run([schema(), record(1, name="old"), record(2), record(1, name="new")])
    assert bench.destination.batches == [("orders", 2), ("orders", 1)]
    assert bench.destination.tables["orders"][1,]["name"] == "new"


def test_numbers_arrive_exactly(bench: Bench) -> None:
    line = (
        b'{"type":"RECORD","stream":"orders","record":{"id":9007199254740993,"amount":922337203685477.5807}}'
    )
    bench.run([schema(), line])
    stored = bench.destination.tables["orders"][9007199254740993,]
    assert stored["amount"] == Decimal("922337203685477.5807")


def test_changed_schema_writes_what_waits_first(bench: Bench) -> None:
    wider = schema()
    wider["schema"]["properties"]["extra"] = {"type": "string"}
    bench.run([schema(), record(1), schema(), record(2), wider, record(3, extra="x")])
    assert bench.destination.batches == [("orders", 2), ("orders", 1)]
    assert bench.summary()[0]["read"] == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"type":"RECORD","stream":"orders","record":{"id":3', "truncated"),
        (b"secret words", "malformed"),
        (b'{"type":"RECORD","stream":"orders","record":[7]}', "Expected `object`"),
        (b'{"type":"RECORD","stream":"orders"}', "missing required field `record`"),
        (b'{"type":"RECORD","stream":"orders","record":{"id":3,"name":"\xff"}}', "not UTF-8"),
        (b'{"type":"RECORD","stream":"orders","record":{"id":NaN}}', "malformed"),
        (b'{"type":"GOSSIP","stream":"orders"}', "unknown message type"),
        (b'{"type":"STATE"}', "missing required field `value`"),
    ],
)
def test_broken_line_ends_the_run_after_what_came_before(bench: Bench, line: bytes, told: str) -> None:
    with pytest.raises(InputError, match="Line 4 of the input") as caught:
        bench.run([schema(), record(1), state(1), line, record(2), state(2)])
    assert told.casefold() in str(caught.value).casefold()
    assert "secret" not in str(caught.value)
    assert list(bench.destination.tables["orders"]) == [(1,)]
    assert bench.states == ['{"at": 1}']


def test_record_before_schema_ends_the_run_after_what_came_before(bench: Bench) -> None:
    with pytest.raises(RecordBeforeSchemaError, match="'lines'"):
        bench.run([schema(), record(1), state(1), record(2, "lines")])
    assert list(bench.destination.tables["orders"]) == [(1,)]
    assert bench.states == ['{"at": 1}']


def test_batch_messages_are_refused(bench: Bench) -> None:
    message = {"type": "BATCH", "stream": "orders", "encoding": {"format": "jsonl"}, "manifest": []}
    with pytest.raises(InputError, match="batch_config"):
        bench.run([schema(), record(1), message])
    assert list(bench.destination.tables["orders"]) == [(1,)]


def test_activate_version_deletes_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    activate = {"type": "ACTIVATE_VERSION", "stream": "orders", "version": 2}
    with caplog.at_level("INFO"):
        bench.run([schema(), record(1), activate, activate])
    assert list(bench.destination.tables["orders"]) == [(1,)]
    assert sum("ACTIVATE_VERSION" in line for line in caplog.messages) == 1


def test_key_property_outside_the_schema_is_refused(bench: Bench) -> None:
    with pytest.raises(InputError, match="'number'"):
        bench.run([schema(keys=("number",))])


def test_on_reject_fail_ends_the_run_but_keeps_row_and_state(bench: Bench) -> None:
    bench.destination.refuse = lambda _stream, row: "no" if row["id"] == 2 else ""
    messages = [schema(), record(1), record(2), state(2), record(3), state(3)]
    with pytest.raises(RejectLimitError, match="on_reject"):
        bench.run(messages, batch_size=2, on_reject="fail")
    assert [line["record"]["id"] for line in bench.rejects("orders")] == [2]
    assert list(bench.destination.tables["orders"]) == [(1,)]
    assert bench.states == []  # the batch was full before the state came, so no state covers it yet


def test_on_reject_fail_counts_new_rows_only(bench: Bench) -> None:
    bench.destination.refuse = lambda _stream, row: "no" if row["id"] == 1 else ""
    bench.run([schema(), record(1), state(1)])
    bench.run([schema(), record(2), state(2)], on_reject="fail")
    assert bench.states[-1] == '{"at": 2}'
    assert list(bench.destination.tables["orders"]) == [(2,)]


def test_max_rejects_counts_new_rows_only(bench: Bench) -> None:
    bench.destination.refuse = lambda _stream, _row: "no"
    bench.run([schema(), record(1), record(2)], max_rejects=2)
    bench.run([schema(), record(3), state(3)], max_rejects=1)
    assert bench.states == ['{"at": 3}']
    with pytest.raises(RejectLimitError, match="2 rows were rejected, `max_rejects` allows 1"):
        bench.run([schema(), record(4), record(5)], max_rejects=1)
    assert sorted(line["record"]["id"] for line in bench.rejects("orders")) == [1, 2, 3, 4, 5]


def test_summary_and_last_line(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.destination.refuse = lambda _stream, row: "no" if row["id"] == 3 else ""
    messages = [
        schema(**{"x-task": "accounts-to-fno"}),
        record(1),
        record(2),
        record(3),
        record(1, name="again"),
    ]
    with caplog.at_level("INFO"):
        bench.run(messages)
    (line,) = bench.summary()
    assert {"requests": 0, "throttled_seconds": 0.0, "filtered": 0}.items() <= line.items()
    assert (line["plugin"], line["task"], line["stream"]) == ("target-memory", "accounts-to-fno", "orders")
    assert (line["status"], line["read"], line["created"], line["updated"]) == ("Warning", 4, 2, 1)
    assert (line["written"], line["rejected"], line["retried"]) == (3, 1, 0)
    assert (
        "accounts-to-fno orders: 4 read, 3 written (2 created, 1 updated), 0 unchanged, 1 rejected"
        in caplog.messages
    )


@pytest.mark.parametrize(("refused", "status"), [(set(), "Completed"), ({1}, "Warning"), ({1, 2}, "Error")])
def test_statuses(bench: Bench, refused: set[int], status: str) -> None:
    bench.destination.refuse = lambda _stream, row: "no" if row["id"] in refused else ""
    bench.run([schema(), record(1), record(2)])
    assert bench.summary()[0]["status"] == status


def test_retried_rejects_that_fail_again_alone_are_a_warning(bench: Bench) -> None:
    bench.destination.refuse = lambda _stream, _row: "no"
    bench.run([schema(), record(1)])
    bench.run([schema()])
    assert [line["status"] for line in bench.summary()] == ["Error", "Warning"]
