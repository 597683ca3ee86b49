"""`p2c run` stopped in the middle, and run in part: what it leaves, and what the next run makes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.pipeline import PROJECT
from tests.end_to_end.entering import enter
from tests.end_to_end.reading import customers

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

    from demo.pipeline import Pipeline


def start(pipeline: Pipeline, *words: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a terminal would have it."""
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("p2c")), *words],
        cwd=PROJECT,
        env=pipeline.environment("usmf"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def p2c(pipeline: Pipeline, *words: str) -> list[dict[str, Any]]:
    """JSON lines of a command that must succeed."""
    running = start(pipeline, *words)
    printed = running.communicate()[0]
    assert running.returncode == 0, printed
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_a_stopped_run_is_an_error_and_the_next_one_does_the_rest(
    sandbox: Sandbox, pipeline: Pipeline, how: str
) -> None:
    for number in range(3):
        enter(sandbox, name=f"Customer {number}")
    with sandbox.hold("fno", method="POST") as held:
        running = start(pipeline, "run", "accounts-direct")
        held.wait()
        if how == "Ctrl-C":
            os.killpg(running.pid, signal.SIGINT)
        else:
            running.send_signal(signal.SIGTERM)
        held.release()
    printed = running.communicate()[0]
    assert running.returncode == 1, printed
    [run] = p2c(pipeline, "history", "--json")
    assert (run["status"], bool(run["ended_at"])) == ("Error", True)
    p2c(pipeline, "run", "accounts-direct")
    assert [run["status"] for run in p2c(pipeline, "history", "--json")] == ["Completed", "Error"]
    assert len(customers(sandbox, "usmf")) == 3


def test_one_task_alone_and_everything_again(sandbox: Sandbox, pipeline: Pipeline) -> None:
    enter(sandbox, name="Customer")
    pipeline.prepare_hub()
    p2c(pipeline, "run", "accounts", "--task", "accounts-to-cds")
    assert customers(sandbox, "usmf") == {}
    p2c(pipeline, "run", "accounts")
    assert len(customers(sandbox, "usmf")) == 1
    p2c(pipeline, "run", "accounts", "--task", "accounts-to-cds", "--full-refresh")
    parts = p2c(pipeline, "show", "last", "--json")
    assert [
        (part["task"], part["read"], part["written"]) for part in parts if part["plugin"] != "mapper-p2c"
    ] == [("accounts-to-cds", 1, 0)]
    refused = start(pipeline, "run", "accounts", "--task", "acounts")
    assert "has no task acounts; its tasks: accounts-to-cds, accounts-to-fno." in refused.communicate()[0]
    assert refused.returncode == 1
