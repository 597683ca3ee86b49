"""Settings and names that do not fit: one line that says what to change."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import TargetProcess


def test_about_and_version() -> None:
    for option in (["--about", "--format=json"], ["--version"]):
        done = subprocess.run(
            [sys.executable, "-m", "target_dynamics_cds", *option],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert "target-dynamics-cds" in done.stdout
    about = subprocess.run(
        [sys.executable, "-m", "target_dynamics_cds", "--about", "--format=json"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    settings = json.loads(about.stdout)["settings"]["properties"]
    assert settings["client_secret"]["secret"] is True
    assert settings["create_missing"]["default"] is False
    assert "publisher_prefix" in settings


@pytest.mark.parametrize(
    ("settings", "telling"),
    [
        ({"client_secret": "wrong"}, "client_secret"),
        ({"publisher_prefix": None}, "publisher_prefix"),
        ({"publisher_prefix": "c-d"}, "publisher_prefix"),
        ({"create_mising": True}, "create_missing"),
        ({"authority_host": "https://localhost:1"}, "authority_host"),
        ({"ca_bundle": None}, "ca_bundle"),
        ({"write_mode": "insert"}, "write_mode"),
    ],
)
def test_settings_that_do_not_fit(
    target: TargetProcess, organizations: list[str], settings: dict[str, Any], telling: str
) -> None:
    done = target.run(organizations, **{"max_retries": 1, **settings})
    assert done.code == 1
    assert telling in done.log
    assert "Traceback" not in done.log
    assert target.sandbox.client_secret not in done.log


def test_a_table_that_is_not_there(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    target.run(organizations)
    done = target.run([organizations[0].replace('"Organization"', '"Organisation"', 1)], create_missing=False)
    assert done.code == 1
    assert "no table 'cdm_Organisation'" in done.log
    assert "cdm_organization" in done.log
    assert "create_missing" in done.log
    grown = organizations[0].replace('"Status"', '"Zustand"')
    done = target.run([grown], create_missing=False)
    assert done.code == 1
    assert "no column for Zustand" in done.log
    assert accounts[0] not in done.log
