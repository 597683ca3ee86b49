"""Refused rows, lost answers, dead connections, signals: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from fno_bench import as_input, customer, schema, state

if TYPE_CHECKING:
    import subprocess

    from fno_bench import FnoBench


def feed(process: subprocess.Popen[str], *messages: dict[str, object]) -> None:
    assert process.stdin is not None
    process.stdin.write(as_input(messages))
    process.stdin.flush()


def next_state(process: subprocess.Popen[str]) -> object:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_refused_row_is_kept_and_delivered_once_mended(bench: FnoBench) -> None:
    bad = customer("BAD", CustomerGroupId="99", OrganizationName="Geheimer Name")
    run = bench.command([schema(), customer("GOOD"), bad, state(2)])
    assert (run.code, run.states) == (0, [{"at": 2}]), run.log
    assert bench.stored("BAD") is None
    assert bench.stored("GOOD")
    (kept,) = bench.rejects()
    assert kept["record"] == bad["record"]
    assert "'99'" in kept["reason"]
    assert kept["code"] == "AxODataWriteException"
    assert kept["attempt"] == 1
    assert "1 row rejected (AxODataWriteException)" in run.log
    assert "usmf/BAD" in run.log
    assert "Geheimer Name" not in run.log
    assert "'99'" not in run.log
    assert bench.summary()[0]["status"] == "Warning"

    again = bench.run([schema(), customer("GOOD"), state(3)])
    assert again.code == 0
    assert bench.rejects()[0]["attempt"] == 2

    status, _headers, _row = bench.sandbox.call(
        "POST",
        "fno",
        "/data/CustomerGroups",
        json={"dataAreaId": "usmf", "CustomerGroupId": "99", "Description": "mended"},
    )
    assert status == 201
    mended = bench.command([schema(), state(4)])
    assert (mended.code, mended.states) == (0, [{"at": 4}]), mended.log
    stored = bench.stored("BAD")
    assert stored is not None
    assert stored["OrganizationName"] == "Geheimer Name"
    assert bench.rejects() == []
    assert (bench.summary()[2]["retried"], bench.summary()[2]["created"]) == (1, 1)


def test_one_bad_row_among_many_does_not_hold_up_the_others(bench: FnoBench) -> None:
    rows = [
        customer(f"K{number:03}", CustomerGroupId="99" if number % 7 == 3 else "10") for number in range(130)
    ]
    run = bench.run([schema(), *rows, state(1)], batch_size=60)
    assert run.code == 0, run.log
    bad = {f"K{number:03}" for number in range(130) if number % 7 == 3}
    good = {f"K{number:03}" for number in range(130)} - bad
    assert good <= bench.accounts().keys()
    assert not bad & bench.accounts().keys()
    assert {line["record"]["CustomerAccount"] for line in bench.rejects()} == bad


def test_impossible_values_and_blank_keys_are_rejects(bench: FnoBench) -> None:
    rows = [
        customer(None),
        customer("K1", IsExternallyMaintained="Perhaps"),
        customer("K2", CreditLimit="viel"),
        customer("K3"),
        customer("A" * 21),
    ]
    run = bench.run([schema(), *rows, state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    reasons = {line["record"]["CustomerAccount"]: (line["code"], line["reason"]) for line in bench.rejects()}
    assert reasons[None] == ("blank_key", "Key field 'CustomerAccount' is blank")
    assert reasons["K1"] == ("bad_value", "Field 'IsExternallyMaintained': 'Perhaps' is not one of No, Yes")
    assert reasons["K2"][0] == "bad_value"
    assert reasons.keys() == {None, "K1", "K2", "A" * 21}
    assert bench.stored("K3")


def test_run_that_breaks_in_the_middle_keeps_the_state_of_what_was_written(bench: FnoBench) -> None:
    process = bench.start(max_retries=0)
    feed(process, schema(), customer("K1"), customer("K2"), state(2))
    feed(process, customer("K1", SalesMemo="a second version makes the first ones leave"))
    assert next_state(process) == {"at": 2}
    bench.sandbox.faults(environment="fno", method="POST", path=r"/data/\$batch", times=50, status=500)
    feed(process, customer("K3"), state(4))
    out, log = process.communicate(timeout=60)
    assert process.returncode == 1, log
    assert out == ""
    assert "Traceback" not in log
    assert bench.summary()[0]["status"] == "Error"
    bench.sandbox.clear_faults()
    assert bench.stored("K3") is None
    run = bench.run([schema(), customer("K1", SalesMemo="a second version"), customer("K3"), state(4)])
    assert (run.code, run.states) == (0, [{"at": 4}]), run.log
    assert {"K1", "K2", "K3"} <= bench.accounts().keys()


def test_answer_lost_after_the_write(bench: FnoBench) -> None:
    rows = [customer(f"K{number}") for number in range(10)]
    bench.sandbox.faults(
        environment="fno", method="POST", path=r"/data/\$batch", skip=1, times=1, after_commit=True, drop=True
    )
    run = bench.run([schema(), *rows, state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    assert {f"K{number}" for number in range(10)} <= bench.accounts().keys()
    assert bench.rejects() == []
    assert bench.summary()[0]["created"] == 10


def test_connection_lost_before_the_write(bench: FnoBench) -> None:
    rows = [customer(f"K{number}") for number in range(10)]
    bench.sandbox.faults(environment="fno", method="POST", path=r"/data/\$batch", skip=1, times=1, drop=True)
    run = bench.run([schema(), *rows, state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    assert {f"K{number}" for number in range(10)} <= bench.accounts().keys()
    assert bench.summary()[0]["created"] == 10


def test_throttling_is_waited_out(bench: FnoBench) -> None:
    bench.sandbox.faults(
        environment="fno",
        method="POST",
        path=r"/data/\$batch",
        times=2,
        status=429,
        headers={"Retry-After": "1"},
    )
    run = bench.run([schema(), customer("K1"), state(1)])
    assert (run.code, run.states) == (0, [{"at": 1}]), run.log
    assert bench.summary()[0]["throttled_seconds"] >= 1


def test_stop_signal_between_batches(bench: FnoBench) -> None:
    process = bench.start()
    feed(process, schema(), customer("K1"), state(1), customer("K1", SalesMemo="2"), state(2))
    assert next_state(process) == {"at": 1}
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert out == ""
    assert "Traceback" not in log
    run = bench.run([schema(), customer("K1", SalesMemo="2"), state(2)])
    assert run.states == [{"at": 2}]
    assert (bench.stored("K1") or {})["SalesMemo"] == "2"


def test_broken_line_after_good_rows(bench: FnoBench) -> None:
    run = bench.command(
        [schema(), customer("K1"), state(1), '{"type":"RECORD","stream":"CustomersV3","record":{"Sec']
    )
    assert (run.code, run.states) == (1, [{"at": 1}])
    assert bench.stored("K1")
    (error,) = run.errors
    assert "Line 4 of the input is not a Singer message" in error
    assert "Traceback" not in run.log
