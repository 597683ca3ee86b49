"""The sandbox with a million accounts: what seeding them costs, and its memory while many read and write.

The readers are slow on purpose: they ask for full pages of 60 columns and take a quarter of a megabyte at a
time, so that sixteen answers are under way at once while eight writers upsert.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.testing import Sandbox, running

from tests.performance.figures import Figure
from tests.performance.processes import run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

_ROWS: Final = 1_000_000
_READERS, _WRITERS, _PAGES = 16, 8, 2
_COLUMNS: Final = 60
_PIECE: Final = 256 * 1024
_PAUSE_SECONDS: Final = 0.05
_API: Final = "/api/data/v9.2"
_COMMAND: Final = str(Path(sys.executable).with_name("dynamics-sandbox"))


def figures() -> Iterator[Figure]:
    """Seeding a million accounts, CPU and memory; the server's peak memory with readers and writers."""
    with tempfile.TemporaryDirectory() as folder:
        seeding = run([_COMMAND, "seed", "--data", folder, "--accounts", str(_ROWS)])
        yield Figure("sandbox-seed-million-cpu", seeding.cpu, 60, "s")
        yield Figure("sandbox-seed-million-memory", seeding.peak, 300, "MB")
        with running(Path(folder)) as sandbox:
            idle = _peak_memory(sandbox.pid)
            rows, writes = _read_and_write(sandbox)
            yield Figure("sandbox-million-idle-memory", idle, unit="MB")
            yield Figure("sandbox-million-rows-read", rows, _READERS * _PAGES * 5000, "rows", at_least=True)
            yield Figure("sandbox-million-rows-upserted", writes, 1, "rows", at_least=True)
            yield Figure("sandbox-million-memory", _peak_memory(sandbox.pid), 300, "MB")


def _peak_memory(pid: int) -> float:
    """Peak resident memory of a process so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _read_and_write(sandbox: Sandbox) -> tuple[int, int]:
    """Rows read and rows upserted while all readers and writers were at work."""
    columns = _some_columns(sandbox)
    token = sandbox.token("sales")
    over = threading.Event()
    with ThreadPoolExecutor(_READERS + _WRITERS) as pool:
        writing = [pool.submit(_write, sandbox, token, worker, over) for worker in range(_WRITERS)]
        reading = [pool.submit(_read, sandbox, token, columns, worker) for worker in range(_READERS)]
        try:
            rows = sum(job.result() for job in reading)
        finally:
            over.set()
        return rows, sum(job.result() for job in writing)


def _some_columns(sandbox: Sandbox) -> list[str]:
    row = sandbox.call("GET", "sales", "accounts(accountnumber='S01-00000000')")[2]
    return [name for name in row if not name.startswith("@")][:_COLUMNS]


def _connection(sandbox: Sandbox) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    return http.client.HTTPSConnection(sandbox.sales.removeprefix("https://"), context=context, timeout=300)


def _read(sandbox: Sandbox, token: str, columns: list[str], worker: int) -> int:
    """Reads pages slowly from a place of its own; gives the number of rows."""
    connection, rows = _connection(sandbox), 0
    first = f"S01-{worker * _ROWS // _READERS:08}"
    target = (
        f"{_API}/accounts?$select={','.join(columns)}&$filter=accountnumber%20ge%20'{first}'"
        "&$orderby=accountnumber"
    )
    for _ in range(_PAGES):
        connection.request("GET", target, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = bytearray()
        while piece := answer.read(_PIECE):
            body += piece
            time.sleep(_PAUSE_SECONDS)
        page = json.loads(body)
        rows += len(page["value"])
        target = page["@odata.nextLink"].removeprefix(sandbox.sales)
    connection.close()
    return rows


def _write(sandbox: Sandbox, token: str, worker: int, over: threading.Event) -> int:
    """Upserts rows of its own by account number until told to stop; gives how many."""
    connection, written = _connection(sandbox), 0
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while not over.is_set():
        targets = [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.account",
                "@odata.id": f"accounts(accountnumber='W{worker}-{number:06}')",
                "name": f"Written by {worker}",
                "creditlimit": number,
            }
            for number in range(written % 10_000, written % 10_000 + 100)
        ]
        body = json.dumps({"Targets": targets})
        connection.request("POST", f"{_API}/accounts/Microsoft.Dynamics.CRM.UpsertMultiple", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"UpsertMultiple was refused with {answer.status}: {content[:500]!r}")
        written += len(targets)
    connection.close()
    return written
