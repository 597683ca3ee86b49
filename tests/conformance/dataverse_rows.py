"""The sandbox a Dataverse client meets: accounts with a key of their own and contacts, all with known ids."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dynamics_sandbox.testing import running

from tests.conformance.readback import Readback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dynamics_sandbox.testing import Sandbox

_ROOT: Final = Path(__file__).parents[2]
_POLLS: Final = 50
_CONTACTS: Final = {101: ("Ada", "Lovelace"), 102: ("Grace", "Hopper")}


@contextmanager
def calls_made(
    folder: Path, fill: Callable[[Sandbox], None], driver: Sequence[str], *, trust: str, peers: str = ""
) -> Iterator[Readback]:
    """A sandbox with prepared rows on which a driver has made its calls.

    Args:
        folder: of the sandbox's data.
        fill: puts more rows there before the calls.
        driver: the command that makes the calls; it prints a JSON object for each.
        trust: the environment variable by which its client finds the certificate authority.
        peers: the folder of the Node peers.
    """
    with running(folder, options=("--no-p2c-solution",)) as sandbox:
        prepare(sandbox)
        fill(sandbox)
        given = {name: getattr(sandbox, name) for name in ("tenant_id", "client_id", "client_secret")}
        given |= {"authority": sandbox.authority, "environment": sandbox.sales, "peers": peers}
        done = subprocess.run(
            driver,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            cwd=_ROOT,
            env={**os.environ, trust: sandbox.ca_bundle},
        )
        assert done.returncode == 0, done.stderr
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        yield Readback(sandbox, "sales", {each["call"]: each for each in outcomes})


def row_id(number: int) -> str:
    """The id of a row by its number; the drivers count alike."""
    return f"00000000-0000-4000-8000-{number:012d}"


def prepare(sandbox: Sandbox) -> None:
    """Makes accountnumber a key, and two contacts."""
    key = {"SchemaName": "new_accountnumber", "KeyAttributes": ["accountnumber"]}
    post(sandbox, "EntityDefinitions(LogicalName='account')/Keys", key)
    for number, (first, last) in _CONTACTS.items():
        post(sandbox, "contacts", {"contactid": row_id(number), "firstname": first, "lastname": last})
    for _ in range(_POLLS):
        path = "EntityDefinitions(LogicalName='account')/Keys?$select=EntityKeyIndexStatus"
        _, _, answer = sandbox.call("GET", "sales", path)
        if answer["value"][0]["EntityKeyIndexStatus"] == "Active":
            return
    raise AssertionError(f"The key of account is not active after {_POLLS} looks at it.")


def accounts_to_change(sandbox: Sandbox, count: int) -> None:
    """Accounts U-01 and on, row 9 with a contact."""
    for number in range(1, count + 1):
        bind = {"primarycontactid@odata.bind": f"/contacts({row_id(101)})"} if number == 9 else {}
        row = {"accountid": row_id(number), "accountnumber": f"U-{number:02d}", "telephone1": "555-1"}
        post(sandbox, "accounts", {**row, "name": f"Account {number:02d}", **bind})


def accounts_to_read(sandbox: Sandbox) -> None:
    """Accounts Q-01 to Q-12 with values that tell filters apart; Q-01 has two contacts of its own.

    Employees are ten times the number except for Q-01, even numbers have a telephone, the last four are on
    hold, the twelfth is inactive and has an apostrophe, an ampersand and an umlaut in its name.
    """
    for number in range(1, 13):
        row = {
            "accountid": row_id(number),
            "accountnumber": f"Q-{number:02d}",
            "name": "O'Brien & Söhne" if number == 12 else f"Account {number:02d}",
            "numberofemployees": 10 * number,
            "creditonhold": number > 8,
            "telephone1": f"555-{number}" if number % 2 == 0 else None,
        }
        post(sandbox, "accounts", {**row, **_MORE.get(number, {})})
    for number, (first, last) in _CONTACTS.items():
        bind = {"parentcustomerid_account@odata.bind": f"/accounts({row_id(1)})"}
        row = {"contactid": row_id(number + 100), "firstname": f"{first} B.", "lastname": last}
        post(sandbox, "contacts", {**row, **bind})


_MORE: Final[dict[int, dict[str, Any]]] = {
    1: {
        "revenue": 1000.1,
        "customertypecode": 1,
        "numberofemployees": 1234,
        "primarycontactid@odata.bind": f"/contacts({row_id(101)})",
    },
    2: {"revenue": 1000.11},
    3: {"revenue": 20000, "overriddencreatedon": "2020-01-01T10:00:00Z"},
    12: {"statecode": 1, "statuscode": 2},
}


def post(sandbox: Sandbox, path: str, content: dict[str, Any]) -> None:
    """Creates something over plain HTTPS."""
    status, _, answer = sandbox.call("POST", "sales", path, json=content)
    assert status == 204, answer
