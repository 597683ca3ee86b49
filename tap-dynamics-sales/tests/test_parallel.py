"""Several streams at a time: the same records, whole and in order, and bookmarks that promise no more."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.errors import RefusedError
from dynamics_singer.errors import PluginError
from tap_dynamics_sales.tap import TapDynamicsSales

if TYPE_CHECKING:
    from conftest import Bench, Done

STREAMS = ["accounts", "contacts", "products", "transactioncurrencies"]
ROWS = 40
SETTINGS: dict[str, Any] = {
    "streams": STREAMS,
    "page_size": 5,
    "select": {"accounts": ["name"], "contacts": ["lastname"], "products": ["productnumber"]},
    "replication": {"contacts": "modified", "products": "full"},
}


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Forty rows in each of three tables, eight pages."""
    for entity_set, column in (("accounts", "name"), ("contacts", "lastname")):
        table = entity_set.removesuffix("s")
        rows = [
            {"@odata.type": f"Microsoft.Dynamics.CRM.{table}", column: f"{column} {number}"}
            for number in range(ROWS)
        ]
        bench.call("POST", f"{entity_set}/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": rows})
    return bench


def records(done: Done) -> dict[str, list[dict[str, Any]]]:
    return {stream: done.records(stream) for stream in STREAMS}


def test_each_stream_is_what_it_is_alone(filled: Bench) -> None:
    alone, together = filled.sync(**SETTINGS), filled.sync(parallel_streams=4, **SETTINGS)
    assert len(together.records("accounts")) == len(together.records("contacts")) == ROWS
    assert records(together) == records(alone)
    last, expected = together.states()[-1]["bookmarks"], alone.states()[-1]["bookmarks"]
    for bookmark in (last["accounts"], expected["accounts"]):  # its link tells when, its file who
        assert bookmark.pop("delta_link")
        assert bookmark["keys"].pop("file")
    assert last.keys() == expected.keys()
    assert {name: last[name] for name in ("accounts", "contacts")} == {
        name: expected[name] for name in ("accounts", "contacts")
    }


def test_a_schema_comes_once_and_before_the_records(filled: Bench) -> None:
    described: set[str] = set()
    for message in filled.sync(parallel_streams=4, **SETTINGS).messages:
        if message["type"] == "SCHEMA":
            assert message["stream"] not in described
            described.add(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] in described
    assert described == set(STREAMS)


def test_every_state_covers_only_what_is_out(filled: Bench) -> None:
    out = dict.fromkeys(STREAMS, 0)
    for message in filled.sync(parallel_streams=4, **SETTINGS).messages:
        if message["type"] == "RECORD":
            out[message["stream"]] += 1
        elif message["type"] == "STATE":
            bookmarks = message["value"]["bookmarks"]
            assert "delta_link" not in bookmarks.get("accounts", {}) or out["accounts"] == ROWS
            assert len(bookmarks.get("contacts", {}).get("window", ())) <= out["contacts"]


def test_streams_are_on_the_way_at_the_same_time(filled: Bench) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        filled.sandbox.hold("sales", path=r"/accounts\?") as first,
        filled.sandbox.hold("sales", path=r"/contacts\?") as second,
    ):
        running = pool.submit(filled.run, parallel_streams=2, **SETTINGS)
        first.wait()
        second.wait()
        assert not filled.reads("/products?")  # two at a time, no third one
        first.release()
        second.release()
        assert running.result().code == 0


def test_the_services_hint_is_known(filled: Bench) -> None:
    _, headers, _ = filled.sandbox.call("GET", "sales", "WhoAmI")
    tap = filled.tap(parallel_streams=4, **SETTINGS)
    assert len(tap.streams) == len(STREAMS)
    assert tap.recommended_parallelism() == int(headers["x-ms-dop-hint"])


def test_the_services_hint_is_the_limit(filled: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TapDynamicsSales, "recommended_parallelism", lambda _: 1)
    filled.sync(parallel_streams=4, **SETTINGS)
    order = [re.sub(r".*/(\w+)\?.*", r"\1", path) for path in filled.reads("?$select")]
    read = [name for name in order if name in STREAMS]
    assert read == sorted(read, key=STREAMS.index)
    assert len(read) > len(STREAMS)


def test_a_failing_stream_stops_the_others_at_the_end_of_a_page(filled: Bench) -> None:
    filled.sandbox.faults(
        path=r"/contacts\?", skip=1, status=400, body='{"error":{"code":"0x1","message":"No"}}'
    )
    done = filled.run(parallel_streams=2, **SETTINGS)
    assert done.code == 1
    [error] = done.errors()
    assert "stream `contacts`" in error
    assert "No" in error
    assert len(done.records("contacts")) == 5
    assert len(done.records("accounts")) % 5 == 0
    assert done.text.endswith("\n")


def test_the_first_error_is_the_one_that_is_raised(filled: Bench) -> None:
    filled.sandbox.faults(path=r"/contacts\?", status=400, body='{"error":{"code":"0x1","message":"No"}}')
    with pytest.raises(PluginError, match="contacts") as raised:
        filled.sync(parallel_streams=4, **SETTINGS)
    assert isinstance(raised.value.__cause__, RefusedError)
