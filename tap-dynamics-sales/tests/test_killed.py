"""The tap is killed at twenty moments for each way of reading, and goes on from the last STATE that came out.

A moment is a request of the tap that the sandbox holds: what the tap did before is out or not, and the kill
finds it wherever its writing thread is. Rows change while the tap is dead.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.testing import Sandbox

ROWS = 420
PAGE = 10
LOOKBACK = 100
SETTINGS = {
    "streams": ["accounts"],
    "select": {"accounts": ["name", "accountnumber"]},
    "page_size": PAGE,
    "lookback_seconds": LOOKBACK,
}


@dataclass
class Chain:
    """Runs of the tap, each with the last STATE that any run before put out."""

    sandbox: Sandbox
    folder: Path
    method: str
    state: dict[str, Any] | None = None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def killed(self, pages: int) -> None:
        """One run, killed while its page request number `pages`, counted from 0, is on the way."""
        with self.sandbox.hold("sales", path=r"/accounts\?", skip=pages) as held, self._started() as process:
            held.wait()
            process.kill()
        self._take()

    def complete(self) -> None:
        """One run that comes to its end."""
        with self._started() as process:
            assert process.wait(60) == 0, (self.folder / "log").read_text()
        self._take()

    @contextmanager
    def _started(self) -> Iterator[subprocess.Popen[bytes]]:
        config = {**self.sandbox.config("sales"), **SETTINGS, "replication": {"accounts": self.method}}
        command = [str(Path(sys.executable).with_name("tap-dynamics-sales")), "--config", "config", "--state"]
        (self.folder / "config").write_text(json.dumps(config))
        (self.folder / "state").write_text(json.dumps(self.state or {}))
        with (self.folder / "out").open("wb") as out, (self.folder / "log").open("wb") as log:
            process = subprocess.Popen([*command, "state"], stdout=out, stderr=log, cwd=self.folder)
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def _take(self) -> None:
        """What a target sees: whole lines, and no end of the last one when the kill cut it."""
        there = accounts(self.sandbox)
        lines = (self.folder / "out").read_bytes().split(b"\n")[:-1]
        for message in map(json.loads, lines):
            if message["type"] == "RECORD":
                self._keep(message["record"])
            elif message["type"] == "STATE":
                self.state = message["value"]
                assert self._covered(there) <= self.rows.keys(), "STATE came before the rows it covers"

    def _keep(self, record: dict[str, Any]) -> None:
        if record.get("_sdc_deleted_at"):
            self.deleted.add(record["accountid"])
        else:
            self.rows[record["accountid"]] = record

    def _covered(self, there: dict[str, dict[str, Any]]) -> set[str]:
        """The rows nobody would read again after this STATE."""
        reached = self.bookmark().get("replication_key_value", "9999")
        return {key for key, row in there.items() if row["modifiedon"] < reached}

    def bookmark(self) -> dict[str, Any]:
        assert self.state is not None
        bookmark: dict[str, Any] = self.state["bookmarks"]["accounts"]
        # `keys` names the side file of known keys, which every first run begins anew.
        return {name: value for name, value in bookmark.items() if name != "keys"}


@pytest.fixture
def filled(sandbox: Sandbox) -> Iterator[Sandbox]:
    """ROWS accounts, seven made in each minute: instants end in mid-page, and many rows share one."""
    sandbox.clear_faults()
    sandbox.reset("none")
    sandbox.clock.set(datetime(2026, 3, 1, tzinfo=timezone.utc))
    sandbox.clock.freeze()
    sandbox.forget_tokens()
    for first in range(0, ROWS, 7):
        rows = [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.account",
                "name": f"Made {number}",
                "accountnumber": str(number),
            }
            for number in range(first, min(first + 7, ROWS))
        ]
        write(sandbox, "POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": rows})
        sandbox.clock.advance(minutes=1)
    sandbox.forget_tokens()
    yield sandbox
    sandbox.clock.real()
    sandbox.forget_tokens()


def write(sandbox: Sandbox, method: str, path: str, content: Any = None) -> None:
    status, _, answer = sandbox.call(method, "sales", path, json=content)
    assert status < 300, answer


def change(sandbox: Sandbox, account: str, name: str) -> None:
    """Give an account another name, half a minute later than whatever happened before."""
    sandbox.clock.advance(seconds=30)
    sandbox.forget_tokens()
    write(sandbox, "PATCH", f"accounts({account})", {"name": name})


def accounts(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The rows as the sandbox has them now, by another road than the tap's."""
    _, _, answer = sandbox.call("GET", "sales", "accounts?$select=name,accountnumber,modifiedon")
    return {row["accountid"]: row for row in answer["value"]}


def names(rows: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {key: (row["name"], row["accountnumber"]) for key, row in rows.items()}


def test_reading_by_time_of_change(filled: Sandbox, tmp_path: Path) -> None:
    chain = Chain(filled, tmp_path, "modified")
    ids = sorted(accounts(filled))
    for number in range(20):
        chain.killed(pages=number % 4 + 1)
        change(filled, ids[number * 20], f"Changed {number}")
    chain.complete()
    undisturbed = Chain(filled, tmp_path, "modified")
    undisturbed.complete()
    assert names(chain.rows) == names(accounts(filled))
    assert chain.bookmark() == undisturbed.bookmark()


def test_reading_by_change_tracking(filled: Sandbox, tmp_path: Path) -> None:
    chain = Chain(filled, tmp_path, "changes")
    ids = sorted(accounts(filled))
    for number in range(10):  # a snapshot is 42 pages; it can only be read anew
        chain.killed(pages=number * 4)
        change(filled, ids[number], f"Changed {number}")
    chain.complete()
    gone = set(ids[:5])
    for account in ids[:5]:
        write(filled, "DELETE", f"accounts({account})")
    for number, account in enumerate(ids[10:110]):
        change(filled, account, f"Changed again {number}")
    for number in range(10):  # the changes are 11 pages
        chain.killed(pages=number)
        change(filled, ids[120 + number], f"Changed while dead {number}")
    chain.complete()
    undisturbed = Chain(filled, tmp_path, "changes")
    undisturbed.complete()
    assert names({key: row for key, row in chain.rows.items() if key not in gone}) == names(accounts(filled))
    assert chain.deleted == gone
    assert chain.bookmark() == undisturbed.bookmark()
