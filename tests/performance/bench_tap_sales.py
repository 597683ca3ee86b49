"""tap-dynamics-sales against its floor and against what people read Dataverse with today.

All programs read the same pages of the same server (`replay`), 200,000 rows of 60 columns; a million once
more for memory. CPU is user and system time of the whole process, start-up and sign-in included.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from dynamics_sandbox.testing import Sandbox, running

from tests.peers import places
from tests.performance.figures import Figure
from tests.performance.processes import Cost, median, run
from tests.performance.recorded_rows import (
    COLUMNS,
    DECIMALS,
    ENTITY_SET,
    PAGE_SIZE,
    PRIMARY_ID,
    TABLE,
    record_page,
)
from tests.performance.replay import Replay, replaying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["figures"]

_HERE = Path(__file__).parent
_TAP = Path(sys.executable).with_name("tap-dynamics-sales")
_PAGES, _MANY_PAGES, _FEW_PAGES = 40, 200, 2
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Bench:
    """The sandbox behind the replayed table, and a folder for configurations and results."""

    sandbox: Sandbox
    folder: Path

    def floor(self, server: Replay) -> Cost:
        script = _HERE / "floors" / "dataverse_reader.py"
        return run(
            [sys.executable, str(script), f"{server.origin}/api/data/v9.2/{ENTITY_SET}", self._authority]
        )

    def tap(self, server: Replay, method: str, output: Path | None = None) -> Cost:
        config = {
            **self.sandbox.config("sales"),
            "environment_url": server.origin,
            "authority_host": server.origin,
            "streams": [ENTITY_SET],
            "select": {ENTITY_SET: list(COLUMNS)},
            "replication": {ENTITY_SET: method},
        }
        return self._run([str(_TAP), "--config", self._file("tap", config)], output)

    def airbyte(self, server: Replay, output: Path | None = None) -> Cost:
        config = {
            "url": server.origin,
            "tenant_id": self.sandbox.tenant_id,
            "client_id": self.sandbox.client_id,
            "client_secret_value": self.sandbox.client_secret,
            "odata_maxpagesize": PAGE_SIZE,
        }
        kinds = {name: {"type": ["null", "number" if name in DECIMALS else "string"]} for name in COLUMNS}
        stream = {
            "name": TABLE,
            "json_schema": {"properties": kinds},
            "supported_sync_modes": ["full_refresh"],
        }
        chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        script = _HERE / "peers" / "airbyte_dataverse.py"
        files = ["--config", self._file("airbyte", config)]
        files += ["--catalog", self._file("catalog", {"streams": [chosen]})]
        command = [str(places.python("airbyte-dataverse")), str(script), "read", *files]
        return self._run(command, output, AUTHORITY=server.origin)

    def dlt(self, server: Replay, how: str, output: Path | None = None) -> Cost:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        script = _HERE / "peers" / "dlt_rest_api.py"
        command = [str(places.python("dlt")), str(script), server.origin, ENTITY_SET, str(folder), how]
        cost = self._run(command, TOKEN=self.sandbox.token("sales"), RUNTIME__DLTHUB_TELEMETRY="false")
        if output is not None:
            [loaded] = folder.glob(f"loaded/bench/{ENTITY_SET}/*.jsonl.gz")
            output.write_bytes(gzip.decompress(loaded.read_bytes()))
        return cost

    @property
    def _authority(self) -> str:
        return self.sandbox.ca_bundle

    def _file(self, name: str, content: Any) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)

    def _run(self, command: list[str], output: Path | None = None, **environment: str) -> Cost:
        environment["REQUESTS_CA_BUNDLE"] = self._authority
        if output is None:
            return run(command, environment=environment)
        with output.open("wb") as file:
            return run(command, environment=environment, output=file)


def figures() -> Iterator[Figure]:
    """Measure; the floor is run in turn with the tap, so that both see the same machine."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(running(folder / "sandbox", seed="none"))
        page = folder / "page.json"
        record_page(sandbox, page)

        def server(pages: int) -> Replay:
            table = {"entity_set": ENTITY_SET, "primary_id": PRIMARY_ID}
            return stack.enter_context(replaying(sandbox, page, pages=pages, **table))

        bench = _Bench(sandbox, folder)
        yield from _inexact(bench, server(_FEW_PAGES))
        few, many = server(_PAGES), server(_MANY_PAGES)
        floors: list[Cost] = []
        taps: dict[str, list[Cost]] = {"changes": [], "modified": []}
        for _ in range(_ROUNDS):
            floors.append(bench.floor(few))
            for method, costs in taps.items():
                costs.append(bench.tap(few, method))
        floor = median(floors)
        yield Figure("tap-sales-floor-cpu", floor.cpu, unit="s")
        for method, costs in taps.items():
            yield from _tap_figures(method, median(costs), floor, bench.tap(many, method))
        before = len(few.requests())
        bench.tap(few, "changes")
        yield Figure("tap-sales-requests-beside-pages", len(few.requests()) - before - _PAGES, 5)
        slowest = max(median(costs).cpu for costs in taps.values())
        yield from _peer_figures(bench, few, slowest)


def _tap_figures(method: str, tap: Cost, floor: Cost, long_run: Cost) -> Iterator[Figure]:
    yield Figure(f"tap-sales-{method}-cpu", tap.cpu, unit="s")
    yield Figure(f"tap-sales-{method}-cpu-of-floor", tap.cpu / floor.cpu, 1.0, "x")
    yield Figure(f"tap-sales-{method}-peak-200k", tap.peak, 150, "MB")
    yield Figure(f"tap-sales-{method}-peak-1m", long_run.peak, 150, "MB")
    yield Figure(f"tap-sales-{method}-peak-1m-of-200k", long_run.peak / tap.peak, 1.1, "x")


def _peer_figures(bench: _Bench, server: Replay, ours: float) -> Iterator[Figure]:
    peers = {"airbyte": bench.airbyte(server).cpu, "dlt": bench.dlt(server, "pipeline").cpu}
    for name, cpu in peers.items():
        yield Figure(f"tap-sales-peer-{name}-cpu", cpu, unit="s")
    yield Figure("tap-sales-best-peer-of-ours", min(peers.values()) / ours, 6, "x", at_least=True)
    # Not a connector: no schema, no state, nothing loaded. It shows what dlt's source alone costs.
    yield Figure("tap-sales-dlt-rows-only-cpu", bench.dlt(server, "rows").cpu, unit="s")


def _inexact(bench: _Bench, server: Replay) -> Iterator[Figure]:
    """Rows, of 10,000, in which a decimal does not have the very digits the server sent."""
    readers: dict[str, tuple[Callable[[Path], object], Callable[[Any], Any]]] = {
        "tap-sales": (lambda path: bench.tap(server, "modified", path), lambda line: line.get("record")),
        "tap-sales-peer-airbyte": (
            lambda path: bench.airbyte(server, path),
            lambda line: line.get("record", {}).get("data"),
        ),
        "tap-sales-peer-dlt": (lambda path: bench.dlt(server, "pipeline", path), lambda line: line),
    }
    sent = _decimals(_sent(bench.sandbox, server))
    for name, (read, row_of) in readers.items():
        path = bench.folder / "rows.jsonl"
        read(path)
        with path.open("rb") as lines:
            rows = (row_of(json.loads(line, parse_float=Decimal)) for line in lines)
            got = _decimals(row for row in rows if row)
        wrong = sum(got.get(key) != values for key, values in sent.items()) + len(got.keys() - sent.keys())
        yield Figure(f"{name}-inexact-rows", wrong, 0 if name == "tap-sales" else None)


def _sent(sandbox: Sandbox, server: Replay) -> Iterator[dict[str, Any]]:
    link = f"{server.origin}/api/data/v9.2/{ENTITY_SET}"
    while link:
        answer = requests.get(link, verify=sandbox.ca_bundle, timeout=60)
        page = json.loads(answer.content, parse_float=Decimal)
        yield from page["value"]
        link = page.get("@odata.nextLink", "")


def _decimals(rows: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    return {row[PRIMARY_ID]: [str(row[name]) for name in DECIMALS] for row in rows}
