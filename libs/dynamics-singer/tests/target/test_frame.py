"""The SDK's side of the frame: settings, --about, and the SDK's own suite on a target that keeps its rows."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_singer.errors import PluginError
from memory_target import Destination, TargetMemory
from singer_sdk.testing import get_target_test_class, target_test_streams
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordMissingKeyProperty

if TYPE_CHECKING:
    from frame_bench import Bench


class TargetSuite(TargetMemory):
    """The destination of the SDK's suite."""

    destination = Destination()


# A row without its key is a reject here, not the end of the run, so that one test does not fit.
_KEPT = [one for one in target_tests.tests if one is not TargetRecordMissingKeyProperty]

TestStandard = get_target_test_class(
    TargetSuite,
    config={"rejects_path": "rejects", "batch_size": 1},
    include_target_tests=False,
    custom_suites=[SingerTestSuite(kind="target", tests=_KEPT)],
)


def test_only_settings_that_work_are_offered() -> None:
    assert set(TargetMemory.config_jsonschema["properties"]) == {
        "batch_size",
        "locks_path",
        "max_rejects",
        "on_reject",
        "rejects_path",
        "retry_rejects",
        "run_id",
        "skip_unchanged",
        "summary_path",
        "write_mode",
    }


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"batch_sise": 3}, "`batch_sise`"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"on_reject": "ignore"}, "`on_reject`"),
    ],
)
def test_wrong_settings_are_named(config: dict[str, object], told: str) -> None:
    with pytest.raises(PluginError, match=told):
        TargetMemory(config=config)


def test_defaults() -> None:
    settings = TargetMemory(config={}).settings
    assert (settings.batch_size, settings.write_mode, settings.on_reject) == (500, "upsert", "continue")
    assert (settings.max_rejects, str(settings.rejects_path), settings.retry_rejects) == (
        None,
        "rejects",
        True,
    )


_FILES = sorted(
    path.name
    for path in importlib.resources.files(target_test_streams).iterdir()
    if path.name.endswith(".singer")
    and path.name not in {"invalid_schema.singer", "record_before_schema.singer"}
)


@pytest.mark.parametrize("name", _FILES)
def test_every_row_of_the_suite_arrives(bench: Bench, name: str) -> None:
    """The SDK's suite passes with a target that drops every row; this one looks."""
    lines = (importlib.resources.files(target_test_streams) / name).read_bytes().splitlines()
    keys: dict[str, list[str]] = {}
    expected: dict[str, list[dict[str, Any]]] = {}
    for message in map(json.loads, lines):
        if message["type"] == "SCHEMA":
            keys[message["stream"]] = message.get("key_properties") or []
        elif message["type"] == "RECORD":
            row, names = message["record"], keys[message["stream"]]
            kept = expected.setdefault(message["stream"], [])
            kept[:] = [one for one in kept if not names or any(one.get(key) != row.get(key) for key in names)]
            kept.append(row)
    bench.run(lines, batch_size=2)
    arrived = {stream: list(table.values()) for stream, table in bench.destination.tables.items()}
    for stream, rows in expected.items():
        kept_back = [line["record"] for line in bench.rejects(stream)]
        assert sorted(map(_text, [*arrived.get(stream, []), *kept_back])) == sorted(map(_text, rows))


def _text(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, default=float)
