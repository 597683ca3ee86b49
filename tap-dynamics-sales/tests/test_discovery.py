"""Discovery, --about and --test, as a runner such as Meltano uses them."""

from __future__ import annotations

import json
from typing import Any

NULLABLE_TEXT = ["string", "null"]


def test_a_few_columns_are_described_exactly(bench: Any) -> None:
    done = bench.run("--discover", streams=["accounts"])
    assert done.code == 0
    [entry] = json.loads(done.text)["streams"]
    properties = entry["schema"]["properties"]
    for column in properties.values():
        column.pop("description", None)
    expected: dict[str, dict[str, Any]] = {
        "accountid": {"type": "string", "format": "uuid"},
        "accountnumber": {"type": NULLABLE_TEXT, "maxLength": 20},
        "name": {"type": NULLABLE_TEXT, "maxLength": 160},
        "address1_line1": {"type": NULLABLE_TEXT, "maxLength": 250},
        "statecode": {"type": ["integer", "null"], "x-options": {"0": "Active", "1": "Inactive"}},
        "modifiedon": {"type": NULLABLE_TEXT, "format": "date-time"},
        "versionnumber": {
            "type": ["integer", "null"],
            "minimum": -9223372036854775808,
            "maximum": 9223372036854775807,
        },
        "_transactioncurrencyid_value": {
            "type": NULLABLE_TEXT,
            "format": "uuid",
            "x-lookup": ["transactioncurrency"],
        },
        "_sdc_deleted_at": {"type": NULLABLE_TEXT, "format": "date-time"},
    }
    assert {name: properties[name] for name in expected} == expected
    assert properties["creditlimit"]["x-scale"] == 4
    assert set(properties["_ownerid_value"]["x-lookup"]) == {"systemuser", "team"}
    assert entry["key_properties"] == ["accountid"]
    assert entry["replication_method"] == "LOG_BASED"
    assert not {"createdbyname", "statecodename", "transactioncurrencyidname"} & set(properties)


def test_only_the_tables_asked_for_are_fetched(bench: Any) -> None:
    done = bench.run("--discover", streams=["accounts", "contac*"])
    assert {entry["stream"] for entry in json.loads(done.text)["streams"]} == {"accounts", "contacts"}
    metadata = [each for each in bench.sandbox.requests("sales") if each["path"].endswith("$batch")]
    assert len(metadata) == 1


def test_test_reads_one_record_per_stream(bench: Any) -> None:
    for number in range(3):
        bench.account(name=f"account {number}")
    done = bench.run("--test", streams=["accounts", "contacts"])
    assert done.code == 0
    assert len(done.records("accounts")) == 1
    assert done.errors() == []
    assert all("delta_link" not in state["bookmarks"]["accounts"] for state in done.states())


def test_about_describes_every_setting(bench: Any) -> None:
    about = json.loads(bench.run("--about", "--format=json").text)
    settings = about["settings"]["properties"]
    for name in (
        "environment_url",
        "streams",
        "replication",
        "expand",
        "publisher_prefix",
        "lookback_seconds",
    ):
        assert settings[name]["title"]
        assert settings[name]["description"]
    assert settings["client_secret"]["secret"]
    assert settings["page_size"]["default"] == 5000


def test_version_is_the_packages(bench: Any) -> None:
    assert bench.run("--version").text.startswith("tap-dynamics-sales v0.1.0")
