"""The sandbox's Dataverse side: what a full page and a bulk write cost the server, over real HTTPS.

CPU is user and system time of the server process, the middle of several requests of the same kind.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from dynamics_sandbox.testing import Sandbox, running

from tests.performance.figures import Figure
from tests.performance.recorded_rows import COLUMNS, ENTITY_SET, PAGE_SIZE, create_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["figures"]

_BULK = 1000
_ROUNDS = 9
_TICKS = os.sysconf("SC_CLK_TCK")


class _Server:
    """The server process, and one connection to it that is signed in."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {sandbox.token('sales')}"
        # The client is not what is measured, and unpacking would be its work.
        self._session.headers["Accept-Encoding"] = "identity"

    def page(self) -> None:
        url = f"{self._sandbox.sales}/api/data/v9.2/{ENTITY_SET}?$select={','.join(COLUMNS)}"
        answer = self._session.get(url, verify=self._sandbox.ca_bundle, timeout=60)
        answer.raise_for_status()
        if answer.content.count(b'"@odata.etag"') != PAGE_SIZE:
            raise RuntimeError("The page is not full.")

    def upsert(self, body: bytes) -> None:
        url = f"{self._sandbox.sales}/api/data/v9.2/accounts/Microsoft.Dynamics.CRM.UpsertMultiple"
        answer = self._session.post(
            url,
            body,
            headers={"Content-Type": "application/json"},
            verify=self._sandbox.ca_bundle,
            timeout=60,
        )
        answer.raise_for_status()

    def cpu(self, work: Callable[[], None]) -> float:
        """Milliseconds of the server's CPU for one piece of work, without the dearest and cheapest runs."""
        costs = []
        for _ in range(_ROUNDS):
            before = self._ticks()
            work()
            costs.append(self._ticks() - before)
        # A tick is 10 ms, coarse for one request: the mean of the middle ones smooths it.
        middle = sorted(costs)[2:-2]
        return statistics.fmean(middle) * 1000 / _TICKS

    def peak(self) -> float:
        """Peak resident memory of the server in MB."""
        status = Path(f"/proc/{self._sandbox.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024

    def _ticks(self) -> int:
        fields = Path(f"/proc/{self._sandbox.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


def figures() -> Iterator[Figure]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "sandbox", seed="none") as sandbox:
        create_rows(sandbox, PAGE_SIZE + 1)
        server = _Server(sandbox)
        start = server.peak()
        yield Figure("sandbox-dataverse-page-cpu", server.cpu(server.page), 100, "ms")
        yield Figure("sandbox-dataverse-page-memory", server.peak() - start, unit="MB")
        body = json.dumps({"Targets": [_account(number) for number in range(_BULK)]}).encode()
        yield Figure("sandbox-dataverse-upsert-cpu", server.cpu(lambda: server.upsert(body)), 100, "ms")


def _account(number: int) -> dict[str, object]:
    key = uuid.uuid5(uuid.NAMESPACE_OID, str(number))
    texts = {f"address1_{part}": f"{part} {number}" for part in ("line1", "city", "postalcode", "country")}
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.account",
        "accountid": str(key),
        "name": f"Brücke {number}",
        "accountnumber": f"B{number:06}",
        "description": 'a "quoted" text',
        "telephone1": "555-0100",
        "emailaddress1": f"mail{number}@contoso.com",
        "numberofemployees": number,
        "creditlimit": number + 0.25,
        "donotemail": bool(number % 2),
        **texts,
    }
