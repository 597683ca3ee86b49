"""Wrong settings and wrong streams: one clear line each, no traceback, no secret, exit code 1."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from fno_bench import COMMAND, customer, schema, state
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite
from singer_sdk.testing.target_tests import (
    TargetCliPrintsTest,
    TargetInvalidSchemaTest,
    TargetRecordBeforeSchemaTest,
)
from target_dynamics_fno.target import TargetDynamicsFno

if TYPE_CHECKING:
    from fno_bench import FnoBench, Run

GOOD = [schema(), customer("K1"), state(1)]


def only_error(run: Run) -> str:
    assert run.code == 1, run.log
    assert run.states == []
    assert "Traceback" not in run.log
    assert "Customer K1" not in run.log
    (error,) = run.errors
    return error


def test_wrong_secret(bench: FnoBench) -> None:
    error = only_error(bench.command(GOOD, client_secret="this-is-the-wrong-one"))
    assert "client_secret" in error
    assert "this-is-the-wrong-one" not in error


def test_unknown_company_lists_what_exists(bench: FnoBench) -> None:
    error = only_error(bench.command(GOOD, company="usmx"))
    assert "`company` is 'usmx'" in error
    assert "demf" in error
    assert "usmf" in error


def test_missing_company(bench: FnoBench) -> None:
    assert "`company`" in only_error(bench.command(GOOD, company=None))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"environment_url": None}, "`environment_url`"),
        ({"compani": "usmf"}, "`compani`"),
    ],
)
def test_wrong_settings_are_named(bench: FnoBench, settings: dict[str, Any], told: str) -> None:
    assert told in only_error(bench.command(GOOD, **settings))


def test_unreachable_host(bench: FnoBench) -> None:
    error = only_error(bench.command(GOOD, environment_url="https://localhost:9", max_retries=0))
    assert "environment_url" in error


def test_certificate_that_is_not_trusted(bench: FnoBench) -> None:
    assert "ca_bundle" in only_error(bench.command(GOOD, ca_bundle=None))


def test_unknown_entity_set_names_the_nearest(bench: FnoBench) -> None:
    error = only_error(bench.command([schema("CustomerV3"), state(1)]))
    assert "'CustomerV3'" in error
    assert "CustomersV3" in error


def test_unknown_property_names_the_nearest(bench: FnoBench) -> None:
    fields = {"CustomerAccount": {"type": "string"}, "OrganisationName": {"type": "string"}}
    error = only_error(bench.command([schema(**fields), state(1)]))
    assert "'OrganisationName'" in error
    assert "'OrganizationName'" in error


def test_unknown_entity_set_comes_after_what_was_written(bench: FnoBench) -> None:
    run = bench.command([*GOOD, schema("Nonsense")])
    assert (run.code, run.states) == (1, [{"at": 1}])
    assert bench.stored("K1")


def test_about_and_version_need_no_settings() -> None:
    asked = [COMMAND, "--about", "--format", "json"]
    about = subprocess.run(asked, capture_output=True, check=True, timeout=60)
    names = set(json.loads(about.stdout)["settings"]["properties"])
    assert {"environment_url", "company", "write_mode", "skip_unchanged", "rejects_path"} <= names
    assert not names & {
        "add_record_metadata",
        "load_method",
        "validate_records",
        "stream_maps",
        "flattening_enabled",
    }
    version = subprocess.run([COMMAND, "--version"], capture_output=True, check=True, timeout=60)
    assert version.stdout.startswith(b"target-dynamics-fno v")


# Of the SDK's suite only these fit: the others send made-up streams, and F&O makes no entity for them. The
# whole suite runs on the same frame in dynamics-singer, where a destination takes any stream.
TestStandard = get_target_test_class(
    TargetDynamicsFno,
    config={
        "environment_url": "https://localhost:9",
        "auth": "access_token",
        "access_token": "none",
        "company": "usmf",
    },
    include_target_tests=False,
    custom_suites=[
        SingerTestSuite(
            kind="target",
            tests=[TargetCliPrintsTest, TargetInvalidSchemaTest, TargetRecordBeforeSchemaTest],
        )
    ],
)
