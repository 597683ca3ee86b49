"""The command line as its users meet it: a process, its exit code, and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECRET = "s3cr3t/with+signs"
GOOD = {"environment_url": "https://contoso.crm4.dynamics.com", "client_secret": SECRET}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(config: dict[str, Any] | None, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(Path(__file__).with_name("failing_tap.py"))]
        if config is not None:
            path = tmp_path / "config.json"
            path.write_text(json.dumps(config))
            command += ["--config", str(path)]
        return subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=60)

    return call


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The messages of error lines, without time and logger."""
    return [line.split(" | ", 3)[3] for line in done.stderr.splitlines() if "| ERROR " in line]


def assert_clean(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_a_good_run_ends_with_zero(run: Run) -> None:
    done = run(GOOD)
    assert done.returncode == 0
    assert sum('"RECORD"' in line for line in done.stdout.splitlines()) == 10
    assert SECRET not in done.stderr
    assert "the secret is *** and Bearer ***" in done.stderr


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, ["setting `environment_url` is missing: Where the environment is"]),
        (
            {**GOOD, "client_secrt": SECRET},
            ["unknown setting `client_secrt`: did you mean `client_secret`? --about lists the settings"],
        ),
        (
            {**GOOD, "client_secret": {"value": SECRET}},
            ["setting `client_secret` must be text, not an object"],
        ),
        ({**GOOD, "count": "ten"}, ["setting `count` must be a whole number, not text"]),
        ({**GOOD, "count": 0}, ["setting `count` must be at least 1"]),
        ({**GOOD, "fail": SECRET}, ["setting `fail` must be one of plugin, dynamics, bug"]),
        ({**GOOD, "replication": {"rows": SECRET}}, ["setting `replication.rows` must be one of full"]),
        (
            {"count": 0, "bogus": 1},
            [
                "unknown setting `bogus`: --about lists the settings",
                "setting `environment_url` is missing: Where the environment is",
                "setting `count` must be at least 1",
            ],
        ),
    ],
)
def test_wrong_settings_get_one_line_each(run: Run, config: dict[str, Any], expected: list[str]) -> None:
    done = run(config)
    assert done.returncode == 1
    assert sorted(errors(done)) == sorted(expected)
    assert_clean(done)


@pytest.mark.parametrize("option", ["--discover", "--test"])
def test_settings_are_checked_whatever_is_to_be_done(run: Run, option: str) -> None:
    done = run({**GOOD, "count": 0}, option)
    assert done.returncode == 1
    assert errors(done) == ["setting `count` must be at least 1"]
    assert_clean(done)


def test_a_wrong_option_is_a_matter_of_usage(run: Run) -> None:
    done = run(GOOD, "--bogus")
    assert done.returncode == 2
    assert "No such option" in done.stderr


def test_settings_given_as_null_count_as_not_given(run: Run) -> None:
    done = run({**GOOD, "count": None, "fail": None})
    assert done.returncode == 0
    assert sum('"RECORD"' in line for line in done.stdout.splitlines()) == 10


def test_settings_given_as_empty_text_count_as_not_given(run: Run) -> None:
    done = run({**GOOD, "count": "", "fail": " ", "replication": ""})
    assert done.returncode == 0
    assert sum('"RECORD"' in line for line in done.stdout.splitlines()) == 10
    missing = run({**GOOD, "environment_url": ""})
    assert missing.returncode == 1
    assert errors(missing) == ["setting `environment_url` is missing: Where the environment is"]


def run_with(**variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).with_name("failing_tap.py")), "--config=ENV"]
    given = {f"FAILING_TAP_{name}": value for name, value in variables.items()}
    environment = {**os.environ, "FAILING_TAP_ENVIRONMENT_URL": GOOD["environment_url"], **given}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)


def test_settings_may_come_from_the_environment() -> None:
    done = run_with(COUNT="3", PAUSE="0.5", FAIL="", REPLICATION='{"rows": "full"}', CLIENT_SECRET="123")
    assert done.returncode == 0
    assert sum('"RECORD"' in line for line in done.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"COUNT": "ten"}, "setting `count` must be a whole number, not text"),
        ({"PAUSE": "long"}, "setting `pause` must be a number, not text"),
        ({"REPLICATION": '{"rows'}, "setting `replication` must be an object, not text"),
        ({"ENVIRONMENT_URL": ""}, "setting `environment_url` is missing: Where the environment is"),
    ],
)
def test_wrong_values_in_the_environment_get_one_line(variables: dict[str, str], expected: str) -> None:
    done = run_with(**variables)
    assert done.returncode == 1
    assert errors(done) == [expected]
    assert_clean(done)


def test_a_variable_that_is_almost_a_setting_is_pointed_out() -> None:
    done = run_with(CLIENTSECRET=SECRET)
    assert done.returncode == 0
    assert "FAILING_TAP_CLIENTSECRET is no setting; did you mean FAILING_TAP_CLIENT_SECRET?" in done.stderr
    assert SECRET not in done.stderr


def test_settings_given_where_a_file_is_wanted_are_not_repeated() -> None:
    command = [sys.executable, str(Path(__file__).with_name("failing_tap.py")), "--config", json.dumps(GOOD)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert_clean(done)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("plugin", "stream `rows` cannot be read: mend it"),
        ("dynamics", "the secret *** is wrong. Look at `client_secret`"),
    ],
)
def test_a_broken_run_gives_one_line(run: Run, how: str, expected: str) -> None:
    done = run({**GOOD, "fail": how})
    assert done.returncode == 1
    assert errors(done) == [expected]
    assert_clean(done)


def test_a_bug_keeps_its_traceback_but_no_secret(run: Run) -> None:
    done = run({**GOOD, "fail": "bug"})
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "a bug that quotes ***" in done.stderr
    assert SECRET not in done.stderr


def test_version_and_about_need_no_settings(run: Run) -> None:
    assert run(None, "--version").stdout.startswith("failing-tap v")
    about = json.loads(run(None, "--about", "--format=json").stdout)
    assert set(about["settings"]["properties"]) >= {"environment_url", "client_secret", "count"}


@pytest.mark.parametrize("option", ["--config", "--state", "--catalog"])
def test_a_file_that_is_no_json_gives_one_line(run: Run, tmp_path: Path, option: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{"a": ')
    done = run(None if option == "--config" else GOOD, option, str(path))
    assert done.returncode == 1
    [line] = errors(done)
    assert line.startswith("a file given as --config, --catalog or --state is no JSON")
    assert_clean(done)


def test_a_config_file_that_is_not_there_gives_one_line(run: Run, tmp_path: Path) -> None:
    done = run(None, "--config", str(tmp_path / "absent.json"))
    assert done.returncode == 1
    [line] = errors(done)
    assert "absent.json" in line
    assert_clean(done)


def test_a_state_that_is_none_gives_one_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"bookmarks": {"rows": "2024"}}')
    done = run(GOOD, "--state", str(path))
    assert done.returncode == 1
    [line] = errors(done)
    assert line.startswith("the state is malformed")
    assert_clean(done)


def test_a_reader_that_ends_early_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**GOOD, "count": 100_000}))
    command = [sys.executable, str(Path(__file__).with_name("failing_tap.py")), "--config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tap:
        assert tap.stdout is not None
        assert tap.stderr is not None
        tap.stdout.readline()
        tap.stdout.close()
        messages = tap.stderr.read()
    assert tap.returncode == 1
    assert "the program that read our output ended early" in messages
    assert "Traceback" not in messages
