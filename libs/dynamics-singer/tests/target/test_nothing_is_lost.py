"""Random runs: whatever the order of rows, states, refusals and crashes, no state passes a homeless row."""

from __future__ import annotations

import contextlib
import json
import random
import signal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_singer.target import InputError
from dynamics_singer.target.errors import Interrupted
from frame_bench import Bench, record, schema, state
from memory_target import OutageError

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = ("accounts", "contacts", "lines")


class Source:
    """A tap with a history of row versions; its state is how many of them have been read."""

    def __init__(self, dice: random.Random) -> None:
        self.history: list[tuple[str, int, int]] = []
        self.dice = dice

    def grow(self, count: int) -> None:
        for _ in range(count):
            stream = self.dice.choice(STREAMS)
            self.history.append((stream, self.dice.randrange(8), len(self.history) + 1))

    def messages(self, done: int) -> list[dict[str, Any] | bytes]:
        """What a run emits that starts behind `done`; sometimes it breaks off with half a line."""
        lines: list[dict[str, Any] | bytes] = [schema(stream) for stream in STREAMS]
        for position in range(done, len(self.history)):
            stream, number, version = self.history[position]
            lines.append(record(number, stream, amount=version))
            if self.dice.random() < 0.3:
                lines.append(state(position + 1))
        if self.dice.random() < 0.15:
            del lines[self.dice.randrange(3, len(lines) + 1) :]
            lines.append(b'{"type":"RECORD","str')
        else:
            lines.append(state(len(self.history)))
        return lines

    def newest(self, done: int) -> dict[tuple[str, int], int]:
        """Per row, the newest version among the first `done`."""
        return {(stream, number): version for stream, number, version in self.history[:done]}


def homes(bench: Bench) -> dict[tuple[str, int], int]:
    """Per row, the newest version that is at the destination or among the rejects."""
    found: dict[tuple[str, int], int] = {}
    for stream in STREAMS:
        for (number,), row in bench.destination.tables.get(stream, {}).items():
            found[stream, number] = int(row["amount"])
        for line in bench.rejects(stream):
            key = stream, line["record"]["id"]
            found[key] = max(found.get(key, 0), line["record"]["amount"])
    return found


@pytest.mark.parametrize("seed", range(60))
def test_no_row_is_lost(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # chance for a test, not for secrets
    source, bench, done = Source(dice), Bench(tmp_path), 0
    for _run in range(12):
        source.grow(dice.randrange(1, 25))
        refused = {(dice.choice(STREAMS), dice.randrange(8)) for _ in range(dice.randrange(6))}
        bench.destination.refuse = lambda stream, row, refused=refused: (
            "no" if (stream, row["id"]) in refused else ""
        )
        bench.destination.fail_after = dice.randrange(30) if dice.random() < 0.4 else None
        bench.states.clear()
        with contextlib.suppress(OutageError, InputError):
            bench.run(source.messages(done), batch_size=dice.choice((1, 2, 3, 7, 100)))
        for line in bench.states:
            assert json.loads(line)["at"] >= done, "a state went backwards"
            done = json.loads(line)["at"]
        home = homes(bench)
        for key, version in source.newest(done).items():
            assert home.get(key, 0) >= version, f"{key} version {version} is lost behind state {done}"
    bench.destination.refuse = lambda _stream, _row: ""
    bench.destination.fail_after = None
    for _attempt in range(50):
        bench.states.clear()
        try:
            bench.run(source.messages(done))
        except InputError:
            continue
        break
    assert {
        (stream, key[0]): int(row["amount"])
        for stream in STREAMS
        for key, row in bench.destination.tables.get(stream, {}).items()
    } == source.newest(len(source.history))
    assert all(not bench.rejects(stream) for stream in STREAMS)


def test_stop_signal_waits_for_the_batch_in_flight(bench: Bench) -> None:
    def signalled(_stream: str, row: dict[str, Any]) -> str:
        if row["id"] == 2:
            signal.raise_signal(signal.SIGTERM)
        return ""

    bench.destination.refuse = signalled
    messages = [schema(), record(1), state(1), record(2), record(3), state(3), record(4), state(4)]
    with pytest.raises(Interrupted) as caught:
        bench.run(messages, batch_size=3)
    assert caught.value.code == 128 + signal.SIGTERM
    assert sorted(bench.destination.tables["orders"]) == [(1,), (2,), (3,)]
    assert bench.states == ['{"at": 1}']  # the state behind row 3 had not been read yet
    assert bench.summary()[0]["status"] == "Error"


def test_second_stop_signal_does_not_wait(bench: Bench) -> None:
    def signalled(_stream: str, row: dict[str, Any]) -> str:
        if row["id"] in {1, 2}:
            signal.raise_signal(signal.SIGINT)
        return ""

    bench.destination.refuse = signalled
    with pytest.raises(Interrupted):
        bench.run([schema(), record(1), record(2), record(3), state(3)])
    assert sorted(bench.destination.tables["orders"]) == [(1,)]
    assert bench.states == []
