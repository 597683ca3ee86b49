"""What each kind of fault does to an answer, to the data, to tokens, links and keys."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

WHO_AM_I = "/api/data/v9.2/WhoAmI"
CURRENCIES = "/api/data/v9.2/transactioncurrencies?$select=isocurrencycode"
GROUPS = "/data/CustomerGroups"
BATCH = {"Content-Type": "multipart/mixed; boundary=b"}


@dataclass(frozen=True)
class Raw:
    """What arrived of an answer, and whether it was all of it."""

    status: int
    body: bytes
    complete: bool


def raw(sandbox: Sandbox, environment: str, target: str) -> Raw:
    """The answer to a GET as far as it comes."""
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    host = sandbox.url(environment).removeprefix("https://")
    connection = http.client.HTTPSConnection(host, context=context, timeout=20)
    with closing(connection):
        connection.request("GET", target, headers={"Authorization": f"Bearer {sandbox.token(environment)}"})
        with connection.getresponse() as answer:
            try:
                return Raw(answer.status, answer.read(), complete=True)
            except http.client.IncompleteRead as cut:
                return Raw(answer.status, cut.partial, complete=False)


def group(number: str) -> dict[str, str]:
    return {"dataAreaId": "usmf", "CustomerGroupId": number, "Description": f"Group {number}"}


def key(number: str) -> str:
    return f"{GROUPS}(dataAreaId='usmf',CustomerGroupId='{number}')"


@pytest.mark.parametrize(
    ("environment", "path", "status", "code", "message"),
    [
        ("sales", WHO_AM_I, 429, "0x80072322", "exceeded the limit of 6000 over time window of 300 seconds."),
        ("sales", WHO_AM_I, 500, "0x80040216", "An unexpected error occurred."),
        ("fno", GROUPS, 429, "", "exceeded the limit of 6000 over the time window of 300 seconds."),
        ("fno", GROUPS, 500, "", "Internal Server Error"),
    ],
)
def test_a_status_alone_is_answered_in_the_words_of_the_service(
    sandbox: Sandbox, environment: str, path: str, status: int, code: str, message: str
) -> None:
    sandbox.faults(environment=environment, status=status)

    given, headers, answer = sandbox.call("GET", environment, path)

    assert (given, headers["Retry-After"], answer["error"]["code"]) == (status, None, code)
    assert message in answer["error"].get("innererror", answer["error"])["message"]


@pytest.mark.parametrize("environment", ["sales", "fno"])
def test_a_gateway_answers_with_a_page(sandbox: Sandbox, environment: str) -> None:
    sandbox.faults(environment=environment, status=502, times=2)
    path = WHO_AM_I if environment == "sales" else GROUPS

    status, headers, page = sandbox.call("GET", environment, path)
    empty = sandbox.call("GET", environment, path)

    assert (status, headers.get_content_type()) == (502, "text/html")
    assert page.startswith("<html>")
    assert empty[0] == 502


def test_a_body_can_be_empty(sandbox: Sandbox) -> None:
    sandbox.faults(environment="sales", status=502, body="")

    assert sandbox.call("GET", "sales", WHO_AM_I)[2] is None


@pytest.mark.parametrize(("environment", "target"), [("sales", CURRENCIES), ("fno", GROUPS)])
def test_a_connection_can_be_cut_in_the_middle_of_a_body(
    sandbox: Sandbox, environment: str, target: str
) -> None:
    whole = raw(sandbox, environment, target)
    sandbox.faults(environment=environment, cut_after=40)

    assert raw(sandbox, environment, target) == Raw(200, whole.body[:40], complete=False)
    assert raw(sandbox, environment, target) == whole


@pytest.mark.parametrize(("environment", "target"), [("sales", CURRENCIES), ("fno", GROUPS)])
def test_json_can_be_cut_short_in_valid_http(sandbox: Sandbox, environment: str, target: str) -> None:
    whole = raw(sandbox, environment, target)
    sandbox.faults(environment=environment, truncate=60)

    assert raw(sandbox, environment, target) == Raw(200, whole.body[:60], complete=True)


def test_a_fault_longer_than_the_body_changes_nothing(sandbox: Sandbox) -> None:
    whole = raw(sandbox, "sales", WHO_AM_I)
    sandbox.faults(environment="sales", cut_after=len(whole.body))
    sandbox.faults(environment="sales", truncate=100_000)

    assert [raw(sandbox, "sales", WHO_AM_I) for _ in range(2)] == [whole, whole]


def test_a_body_can_be_slow(sandbox: Sandbox) -> None:
    whole = raw(sandbox, "fno", GROUPS)
    sandbox.faults(environment="fno", bytes_per_second=4 * len(whole.body))
    began = time.monotonic()

    assert raw(sandbox, "fno", GROUPS) == whole
    assert time.monotonic() - began >= 0.2


def test_a_token_can_expire_in_use(sandbox: Sandbox) -> None:
    sandbox.faults(environment="sales", expire_token=True)

    refused = [sandbox.call("GET", "sales", WHO_AM_I) for _ in range(2)]
    others = sandbox.call("GET", "cds", WHO_AM_I)[0]
    sandbox.forget_tokens()

    assert [status for status, _, _ in refused] == [401, 401]
    assert "authorization_uri=" in refused[0][1]["WWW-Authenticate"]
    assert others == 200
    assert sandbox.call("GET", "sales", WHO_AM_I)[0] == 200


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}])
def test_work_can_be_lost_before_it_is_committed(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.faults(environment="fno", method="POST", before_commit=True, **fault)

    if "drop" in fault:
        with pytest.raises((OSError, http.client.HTTPException)):
            sandbox.call("POST", "fno", GROUPS, json=group("L1"))
    else:
        assert sandbox.call("POST", "fno", GROUPS, json=group("L1"))[0] == 500

    assert sandbox.call("GET", "fno", key("L1"))[0] == 404
    assert sandbox.call("POST", "fno", GROUPS, json=group("L1"))[0] == 201
    assert sandbox.call("DELETE", "fno", key("L1"))[0] == 204


def test_change_tracking_links_can_expire_early(sandbox: Sandbox) -> None:
    def tracked() -> str:
        prefer = {"Prefer": "odata.track-changes"}
        return str(
            sandbox.call("GET", "sales", "accounts?$select=name", headers=prefer)[2]["@odata.deltaLink"]
        )

    link = tracked()
    assert sandbox.call("GET", "sales", link)[0] == 200
    sandbox.faults(environment="sales", path="deltatoken", expire_delta_links=True)

    status, _, answer = sandbox.call("GET", "sales", link)

    assert status == 400
    assert "expired" in answer["error"]["message"]
    assert sandbox.call("GET", "sales", tracked())[0] == 200


def test_a_key_can_be_half_built(sandbox: Sandbox) -> None:
    definitions = (
        "EntityDefinitions(LogicalName='account')/Keys?$select=EntityKeyIndexStatus,LogicalName"
        "&$filter=LogicalName eq 'msdynce_accountnumber'"
    )
    sandbox.faults(environment="sales", path="/Keys", pending_key="account/msdynce_accountnumber")

    states = [
        sandbox.call("GET", "sales", definitions)[2]["value"][0]["EntityKeyIndexStatus"] for _ in range(2)
    ]

    assert states == ["Pending", "Active"]
    sandbox.faults(environment="sales", pending_key="account/nothing")
    assert sandbox.call("GET", "sales", WHO_AM_I)[0] == 200
    assert "no alternate key 'account/nothing' in sales" in sandbox.happened_faults()[-1]["problem"]


def test_rows_can_be_inserted_between_two_pages(sandbox: Sandbox) -> None:
    sandbox.change_settings("fno", page_size=2)
    page = sandbox.call("GET", "fno", "CustomerGroups?$select=CustomerGroupId")[2]
    first = [row["CustomerGroupId"] for row in page["value"]]
    insert = {"environment": "fno", "method": "POST", "path": GROUPS, "json": group("00")}
    sandbox.faults(environment="fno", path=r"\$skip=", meanwhile=[insert])
    second = sandbox.call("GET", "fno", page["@odata.nextLink"])[2]["value"]

    # No snapshot in F&O: the row that came before all others shifts the offsets, so one comes twice.
    assert second[0]["CustomerGroupId"] == first[1]
    assert [entry["method"] for entry in sandbox.requests("fno")] == ["GET", "GET"]


def test_what_cannot_be_done_meanwhile_is_told(sandbox: Sandbox) -> None:
    missing = {"environment": "fno", "method": "PATCH", "path": key("none"), "json": {"Description": "x"}}
    unread = {"environment": "sales", "method": "GET", "path": f"{CURRENCIES}&$top=1"}
    sandbox.faults(environment="sales", meanwhile=[missing, unread, {**unread, "environment": "crm"}])

    assert sandbox.call("GET", "sales", WHO_AM_I)[0] == 200

    (happened,) = sandbox.happened_faults()
    assert "PATCH /data/CustomerGroups" in happened["problem"]
    assert "selecting for update" in happened["problem"]
    assert "there is no environment 'crm'" in happened["problem"]
    assert "GET" not in happened["problem"]


def test_an_update_conflict_comes_from_the_service_alone_and_in_a_batch(sandbox: Sandbox) -> None:
    sandbox.call("POST", "fno", GROUPS, json=group("U1"))
    sandbox.faults(environment="fno", error="update_conflict", times=2)
    conflict = "Cannot edit a record in Customer groups (CustGroup). An update conflict occurred"

    status, _, alone = sandbox.call("PATCH", "fno", key("U1"), json={"Description": "changed"})
    part = (
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n"
        "Content-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
        f"PATCH {sandbox.fno}{key('U1')} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        '{"Description":"changed"}\r\n--c--\r\n--b--\r\n'
    )
    outer, _, answer = sandbox.call("POST", "fno", "$batch", body=part.encode(), headers=BATCH)

    assert status == 400
    assert conflict in alone["error"]["innererror"]["message"]
    assert outer == 200
    assert "HTTP/1.1 500" in answer
    assert conflict in answer
    assert sandbox.call("GET", "fno", key("U1"))[2]["Description"] == "Group U1"
    assert sandbox.call("PATCH", "fno", key("U1"), json={"Description": "changed"})[0] == 204
    assert sandbox.call("DELETE", "fno", key("U1"))[0] == 204


@pytest.mark.parametrize(("error", "code"), [("deadlock", "0x80044150"), ("sql_timeout", "0x80044151")])
def test_a_write_can_fail_in_the_database_of_the_service(sandbox: Sandbox, error: str, code: str) -> None:
    sandbox.faults(environment="sales", error=error, times=2)

    status, _, answer = sandbox.call("POST", "sales", "accounts", json={"name": "Lost"})
    read = sandbox.call("GET", "sales", "accounts?$filter=name eq 'Lost'")

    assert (status, answer["error"]["code"]) == (500, code)
    assert (read[0], read[2]["value"]) == (200, [])
    assert f"committed nothing, so no {error} happened" in sandbox.happened_faults()[-1]["problem"]


def test_the_log_can_be_filtered_and_shows_bodies(sandbox: Sandbox) -> None:
    sandbox.call("GET", "sales", WHO_AM_I)
    seen = sandbox.requests()[-1]["id"]
    sandbox.call("POST", "fno", GROUPS, json=group("R1"))
    sandbox.call("DELETE", "fno", key("R1"))
    sandbox.call("DELETE", "fno", key("R1"))

    (posted,) = sandbox.requests("fno", method="POST", since=seen, bodies=True)

    assert json.loads(posted["body"]) == group("R1")
    assert sandbox.count_requests("fno", path="R1", status=204) == 1
    assert sandbox.count_requests("fno", since=seen) == 3
    assert [entry["status"] for entry in sandbox.requests("fno", skip=1)] == [204, 400]
    bodies = [entry["body"] for entry in sandbox.requests("sign-in", bodies=True)]
    assert set(bodies) <= {None}, "sign-in bodies hold secrets"
