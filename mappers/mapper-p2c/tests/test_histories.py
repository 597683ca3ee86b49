"""Random histories of source, tap, mapper and target: whatever fails, and when, no row is lost."""

from __future__ import annotations

import gc
import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TASK = "accounts-direct"
CONFIG = {"template": TASK}
MENDED = {**CONFIG, "overrides": {"value_maps": {"AddressCountryRegionISOCode": {"Atlantis": "PT"}}}}

#: `mapper(config, lines, broken=…)` gives the output lines; a broken one breaks at the end of the input.
Mapper = Callable[..., list[str]]
Record = dict[str, Any]


@dataclass
class Source:
    """Accounts, each with the moment of its last change; only the mended settings know Atlantis."""

    rng: random.Random
    rows: dict[str, tuple[int, Record]] = field(default_factory=dict)
    now: int = 0

    def change(self) -> None:
        self.now += 1
        name = self.rng.choice("abcdefghij")
        row = {"accountid": name, "accountnumber": name.upper(), "name": f"{name} of {self.now}"}
        row["address1_country"] = self.rng.choice(["Atlantis", "Atlantis", "Atlantis", "Spain"])
        if self.rng.random() < 0.15:
            row["_sdc_deleted_at"] = "2024-01-01T00:00:00Z"
        self.rows[name] = (self.now, row)


def bookmark(state: dict[str, Any]) -> int:
    return int(state.get("bookmarks", {}).get("accounts", {}).get("at", 0))


def state_line(state: dict[str, Any]) -> str:
    return json.dumps({"type": "STATE", "value": state})


def tap(source: Source, schema: str, state: dict[str, Any]) -> list[str]:
    """The kept state first, then what has changed since; bookmarks of others are carried along."""
    lines = [state_line(state), schema] if state else [schema]
    changed = sorted((at, row) for at, row in source.rows.values() if at > bookmark(state))
    for number, (at, row) in enumerate(changed, start=1):
        lines.append(json.dumps({"type": "RECORD", "stream": "accounts", "record": row}))
        if source.rng.random() < 0.3 or number == len(changed):
            others = state.get("bookmarks", {})
            lines.append(state_line({"bookmarks": {**others, "accounts": {"at": at}}}))
    return lines


@dataclass
class Target:
    """Writes in batches; a state is kept once everything before it is written."""

    rng: random.Random
    rows: dict[str, str] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    written: int = 0

    def take(self, lines: list[str], *, fails: bool) -> None:
        """Process the lines; one that fails stops somewhere, perhaps in the middle of a batch."""
        batch: list[Record] = []
        state = self.state
        for line in lines[: self.rng.randint(0, len(lines))] if fails else lines:
            message = json.loads(line)
            if message["type"] == "RECORD":
                batch.append(message["record"])
            elif message["type"] == "STATE":
                state = message["value"]
                if self.rng.random() < 0.5:
                    self._write(batch)
                    self.state = state
                    batch = []
        if fails:
            self._write(batch[: self.rng.randint(0, len(batch))])
        else:
            self._write(batch)
            self.state = state

    def _write(self, batch: list[Record]) -> None:
        self.rows.update({row["CustomerAccount"]: row["OrganizationName"] for row in batch})
        self.written += len(batch)


def lost(source: Source, target: Target, kept: list[Record]) -> list[str]:
    """Rows whose latest version is not at the target, not in the rejects file, and will not come again."""
    return [
        row["name"]
        for at, row in source.rows.values()
        if "_sdc_deleted_at" not in row
        and target.rows.get(row["accountnumber"]) != row["name"]
        and row not in kept
        and bookmark(target.state) >= at
    ]


def live(
    rng: random.Random, runs: int, schema: str, mapper: Mapper, kept: Callable[[], list[Record]]
) -> None:
    """Lead source, mapper and target through some runs of which many fail, and two that do not."""
    source, target = Source(rng), Target(rng)
    for run in range(runs):
        for _ in range(rng.choice([0, 0, 1, 2])):
            source.change()
        config = rng.choice([CONFIG, MENDED])
        lines = tap(source, schema, target.state)
        broken = rng.random() < 0.25
        if broken:
            lines = lines[: rng.randint(1, len(lines))]
        made = mapper({**config, "retry_rejects": rng.random() < 0.9}, lines, broken=broken)
        target.take(made, fails=rng.random() < 0.5)
        assert lost(source, target, kept()) == [], f"lost in run {run}"
    for _ in range(2):
        target.take(mapper(MENDED, tap(source, schema, target.state), broken=False), fails=False)
    assert kept() == []
    assert lost(source, target, []) == []
    before = target.written
    target.take(mapper(MENDED, tap(source, schema, target.state), broken=False), fails=False)
    assert target.written == before


@pytest.fixture
def accounts(data: Path) -> str:
    return (data / "accounts.singer").read_text("utf-8").splitlines()[1]


@pytest.fixture
def kept(rejects: Any) -> Callable[[], list[Record]]:
    return lambda: [line["record"] for line in rejects(TASK)[1:]]


@pytest.mark.parametrize("seed", range(20))
def test_no_row_is_lost(seed: int, accounts: str, pipeline: Any, kept: Any) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret, but a history to repeat

    def mapper(config: dict[str, Any], lines: list[str], *, broken: bool) -> list[str]:
        made: list[bytes] = []
        running = pipeline(config, made.append)
        for line in lines:
            running.feed(line.encode())
        if not broken:
            running.finish()
        # A process that is killed does not even close.
        if not broken or rng.random() < 0.5:
            running.close(logging.getLogger("mapper-p2c"), broken=broken)
        else:
            del running  # what the system does with a killed process: it gives back the lock
            gc.collect()
        return [line.decode() for line in made]

    live(rng, 20, accounts, mapper, kept)


def test_no_row_is_lost_by_processes(accounts: str, run: Any, kept: Any) -> None:
    def mapper(config: dict[str, Any], lines: list[str], *, broken: bool) -> list[str]:
        finished = run(config, [*lines, "{broken"] if broken else lines)
        assert finished.code == broken
        made: list[str] = finished.lines
        return made

    live(random.Random(2), 5, accounts, mapper, kept)  # noqa: S311 - no secret, but a history to repeat
