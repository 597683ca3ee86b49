"""A tap that is told to stop: whole lines, a STATE of what is out, and an exit code that says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

STATE = {"bookmarks": {"other": {"page": -1}}}


def started(tmp_path: Path, *, unbuffered: bool = False, **config: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__).with_name("paging_tap.py"))]
    for option, content in {"config": config, "state": STATE}.items():
        path = tmp_path / f"{option}.json"
        path.write_text(json.dumps(content))
        command += [f"--{option}", str(path)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


@pytest.mark.parametrize("parallel", [1, 3], ids=["alone", "parallel"])
@pytest.mark.parametrize("unbuffered", [False, True], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_tap_stopped_in_the_middle_of_a_write_ends_the_line_and_tells_its_state(
    tmp_path: Path, number: signal.Signals, parallel: int, *, unbuffered: bool
) -> None:
    with started(tmp_path, unbuffered=unbuffered, parallel_streams=parallel) as tap:
        assert tap.stdout is not None
        head = tap.stdout.read(3_000_000)  # then nobody reads, so the tap waits in the middle of a write
        time.sleep(0.5)
        tap.send_signal(number)
        time.sleep(0.5)
        output = head + tap.stdout.read()
    assert output.endswith(b"\n")
    messages = [json.loads(line) for line in output.splitlines()]
    states = [place for place, message in enumerate(messages) if message["type"] == "STATE"]
    records = [message for message in messages[: states[-1]] if message["type"] == "RECORD"]
    for stream, bookmark in messages[states[-1]]["value"]["bookmarks"].items():
        sent = [record["record"]["id"] for record in records if record["stream"] == stream]
        rows = (bookmark.get("page", -1) + 1) * 1000
        assert sent[:rows] == list(range(rows))
    assert tap.returncode == 128 + number


@pytest.mark.parametrize("parallel", [1, 3], ids=["alone", "parallel"])
def test_a_second_signal_does_not_wait_for_the_reader(tmp_path: Path, parallel: int) -> None:
    with started(tmp_path, parallel_streams=parallel) as tap:
        assert tap.stdout is not None
        tap.stdout.read(3_000_000)
        for _ in range(2):
            time.sleep(0.5)
            tap.send_signal(signal.SIGTERM)
        assert tap.wait(timeout=10) == 128 + signal.SIGTERM


def test_a_tap_stopped_while_it_discovers_leaves_the_state_alone(tmp_path: Path) -> None:
    with started(tmp_path, slow_discovery=True) as tap:
        assert tap.stdout is not None
        assert tap.stderr is not None
        while b"discovering" not in tap.stderr.readline():
            pass
        tap.send_signal(signal.SIGTERM)
        assert tap.stdout.read() == b""
    assert tap.returncode == 128 + signal.SIGTERM


def test_a_signal_in_the_middle_of_a_log_line_stops_the_tap_all_the_same(tmp_path: Path) -> None:
    with started(tmp_path, signal_in_log_line=True) as tap:
        assert tap.stdout is not None
        assert tap.stderr is not None
        assert tap.stdout.read() == b""
        assert b"Logging error" not in tap.stderr.read()
    assert tap.returncode == 128 + signal.SIGTERM
