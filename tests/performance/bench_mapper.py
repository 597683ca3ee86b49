"""mapper-p2c against its floor and against meltano-map-transform, all on the same lines.

CPU is user and system time of the whole process, start-up included; 200,000 records, a million for memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.peers import places
from tests.performance.figures import Figure
from tests.performance.processes import Cost, median, run
from tests.performance.singer_streams import ACCOUNTS, ORDER_LINES, write_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

_FLOOR = Path(__file__).parent / "floors" / "mapper.py"
_MAPPER = Path(sys.executable).with_name("mapper-p2c")
_ROWS, _MANY = 200_000, 1_000_000
_ROUNDS = 3
_CASES: dict[str, tuple[str, str, dict[str, Any], float]] = {
    "accounts": ("accounts-direct", "accounts", ACCOUNTS, 2.0),
    "order-lines": ("orders-to-fno-leg1", "salesorderdetails", ORDER_LINES, 3.0),
}
"""Name to template, stream, columns, and the goal in multiples of the floor."""


def _piped(command: list[str], lines: Path) -> Cost:
    with lines.open("rb") as source:
        return run(command, source=source)


def _mapper(folder: Path, template: str) -> list[str]:
    path = folder / f"{template}.json"
    path.write_text(json.dumps({"template": template, "rejects_path": str(folder / "rejects")}))
    return [str(_MAPPER), "--config", str(path)]


def _renamer(folder: Path, stream: str, columns: dict[str, Any]) -> list[str]:
    """meltano-map-transform, told to give each top-level column another name."""
    renamed: dict[str, Any] = {f"new_{name}": name for name in columns}
    config = {"stream_maps": {stream: {**renamed, "__else__": None, "__key_properties__": []}}}
    path = folder / "map-transform.json"
    path.write_text(json.dumps(config))
    interpreter = places.python("map-transform")
    return [str(interpreter.with_name("meltano-map-transform")), "--config", str(path)]


def figures() -> Iterator[Figure]:
    """Measure; floor and mapper run in turn, so that both see the same machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, (template, stream, columns, goal) in _CASES.items():
            lines = folder / f"{case}.singer"
            write_stream(lines, stream, columns, _ROWS)
            floors, ours = [], []
            for _ in range(_ROUNDS):
                floors.append(_piped([sys.executable, str(_FLOOR)], lines))
                ours.append(_piped(_mapper(folder, template), lines))
            floor, our = median(floors), median(ours)
            yield Figure(f"mapper-{case}-floor-cpu", floor.cpu, unit="s")
            yield Figure(f"mapper-{case}-cpu", our.cpu, unit="s")
            yield Figure(f"mapper-{case}-cpu-of-floor", our.cpu / floor.cpu, goal, "x")
            peer = _piped(_renamer(folder, stream, columns), lines)
            yield Figure(f"mapper-{case}-map-transform-cpu", peer.cpu, unit="s")
            yield Figure(f"mapper-{case}-map-transform-of-ours", peer.cpu / our.cpu, 2.5, "x", at_least=True)
            write_stream(lines, stream, columns, _MANY)
            yield Figure(f"mapper-{case}-peak-200k", our.peak, unit="MB")
            many = _piped(_mapper(folder, template), lines)
            yield Figure(f"mapper-{case}-peak-1m-of-200k", many.peak / our.peak, 1.1, "x")
