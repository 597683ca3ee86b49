"""Requests that are held before, during and after their commit until the test lets them go."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.control.client import NotHeldError
from dynamics_sandbox.testing import SandboxProcessError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.testing import Sandbox

GROUPS = "/data/CustomerGroups"


def key(number: str) -> str:
    return f"{GROUPS}(dataAreaId='usmf',CustomerGroupId='{number}')"


def create(sandbox: Sandbox, number: str) -> int:
    group = {"dataAreaId": "usmf", "CustomerGroupId": number, "Description": "held"}
    return sandbox.call("POST", "fno", GROUPS, json=group)[0]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.mark.parametrize(("when", "seen"), [("before", 404), ("during", 404), ("after", 200)])
def test_a_request_is_held_where_asked(
    sandbox: Sandbox, pool: ThreadPoolExecutor, when: str, seen: int
) -> None:
    sandbox.token("fno")
    with sandbox.hold("fno", when=when, method="POST") as held:  # type: ignore[arg-type]  # of the table
        creating = pool.submit(create, sandbox, f"H-{when}")
        request = held.wait()
        status = sandbox.call("GET", "fno", key(f"H-{when}"))[0]
        answered = creating.done()
        held.release()

    assert request == {"environment": "fno", "method": "POST", "path": GROUPS}
    assert (status, answered) == (seen, False)
    assert creating.result(timeout=20) == 201
    assert sandbox.call("DELETE", "fno", key(f"H-{when}"))[0] == 204


def test_only_the_chosen_request_is_held(sandbox: Sandbox, pool: ThreadPoolExecutor) -> None:
    with sandbox.hold("fno", path="skipped", skip=1) as held:
        assert sandbox.call("GET", "fno", f"{GROUPS}?$top=1")[0] == 200
        assert sandbox.call("GET", "fno", f"{GROUPS}?x=skipped")[0] == 200
        third = pool.submit(sandbox.call, "GET", "fno", f"{GROUPS}?x=skipped")
        held.wait()
        assert sandbox.call("GET", "fno", f"{GROUPS}?x=skipped")[0] == 200
    assert third.result(timeout=20)[0] == 200


def test_a_row_can_be_changed_in_the_middle_of_a_paged_read(
    sandbox: Sandbox, pool: ThreadPoolExecutor
) -> None:
    prefer = {"Prefer": "odata.maxpagesize=1"}
    first = sandbox.call("GET", "cds", "transactioncurrencies?$orderby=isocurrencycode", headers=prefer)[2]
    with sandbox.hold("cds", path="skiptoken") as held:
        second = pool.submit(sandbox.call, "GET", "cds", first["@odata.nextLink"], headers=prefer)
        held.wait()
        pound = sandbox.call("GET", "cds", "transactioncurrencies?$filter=isocurrencycode eq 'GBP'")[2]
        row = f"transactioncurrencies({pound['value'][0]['transactioncurrencyid']})"
        assert sandbox.call("PATCH", "cds", row, json={"currencyname": "Changed"})[0] == 204

    assert second.result(timeout=20)[2]["value"][0]["currencyname"] == "Changed"


def test_a_client_that_dies_while_its_write_is_held_leaves_the_write(sandbox: Sandbox) -> None:
    body = b'{"dataAreaId":"usmf","CustomerGroupId":"DEAD","Description":"written"}'
    head = (
        f"POST {GROUPS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {sandbox.token('fno')}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    port = int(sandbox.fno.rpartition(":")[2])
    with sandbox.hold("fno", when="after", method="POST") as held:
        plain = socket.create_connection(("localhost", port), timeout=20)
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(head.encode() + body)
            held.wait()

    assert sandbox.call("GET", "fno", key("DEAD"))[2]["Description"] == "written"
    assert sandbox.call("DELETE", "fno", key("DEAD"))[0] == 204


def test_a_hold_that_lasts_too_long_ends_by_itself_and_is_told(
    sandbox: Sandbox, pool: ThreadPoolExecutor
) -> None:
    hook = sandbox.control("POST", "hooks", {"environment": "fno", "seconds": 0.05})
    answer = pool.submit(sandbox.call, "GET", "fno", GROUPS)

    assert answer.result(timeout=20)[0] == 200
    assert sandbox.control("GET", f"hooks/{hook['id']}/wait")["state"] == "expired"
    with (
        pytest.raises(NotHeldError, match=r"let go after 0\.05 seconds"),
        sandbox.hold("fno", seconds=0.05),
    ):
        sandbox.call("GET", "fno", GROUPS)


def test_a_request_that_commits_nothing_is_not_held_during_its_commit(sandbox: Sandbox) -> None:
    with sandbox.hold("fno", when="during") as held:
        assert sandbox.call("GET", "fno", GROUPS)[0] == 200
        with pytest.raises(NotHeldError, match="'missed'"):
            held.wait()


def test_waiting_for_a_request_that_does_not_come_ends(sandbox: Sandbox) -> None:
    with sandbox.hold("fno") as held, pytest.raises(NotHeldError, match="'waiting'"):
        held.wait(0.05)


def test_a_failing_block_lets_its_request_go(sandbox: Sandbox, pool: ThreadPoolExecutor) -> None:
    def block() -> None:
        with sandbox.hold("fno") as held:
            answers.append(pool.submit(sandbox.call, "GET", "fno", GROUPS))
            held.wait()
            raise RuntimeError("of the test")

    answers: list[Any] = []
    with pytest.raises(RuntimeError, match="of the test"):
        block()

    assert answers[0].result(timeout=20)[0] == 200
    assert sandbox.control("GET", "hooks") == {"hooks": []}


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"when": "sometimes"}, "Invalid enum value 'sometimes'"),
        ({"seconds": 0}, "seconds must be more than 0"),
        ({"environment": "crm"}, "environment 'crm' is none of"),
    ],
)
def test_a_hook_that_makes_no_sense_is_refused(
    sandbox: Sandbox, order: dict[str, object], problem: str
) -> None:
    with pytest.raises(SandboxProcessError, match=problem):
        sandbox.control("POST", "hooks", order)


def test_an_unknown_hook_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxProcessError, match="There is no hook 'x'"):
        sandbox.control("POST", "hooks/x/release")
