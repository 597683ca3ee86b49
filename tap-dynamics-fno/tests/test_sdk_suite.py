"""singer-sdk's own tests for taps, run against a sandbox with the demo data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import running
from singer_sdk.testing.config import SuiteConfig
from singer_sdk.testing.runners import TapTestRunner
from singer_sdk.testing.suites import tap_stream_attribute_tests, tap_stream_tests, tap_tests
from tap_dynamics_fno.tap import TapDynamicsFno

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = {"streams": ["CustomersV3", "Currencies", "ContactPersons"]}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TapTestRunner]:
    with running(tmp_path_factory.mktemp("demo"), seed="demo") as sandbox:
        started = TapTestRunner(TapDynamicsFno, config={**sandbox.config("fno"), **CONFIG})
        started.sync_all()
        yield started


@pytest.mark.parametrize("template", tap_tests.tests, ids=lambda template: template.name)
def test_tap(template: Any, runner: TapTestRunner) -> None:
    template().run(config=SuiteConfig(), resource=None, runner=runner)


# Only deletions carry _sdc_deleted_at, and the demo data has none.
@pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records:UserWarning")
@pytest.mark.parametrize("template", tap_stream_tests.tests, ids=lambda template: template.name)
def test_streams(template: Any, runner: TapTestRunner) -> None:
    streams = runner.new_tap().streams.values()
    assert len(streams) == len(CONFIG["streams"])
    for stream in streams:
        template().run(config=SuiteConfig(), resource=None, runner=runner, stream=stream)


# Many columns of the demo data are empty.
@pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")
@pytest.mark.parametrize("template", tap_stream_attribute_tests.tests, ids=lambda template: template.name)
def test_attributes(template: Any, runner: TapTestRunner) -> None:
    for stream in runner.new_tap().streams.values():
        for name, schema in stream.schema["properties"].items():
            if template.evaluate(stream=stream, property_name=name, property_schema=schema):
                arguments = {"stream": stream, "attribute_name": name}
                template().run(config=SuiteConfig(), resource=None, runner=runner, **arguments)
