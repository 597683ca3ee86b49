"""singer-sdk's own tests for taps, run against a sandbox with the demo data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import running
from singer_sdk.testing.runners import TapTestRunner
from tap_dynamics_sales.tap import TapDynamicsSales

from tests.tap_suite import check, check_attributes, check_streams, of_attributes, of_streams, of_taps

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = {
    "streams": ["accounts", "transactioncurrencies", "systemusers"],
    "expand": {"accounts": ["transactioncurrencyid.isocurrencycode", "primarycontactid.fullname"]},
}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TapTestRunner]:
    with running(tmp_path_factory.mktemp("demo"), seed="demo") as sandbox:
        started = TapTestRunner(TapDynamicsSales, config={**sandbox.config("sales"), **CONFIG})
        started.sync_all()
        yield started


@of_taps
def test_tap(template: Any, runner: TapTestRunner) -> None:
    check(template, runner)


# Only deletions carry _sdc_deleted_at, and the demo data has none.
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records:UserWarning")
@of_streams
def test_streams(template: Any, runner: TapTestRunner) -> None:
    assert check_streams(template, runner) == len(CONFIG["streams"])


# Many columns of the demo data are empty.
@pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")
@of_attributes
def test_attributes(template: Any, runner: TapTestRunner) -> None:
    assert check_attributes(template, runner)
