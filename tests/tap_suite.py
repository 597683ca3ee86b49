"""singer-sdk's own tests for taps, as functions that run one of its templates on a tap that has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing.config import SuiteConfig
from singer_sdk.testing.suites import tap_stream_attribute_tests, tap_stream_tests, tap_tests

if TYPE_CHECKING:
    from singer_sdk.testing.runners import TapTestRunner


def _parameters(suite: Any) -> Any:
    return pytest.mark.parametrize("template", suite.tests, ids=lambda template: template.name)


of_taps = _parameters(tap_tests)
of_streams = _parameters(tap_stream_tests)
of_attributes = _parameters(tap_stream_attribute_tests)


def check(template: Any, runner: TapTestRunner, **subject: Any) -> None:
    """Run a template on the tap, or on the stream or attribute that `subject` names."""
    template().run(config=SuiteConfig(), resource=None, runner=runner, **subject)


def check_streams(template: Any, runner: TapTestRunner) -> int:
    """Run a template on every stream; gives how many they are."""
    streams = list(runner.new_tap().streams.values())
    for stream in streams:
        check(template, runner, stream=stream)
    return len(streams)


def check_attributes(template: Any, runner: TapTestRunner) -> int:
    """Run a template on every attribute that it is meant for; gives how many they are."""
    checked = 0
    for stream in runner.new_tap().streams.values():
        for name, schema in stream.schema["properties"].items():
            if template.evaluate(stream=stream, property_name=name, property_schema=schema):
                check(template, runner, stream=stream, attribute_name=name)
                checked += 1
    return checked
