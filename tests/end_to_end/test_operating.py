"""`p2c run` around Meltano: recorded, locked, told of; and bare `meltano run` beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamics_singer.locks import Holder, Locks

from demo.pipeline import PROJECT
from tests.end_to_end.entering import change, enter
from tests.end_to_end.reading import customers

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Pipeline


def start(pipeline: Pipeline, *words: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("p2c")), *words],
        cwd=PROJECT,
        env={**pipeline.environment("usmf"), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def p2c(pipeline: Pipeline, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    running = start(pipeline, *words, **variables)
    output, errors = running.communicate()
    return subprocess.CompletedProcess(words, running.returncode, output, errors)


def lines(answer: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_a_run_is_locked_recorded_and_told_of(sandbox: Sandbox, pipeline: Pipeline, tmp_path: Path) -> None:
    good = enter(sandbox, name="Good", address1_country="Germany")
    bad = enter(sandbox, name="Secret Ltd", address1_country="Atlantis")
    told = tmp_path / "told.json"
    hook = (
        f'{sys.executable} -c "import sys; open(sys.argv[1], mode=chr(119)).write(sys.stdin.read())" {told}'
    )
    first = p2c(pipeline, "run", "accounts-direct", P2C_NOTIFY_COMMAND=hook)
    assert first.returncode == 0, first.stderr
    assert "accounts-direct: Warning" in first.stdout
    assert [row["CustomerAccount"] for row in customers(sandbox, "usmf").values()] == [good["accountnumber"]]
    [run] = lines(p2c(pipeline, "history", "--json", "--job", "accounts-direct"))
    assert (run["job"], run["status"], run["by_p2c"]) == ("accounts-direct", "Warning", True)
    parts = lines(p2c(pipeline, "show", "last", "--json"))
    assert [(part["plugin"], part["run_id"], part["read"], part["rejected"]) for part in parts] == [
        ("mapper-p2c", run["id"], 2, 1),
        ("target-dynamics-fno", run["id"], 1, 0),
    ]
    message = json.loads(told.read_text("utf-8"))
    assert (message["job"], message["status"], message["company"]) == ("accounts-direct", "Warning", "usmf")
    assert [part["rejected"] for part in message["executions"]] == [1, 0]
    for text in (told.read_text("utf-8"), p2c(pipeline, "rejects", "show", "--record").stdout):
        assert "Secret" not in text
        assert "Atlantis" not in text

    checked = lines(p2c(pipeline, "check", "--job", "accounts-direct", "--json"))
    assert {(one["check"], one["result"]) for one in checked} >= {
        (1, "ok"),
        (2, "ok"),
        (10, "ok"),
        (14, "ok"),
    }
    assert "client_secret" not in str(checked)

    change(sandbox, bad, address1_country="Greece")
    again = p2c(pipeline, "rejects", "retry")
    assert again.returncode == 0, again.stderr
    assert "accounts-direct: " in again.stdout
    assert len(customers(sandbox, "usmf")) == 2
    assert p2c(pipeline, "rejects", "list").stdout.startswith("No rows are kept")


def test_a_bare_run_is_refused_while_a_run_holds_the_lock_and_recorded_else(
    sandbox: Sandbox, pipeline: Pipeline
) -> None:
    enter(sandbox, name="Good")
    locks = Locks(pipeline.home / "usmf" / "locks", Holder.here("p2c run accounts", "r-1"))
    locks.take(["CustomersV3"])
    refused = pipeline.meltano("run", "accounts-direct")
    second = p2c(pipeline, "run", "accounts-direct")
    locks.release()
    assert refused.code == 1
    assert "CustomersV3 is being written by another run: p2c run accounts" in refused.log
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("CustomersV3 is being written by another run: p2c run accounts (process ")
    assert pipeline.run("accounts-direct")[-1]["written"] == 1
    found = lines(p2c(pipeline, "history", "--json"))
    assert [(run["job"], run["status"], run["by_p2c"]) for run in found] == [
        ("accounts-direct", "Completed", False),
        ("accounts-direct", "Error", False),
    ]


def test_a_killed_p2c_leaves_no_lock_open_and_no_run_without_an_end(
    sandbox: Sandbox, pipeline: Pipeline
) -> None:
    enter(sandbox, name="Good")
    with sandbox.hold("fno", method="POST") as held:
        running = start(pipeline, "run", "accounts-direct")
        held.wait()
        running.kill()
        running.wait()
        # Meltano goes on, and so does the lock.
        refused = p2c(pipeline, "run", "accounts-direct")
        assert "CustomersV3 is being written by another run: p2c run accounts-direct" in refused.stderr
        [run] = lines(p2c(pipeline, "history", "--json", "--job", "accounts-direct"))
        assert run["status"] == "Running"
        held.release()
    running.communicate()  # until the last of its children has closed the pipe
    [run] = lines(p2c(pipeline, "history", "--json", "--job", "accounts-direct"))
    assert run["status"] == "Error"
    assert len(customers(sandbox, "usmf")) == 1
