"""tap-dynamics-fno on a sandbox with many customers: what comparing all rows costs beside sending all rows.

60 columns of CustomersV3 are read, in F&O's pages of 10,000 rows. CPU is user and system time of the tap's
whole process, start-up and sign-in included.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.testing import Sandbox, running

from tests.performance.figures import Figure
from tests.performance.processes import Cost, median, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

_TAP = Path(sys.executable).with_name("tap-dynamics-fno")
_ROWS, _COLUMNS = 100_000, 60
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Bench:
    """The sandbox, and a folder for configurations and what the tap leaves."""

    sandbox: Sandbox
    folder: Path
    columns: list[str]

    def tap(self, method: str, state: dict[str, Any] | None = None) -> tuple[Cost, dict[str, Any]]:
        """One read of all customers; gives its cost and the state it leaves."""
        config = {
            **self.sandbox.config("fno"),
            "streams": ["CustomersV3"],
            "companies": ["usmf"],
            "select": {"CustomersV3": self.columns},
            "replication": {"CustomersV3": method},
            "data_dir": str(self.folder / "data"),
        }
        command = [str(_TAP), "--config", self._file("config", config)]
        command += ["--state", self._file("state", state)] if state else []
        output = self.folder / "messages"
        with output.open("wb") as file:
            cost = run(command, output=file)
        with output.open("rb") as lines:
            states = [line for line in lines if line.startswith(b'{"type":"STATE"')]
        return cost, dict(json.loads(states[-1])["value"])

    def _file(self, name: str, content: Any) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)


def figures() -> Iterator[Figure]:
    """Measure the three ways in turn, so that all see the same machine."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(running(folder / "sandbox", seed="none"))
        sandbox.control("POST", "seed", {"sizes": {"customers": _ROWS}})
        row = sandbox.call("GET", "fno", "/data/CustomersV3?$top=1")[2]["value"][0]
        bench = _Bench(sandbox, folder, [name for name in row if "@" not in name][:_COLUMNS])
        full, first, quiet = [], [], []
        for _ in range(_ROUNDS):
            full.append(bench.tap("full")[0])
            cost, state = bench.tap("snapshot")
            first.append(cost)
            quiet.append(bench.tap("snapshot", state)[0])
        all_rows = median(full)
        yield Figure("tap-fno-full-cpu", all_rows.cpu, unit="s")
        yield Figure("tap-fno-full-peak", all_rows.peak, 150, "MB")
        yield Figure("tap-fno-snapshot-first-of-full", median(first).cpu / all_rows.cpu, 1.2, "x")
        yield Figure("tap-fno-snapshot-quiet-of-full", median(quiet).cpu / all_rows.cpu, 1.2, "x")
        yield Figure("tap-fno-snapshot-peak", median(quiet).peak, 150, "MB")
