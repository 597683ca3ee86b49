"""The SDK's own suite for targets before a sandbox, and what its streams leave there.

The suite looks for crashes only, so after each of its tests the rows are read back. One of its tests does
not fit: `record_missing_key_property` wants the run to end; here a blank key is a reject and the run goes on.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.runners import TargetTestRunner
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetMultipleStateMessages, TargetRecordMissingKeyProperty
from target_dynamics_cds.target import TargetDynamicsCds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import TargetProcess

FITTING = SingerTestSuite(
    kind="target",
    tests=[test for test in target_tests.tests if test is not TargetRecordMissingKeyProperty],
)

LEFT_BEHIND: dict[str, dict[str, list[dict[str, Any]]]] = {
    "array_data": {
        "cdm_test_array_data": [
            {"cdm_id": 1, "cdm_fruits": '["apple","orange","pear"]'},
            {"cdm_id": 2, "cdm_fruits": '["banana","apple"]'},
            {"cdm_id": 3, "cdm_fruits": '["pear"]'},
            {"cdm_id": 4, "cdm_fruits": '["orange","banana","apple","pear"]'},
        ]
    },
    "camelcase": {
        "cdm_testcamelcase": [
            {"cdm_id": "1", "cdm_clientname": "Gitter Windows Desktop App"},
            {"cdm_id": "2", "cdm_clientname": "Gitter iOS App"},
        ]
    },
    "duplicate_records": {
        "cdm_test_duplicate_records": [{"cdm_id": 1, "cdm_metric": 100}, {"cdm_id": 2, "cdm_metric": 20}]
    },
    "no_primary_keys": {
        "cdm_test_no_pk": [
            {"cdm_id": 1, "cdm_metric": 11},
            {"cdm_id": 2, "cdm_metric": 22},
            {"cdm_id": 3, "cdm_metric": 33},
        ]
    },
    "optional_attributes": {
        "cdm_test_optional_attributes": [
            {"cdm_id": 1, "cdm_optional": "This is optional"},
            {"cdm_id": 2, "cdm_optional": None},
            {"cdm_id": 3, "cdm_optional": "Also optional"},
            {"cdm_id": 4, "cdm_optional": None},
        ]
    },
    "pk_updates": {
        "cdm_example_stream": [
            {"cdm_id": 1, "cdm_email": "alice@example.com"},
            {"cdm_id": 2, "cdm_email": "bob@example.com"},
        ]
    },
    "record_missing_fields": {
        "cdm_record_missing_fields": [
            {"cdm_id": 1, "cdm_optional": "now you see me"},
            {"cdm_id": 2, "cdm_optional": None},
        ]
    },
    "schema_no_properties": {
        "cdm_test_object_schema_with_properties": [
            {"cdm_object_store": '{"id":1,"metric":187}'},
            {"cdm_object_store": '{"id":2,"metric":203}'},
        ],
        "cdm_test_object_schema_no_properties": [
            {"cdm_object_store": '{"id":1,"metric":1}'},
            {"cdm_object_store": '{"id":2,"metric":2}'},
        ],
    },
    "schema_updates": {
        "cdm_test_schema_updates": [
            {"cdm_id": 1, "cdm_a1": Decimal(101), "cdm_a4": None, "cdm_a6": None},
            {"cdm_id": 2, "cdm_a1": Decimal(102), "cdm_a4": None, "cdm_a6": None},
            {
                "cdm_id": 3,
                "cdm_a1": Decimal(103),
                "cdm_a4": '{"id":1,"value":1}',
                "cdm_a6": None,
            },
            {
                "cdm_id": 4,
                "cdm_a1": Decimal(104),
                "cdm_a4": '{"id":2,"value":22}',
                "cdm_a6": None,
            },
            {
                "cdm_id": 5,
                "cdm_a1": Decimal(105),
                "cdm_a4": '{"id":3,"value":33}',
                "cdm_a6": 985,
            },
            {
                "cdm_id": 6,
                "cdm_a1": Decimal(106),
                "cdm_a4": '{"id":4,"value":444}',
                "cdm_a6": 341,
            },
        ]
    },
    "special_chars_in_attributes": {
        "cdm_test_specialchars_in_attributes": [
            {
                "cdm__id": "a2e98886",
                "cdm_d": '{"env":"prod","agent:type":"desktop","agent:os:version":"10.13.1"}',
            }
        ]
    },
}


class TestStandardSuite(
    get_target_test_class(TargetDynamicsCds, custom_suites=[FITTING], include_target_tests=False)  # type: ignore[misc]
):
    """Each test of the suite against an empty environment."""

    @pytest.fixture
    def runner(self, target: TargetProcess, request: pytest.FixtureRequest) -> Iterator[TargetTestRunner]:
        yield TargetTestRunner(TargetDynamicsCds, config=target.config({}), parse_env_config=False)
        name = request.node.name.removeprefix("test_target_")
        for table, expected in LEFT_BEHIND.get(name, {}).items():
            rows = [
                {column: row[column] for column in expected[0]}
                for row in target.rows(target.entity_set(table))
            ]
            assert sorted(rows, key=str) == sorted(expected, key=str)


def test_a_blank_key_is_a_reject_and_the_run_goes_on(target: TargetProcess) -> None:
    lines = TargetRecordMissingKeyProperty().singer_filepath.read_text(encoding="utf-8").splitlines()
    stream = "test_record_missing_key_property"
    done = target.run_here([*lines, {"type": "RECORD", "stream": stream, "record": {"id": 1, "metric": 2}}])
    assert done.code == 0
    assert [one["code"] for one in done.rejects] == ["blank_key"]
    assert [row["cdm_metric"] for row in target.rows(target.entity_set(f"cdm_{stream}"))] == [2]


def test_the_last_state_leaves_when_everything_before_it_is_written(target: TargetProcess) -> None:
    lines = TargetMultipleStateMessages().singer_filepath.read_text(encoding="utf-8").splitlines()
    done = target.run_here(lines)
    assert done.states == [{"test_multiple_state_messages_a": 5, "test_multiple_state_messages_b": 6}]
    for stream in ("a", "b"):
        table = target.entity_set(f"cdm_test_multiple_state_messages_{stream}")
        assert sorted(row["cdm_id"] for row in target.rows(table)) == [1, 2, 3, 4, 5, 6]
