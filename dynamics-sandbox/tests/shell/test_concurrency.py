"""Sixteen readers and eight writers at once: no lost update, no torn page, no change that tracking misses."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.testing import Sandbox

READERS, WRITERS, ROUNDS, BLOCK, SEEDED = 16, 8, 5, 10, 120
API = "/api/data/v9.2/"
COUNTER = "accounts(accountnumber='S01-00000000')"
READ_ALL = "accounts?$select=accountnumber"
TRACK = {"Prefer": "odata.track-changes"}


@dataclass
class Client:
    """One kept connection of one thread."""

    connection: http.client.HTTPSConnection
    token: str

    def __call__(
        self, method: str, path: str, content: Any = None, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        body = None if content is None else json.dumps(content)
        self.connection.request(method, path if path.startswith("/") else API + path, body, given)
        with self.connection.getresponse() as answer:
            data = answer.read()
            fields = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, json.loads(data) if data else None, fields

    def pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        while path:
            status, page, _ = self("GET", path)
            assert status == 200, page
            yield page["value"]
            path = API + page["@odata.nextLink"].partition(API)[2] if "@odata.nextLink" in page else ""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options = ("--dataverse-page-size", "40")
    with running(tmp_path_factory.mktemp("concurrency"), options=options) as process:
        process.seed(accounts=SEEDED)
        yield process


def connect(sandbox: Sandbox) -> Client:
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    host = sandbox.sales.removeprefix("https://")
    return Client(http.client.HTTPSConnection(host, context=context, timeout=60), sandbox.token("sales"))


def block(worker: int, number: int) -> list[dict[str, Any]]:
    """The rows one writer writes in one transaction: all with the number of the round."""
    return [
        {
            "@odata.type": "Microsoft.Dynamics.CRM.account",
            "@odata.id": f"accounts(accountnumber='B{worker}-{place}')",
            "name": f"Block {worker}",
            "numberofemployees": number,
        }
        for place in range(BLOCK)
    ]


def count_up(client: Client) -> None:
    """Adds one to the shared counter, again and again until nobody was faster."""
    while True:
        _, row, _ = client("GET", f"{COUNTER}?$select=numberofemployees")
        change = {"numberofemployees": (row["numberofemployees"] or 0) + 1}
        status, problem, _ = client("PATCH", COUNTER, change, **{"If-Match": row["@odata.etag"]})
        if status == 204:
            return
        assert status == 412, problem


def write(sandbox: Sandbox, worker: int) -> None:
    client = connect(sandbox)
    for number in range(1, ROUNDS + 1):
        body = {"Targets": block(worker, number)}
        status, problem, _ = client("POST", "accounts/Microsoft.Dynamics.CRM.UpsertMultiple", body)
        assert status in {200, 204}, problem
        count_up(client)
        single = {"name": f"Single {worker}", "accountnumber": f"X{worker}-{number}"}
        assert client("POST", "accounts", single)[0] == 204
    client.connection.close()


def read(sandbox: Sandbox, reader: int, over: threading.Event) -> int:
    """Reads blocks and everything until the writers are done; gives how often."""
    client, times = connect(sandbox), 0
    path = f"accounts?$select=numberofemployees&$filter=startswith(accountnumber,'B{reader % WRITERS}-')"
    while not over.is_set() or not times:
        (rows,) = client.pages(path)
        # One transaction wrote all of them, so one page shows all of them alike, or none at all.
        assert len(rows) in {0, BLOCK}
        assert len({row["numberofemployees"] for row in rows}) <= 1
        found = [row["accountnumber"] for page in client.pages(READ_ALL) for row in page]
        assert len(found) == len(set(found))
        assert {f"S01-{n:08}" for n in range(SEEDED)} <= set(found)
        times += 1
    client.connection.close()
    return times


def test_many_readers_and_writers_get_correct_answers(sandbox: Sandbox) -> None:
    main = connect(sandbox)
    main("PATCH", COUNTER, {"numberofemployees": 0})
    *_, last = tracked(main, f"{API}{READ_ALL},numberofemployees")
    over = threading.Event()
    with ThreadPoolExecutor(READERS + WRITERS) as pool:
        reading = [pool.submit(read, sandbox, reader, over) for reader in range(READERS)]
        writing = [pool.submit(write, sandbox, worker) for worker in range(WRITERS)]
        try:
            for job in writing:
                job.result()
        finally:
            over.set()
        assert all(job.result() for job in reading)

    assert main("GET", COUNTER)[1]["numberofemployees"] == WRITERS * ROUNDS
    wanted = {f"B{worker}-{place}": ROUNDS for worker in range(WRITERS) for place in range(BLOCK)}
    wanted |= {f"X{worker}-{number}": None for worker in range(WRITERS) for number in range(1, ROUNDS + 1)}
    rows = [row for page in main.pages(f"{READ_ALL},numberofemployees") for row in page]
    written = {row["accountnumber"]: row["numberofemployees"] for row in rows}
    assert written.items() >= wanted.items()
    assert len(rows) == SEEDED + len(wanted)
    changed = [row for page in tracked(main, last["@odata.deltaLink"]) for row in page["value"]]
    latest = {row["accountnumber"]: row["numberofemployees"] for row in changed}
    assert latest == {**wanted, "S01-00000000": WRITERS * ROUNDS}
    assert len(changed) == len(latest)
    statuses = {entry["status"] for entry in sandbox.requests("sales")}
    assert statuses <= {200, 204, 412}
    main.connection.close()


def tracked(client: Client, path: str) -> list[dict[str, Any]]:
    """The pages of a read that tracks changes; the last one has the next delta link."""
    pages: list[dict[str, Any]] = []
    while path:
        status, page, _ = client("GET", API + path.partition(API)[2], **TRACK)
        assert status == 200, page
        pages.append(page)
        path = page.get("@odata.nextLink", "")
    return pages
