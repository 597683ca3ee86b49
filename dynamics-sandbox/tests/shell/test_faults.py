"""Faults happen to the requests they are meant for, and the log tells what was asked."""

from __future__ import annotations

import http.client
import ssl
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from dynamics_sandbox.control.fault_plan import FaultPlan
from dynamics_sandbox.control.faults import Fault
from dynamics_sandbox.testing import SandboxProcessError

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

WHO_AM_I = "/api/data/v9.2/WhoAmI"
GROUPS = "/data/CustomerGroups"


def statuses(sandbox: Sandbox, count: int, environment: str = "sales", path: str = WHO_AM_I) -> list[int]:
    return [sandbox.call("GET", environment, path)[0] for _ in range(count)]


def test_an_answer_is_replaced_as_often_as_asked(sandbox: Sandbox) -> None:
    sandbox.faults(
        environment="sales", status=429, times=2, headers={"Retry-After": "7"}, body='{"error":{}}'
    )

    status, headers, answer = sandbox.call("GET", "sales", WHO_AM_I)

    assert (status, headers["Retry-After"], answer) == (429, "7", {"error": {}})
    assert statuses(sandbox, 2) == [429, 200]


def test_a_fault_waits_for_its_environment_method_and_path(sandbox: Sandbox) -> None:
    sandbox.faults(environment="cds", method="GET", path=r"WhoAmI\?\$x='a b'", status=503)

    assert statuses(sandbox, 1, "sales", f"{WHO_AM_I}?$x='a b'") == [200]
    assert statuses(sandbox, 1, "cds") == [200]
    assert sandbox.call("POST", "cds", f"{WHO_AM_I}?$x='a b'")[0] != 503
    assert sandbox.call("GET", "cds", f"{WHO_AM_I}?$x='a b'")[0] == 503


def test_the_first_matching_requests_can_be_let_through(sandbox: Sandbox) -> None:
    sandbox.faults(environment="fno", path="CustomerGroups", skip=2, times=2, status=500, body="<html>")

    assert statuses(sandbox, 5, "fno", GROUPS) == [200, 200, 500, 500, 200]


def test_a_request_can_be_slow(sandbox: Sandbox) -> None:
    sandbox.faults(environment="sales", delay=0.4)
    began = time.monotonic()

    assert statuses(sandbox, 1) == [200]
    assert time.monotonic() - began >= 0.4


def test_a_connection_can_be_dropped_before_the_request_is_carried_out(sandbox: Sandbox) -> None:
    create = {"dataAreaId": "usmf", "CustomerGroupId": "D1", "Description": "dropped"}
    sandbox.faults(environment="fno", method="POST", drop=True)

    with pytest.raises((OSError, http.client.HTTPException)):
        sandbox.call("POST", "fno", GROUPS, json=create)

    assert sandbox.call("GET", "fno", f"{GROUPS}(dataAreaId='usmf',CustomerGroupId='D1')")[0] == 404
    assert [entry["status"] for entry in sandbox.requests("fno")] == [None, 404]


@pytest.mark.parametrize(("group", "drop"), [("D2", True), ("D3", False)])
def test_an_answer_can_be_lost_after_the_request_was_carried_out(
    sandbox: Sandbox,
    group: str,
    drop: bool,  # noqa: FBT001 - a column of the table
) -> None:
    create = {"dataAreaId": "usmf", "CustomerGroupId": group, "Description": "kept"}
    sandbox.faults(environment="fno", method="POST", after_commit=True, drop=drop, status=0 if drop else 502)

    if drop:
        with pytest.raises((OSError, http.client.HTTPException)):
            sandbox.call("POST", "fno", GROUPS, json=create)
    else:
        assert sandbox.call("POST", "fno", GROUPS, json=create)[0] == 502

    key = f"{GROUPS}(dataAreaId='usmf',CustomerGroupId='{group}')"
    assert sandbox.call("GET", "fno", key)[0] == 200
    assert sandbox.call("DELETE", "fno", key)[0] == 204


def test_a_kept_connection_survives_a_fault_that_answers(sandbox: Sandbox) -> None:
    sandbox.faults(environment="sales", method="POST", status=503)
    host = sandbox.sales.removeprefix("https://")
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    connection = http.client.HTTPSConnection(host, context=context, timeout=10)
    headers = {"Authorization": f"Bearer {sandbox.token('sales')}", "Content-Type": "application/json"}

    connection.request("POST", WHO_AM_I, body=b"x" * 3_000_000, headers=headers)
    first = connection.getresponse()
    first.read()
    port = connection.sock.getsockname()[1]
    connection.request("GET", WHO_AM_I, headers=headers)
    second = connection.getresponse()
    second.read()

    assert (first.status, second.status) == (503, 200)
    assert connection.sock.getsockname()[1] == port
    connection.close()


def test_sign_in_can_fail_too(sandbox: Sandbox) -> None:
    sandbox.faults(environment="sign-in", path="/token$", status=503)
    form = b"grant_type=client_credentials"

    status, _, _ = sandbox.call(
        "POST",
        "sales",
        f"{sandbox.authority}/{sandbox.tenant_id}/oauth2/token",
        body=form,
        headers={"Authorization": "none"},
    )

    assert status == 503


def test_the_log_tells_what_was_asked_in_order(sandbox: Sandbox) -> None:
    sandbox.call("GET", "cds", "WhoAmI?x=%C3%BC")
    sandbox.call("DELETE", "fno", "CustomerGroups(dataAreaId='usmf',CustomerGroupId='none')")

    logged = [
        (entry["environment"], entry["method"], entry["path"], entry["status"] < 500)
        for entry in sandbox.requests()
        if entry["environment"] != "sign-in"
    ]

    assert logged == [
        ("cds", "GET", "/api/data/v9.2/WhoAmI?x=%C3%BC", True),
        ("fno", "DELETE", "/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='none')", True),
    ]
    assert set(sandbox.requests("cds")[0]) == {"id", "time", "environment", "method", "path", "status"}
    sandbox.forget_requests()
    assert sandbox.requests() == []


def test_tokens_granted_are_counted(sandbox: Sandbox) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "scope": f"{sandbox.cds}/.default",
    }
    body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
    url = f"{sandbox.authority}/{sandbox.tenant_id}/oauth2/v2.0/token"

    before = sandbox.sign_ins()
    headers = {"Authorization": "none"}

    sandbox.call("POST", "sales", url, body=body, headers=headers)
    sandbox.call("POST", "sales", url, body=b"grant_type=x", headers=headers)

    assert sandbox.sign_ins() - before == 1


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"environment": "crm", "status": 500}, "environment 'crm' is none of sign-in, sales, cds, fno"),
        ({"status": 42}, "status 42"),
        ({}, "a fault needs one of status, error, drop, delay"),
        ({"method": "get", "status": 500}, "method 'get' must be in capitals"),
        ({"skip": -1, "status": 500}, "skip must not be negative"),
        ({"status": 500, "drop": True}, "status, error and drop exclude one another"),
        ({"status": 500, "truncate": 5}, "they need one"),
        ({"cut_after": -1}, "cut_after must be 0 or more, not -1"),
        ({"bytes_per_second": 0}, "bytes_per_second must be 1 or more, not 0"),
        ({"delay": 1, "after_commit": True}, "need status or drop"),
        ({"drop": True, "after_commit": True, "before_commit": True}, "exclude one another"),
        ({"status": 500, "headers": {"A": "b\r\nC: d"}}, "headers: 'A' cannot be sent"),
        ({"environment": "fno", "expire_delta_links": True}, "needs the environment sales or cds"),
        ({"environment": "cds", "pending_key": "account"}, "pending_key must be table/key"),
        ({"environment": "sales", "error": "update_conflict"}, "needs the environment fno"),
        ({"environment": "fno", "error": "fire"}, "Invalid enum value 'fire'"),
        ({"steps": []}, "either steps or a mix"),
        ({"mix": [{"status": 500}], "count": 3, "among": 2}, "hits 1 to 2 of 2 requests, not 3"),
        ({"mix": [{"status": 500, "times": 2}]}, "no times and no skip"),
        ({"path": "(", "status": 500}, "no regular expression"),
        ({"times": 0, "status": 500}, "times must be 1 or more"),
        ({"statuscode": 500}, "unknown field `statuscode`"),
        ({"status": "500"}, "Expected `int`"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    sandbox: Sandbox, fault: dict[str, object], problem: str
) -> None:
    with pytest.raises(SandboxProcessError, match=problem):
        sandbox.faults(**fault)


def test_faults_can_be_listed_and_forgotten(sandbox: Sandbox) -> None:
    url = f"{sandbox.authority}/_sandbox/faults"
    sandbox.faults(environment="sales", status=500, times=3)
    statuses(sandbox, 1)

    _, _, pending = sandbox.call("GET", "sales", url)
    sandbox.clear_faults()

    assert [(fault["environment"], fault["times"]) for fault in pending["faults"]] == [("sales", 2)]
    assert statuses(sandbox, 1) == [200]


def test_a_script_is_exhausted_once_all_of_it_has_happened(sandbox: Sandbox) -> None:
    sandbox.fault_script(
        {"environment": "sales", "status": 429}, {"environment": "sales", "skip": 1, "status": 503}
    )
    url = f"{sandbox.authority}/_sandbox/faults"

    exhausted = []
    for _ in range(3):
        sandbox.call("GET", "sales", WHO_AM_I)
        exhausted.append(sandbox.call("GET", "sales", url)[2]["exhausted"])

    assert exhausted == [False, False, True]
    assert sandbox.pending_faults() == []
    assert [
        (hit["environment"], hit["method"], hit["path"], hit["fault"]["status"], hit["problem"])
        for hit in sandbox.happened_faults()
    ] == [("sales", "GET", WHO_AM_I, 429, ""), ("sales", "GET", WHO_AM_I, 503, "")]
    sandbox.clear_faults()
    assert sandbox.happened_faults() == []


def test_a_mix_hits_as_many_requests_as_asked_and_the_same_ones_for_the_same_seed(sandbox: Sandbox) -> None:
    runs = []
    for seed in (4, 4, 5):
        sandbox.fault_mix(
            {"status": 429}, {"status": 503}, count=3, among=12, seed=seed, environment="cds", skip=1
        )
        runs.append(statuses(sandbox, 14, "cds"))
        assert sandbox.pending_faults() == []

    for run in runs:
        assert len([status for status in run if status != 200]) == 3
        assert (run[0], run[13]) == (200, 200)
    assert runs[0] == runs[1] != runs[2]


def test_the_control_api_knows_its_own_paths_only(sandbox: Sandbox) -> None:
    assert sandbox.call("GET", "sales", f"{sandbox.authority}/_sandbox/nothing")[0] == 404
    assert (
        sandbox.call("POST", "sales", f"{sandbox.authority}/_sandbox/reset", json={"seed": "much"})[0] == 400
    )


def test_faults_queue_behind_one_another() -> None:
    plan = FaultPlan()
    for status in (429, 503):
        plan.add(Fault(status=status))

    taken = [plan.take("sales", "GET", "/") for _ in range(3)]

    assert [hit and hit.fault.status for hit in taken] == [429, 503, None]


def test_a_fault_reads_from_json_as_the_control_api_documents_it() -> None:
    fault = msgspec.json.decode(
        b'{"environment":"sales","method":"GET","path":"accounts$","times":1,"status":429,'
        b'"headers":{"Retry-After":"1"},"body":"","after_commit":false,"drop":false}',
        type=Fault,
    )

    assert fault.matches("sales", "GET", "/api/data/v9.2/%61ccounts")
    assert not fault.matches("sales", "POST", "/api/data/v9.2/accounts")
    assert not fault.matches("sales", "GET", "/api/data/v9.2/accounts?x")
    assert not fault.matches("cds", "GET", "/api/data/v9.2/accounts")
