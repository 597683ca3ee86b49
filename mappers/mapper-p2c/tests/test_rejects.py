"""The life of a reject, through real processes: kept, retried, replaced, and never behind a STATE."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest
from mapper_p2c.summary import Counts

STATE = '{"type":"STATE","value":{"n":1}}'
BAD = {"accountid": "a-1", "accountnumber": "A1", "name": "Hidden Ltd", "address1_country": "Atlantis"}


@pytest.fixture
def accounts(data: Path) -> str:
    return (data / "accounts.singer").read_text("utf-8").splitlines()[1]


def test_reject_is_kept_and_retried_until_it_maps(
    accounts: str, run: Any, record: Any, rejects: Any, tmp_path: Path
) -> None:
    config: dict[str, Any] = {"template": "accounts-direct", "summary_path": "runs/summary.jsonl"}
    good = record("accounts", accountid="a-2", accountnumber="A2", name="Visible")
    first = run(config, [accounts, record("accounts", **BAD), STATE, good, STATE])
    assert first.code == 0
    assert [row["CustomerAccount"] for row in first.records] == ["A2"]
    [header, kept] = rejects("accounts-direct")
    assert header == json.loads(accounts)
    assert kept["record"] == BAD
    assert (kept["code"], kept["attempt"], kept["request_id"]) == ("unknown_country", 1, "")
    path = tmp_path / "rejects" / "mapper" / "accounts-direct.singer"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"keys a-1; kept in {Path('rejects/mapper/accounts-direct.singer')}" in first.log
    assert "Atlantis" not in first.log
    assert "Hidden" not in first.log

    second = run(config, [accounts, good, STATE])
    assert rejects("accounts-direct")[1]["attempt"] == 2
    assert [row["CustomerAccount"] for row in second.records] == ["A2"]

    mended = {**config, "overrides": {"value_maps": {"AddressCountryRegionISOCode": {"atlantis": "PT"}}}}
    third = run(mended, [accounts, good, STATE])
    assert [row["CustomerAccount"] for row in third.records] == ["A1", "A2"]
    assert "kept in" not in third.log
    # It goes once it is known to be written: see test_marks.
    assert rejects("accounts-direct")[1]["sent"]

    lines = [json.loads(line) for line in (tmp_path / "runs/summary.jsonl").read_text().splitlines()]
    assert [
        (line["status"], line["read"], line["written"], line["retried"], line["rejected"]) for line in lines
    ] == [
        ("Warning", 2, 1, 0, 1),
        ("Warning", 1, 1, 1, 1),
        ("Completed", 1, 2, 1, 0),
    ]
    assert {(line["plugin"], line["task"], line["stream"]) for line in lines} == {
        ("mapper-p2c", "accounts-direct", "CustomersV3")
    }


@pytest.mark.parametrize(
    "newer",
    [
        {**BAD, "address1_country": "Portugal"},
        {"accountid": "a-1", "_sdc_deleted_at": "2024-01-01T00:00:00Z"},
    ],
)
def test_newer_version_or_delete_makes_the_reject_void(
    newer: dict[str, Any], accounts: str, feed: Any, record: Any, rejects: Any
) -> None:
    feed({"template": "accounts-direct"}, [accounts, record("accounts", **BAD)])
    assert len(rejects("accounts-direct")) == 2
    feed(
        {"template": "accounts-direct", "retry_rejects": False},
        [accounts, record("accounts", **newer), STATE],
    )
    assert rejects("accounts-direct") == []


def test_row_that_no_longer_passes_the_filter_makes_the_reject_void(
    data: Path, feed: Any, record: Any, rejects: Any
) -> None:
    hub = (data / "hub.singer").read_text("utf-8").splitlines()[0]
    row = {
        "Organization": {"OrganizationId": "ORG001"},
        "AccountId": "A1",
        "PartyType": "Organization",
        "LastWrittenBy": "accounts-to-cds",
        "MailingPostalAddress_Country": "Atlantis",
    }
    feed({"template": "accounts-to-fno"}, [hub, record("Account", **row)])
    assert [line["record"] for line in rejects("accounts-to-fno")[1:]] == [row]
    other = record("Account", **{**row, "LastWrittenBy": "someone"})
    feed({"template": "accounts-to-fno", "retry_rejects": False}, [hub, other, STATE])
    assert rejects("accounts-to-fno") == []


def test_reject_is_stored_before_the_state_that_covers_it(
    accounts: str, run: Any, record: Any, rejects: Any
) -> None:
    lines = [accounts, record("accounts", **BAD), STATE, "{broken"]
    finished = run({"template": "accounts-direct", "summary_path": "summary.jsonl"}, lines)
    assert finished.code == 1
    assert finished.lines[-1] == STATE
    assert [line["code"] for line in rejects("accounts-direct")[1:]] == ["unknown_country"]
    [error] = finished.errors
    assert "line 4: this is no JSON object" in error
    assert "Traceback" not in finished.log


def test_failed_run_keeps_what_was_retried(
    accounts: str, run: Any, feed: Any, record: Any, rejects: Any
) -> None:
    feed({"template": "accounts-direct"}, [accounts, record("accounts", **BAD)])
    mended = {"value_maps": {"AddressCountryRegionISOCode": {"Atlantis": "PT"}}}
    finished = run({"template": "accounts-direct", "overrides": mended}, [accounts, STATE, "{broken"])
    assert finished.code == 1
    assert [row["CustomerAccount"] for row in finished.records] == ["A1"]
    assert [line["record"]["accountid"] for line in rejects("accounts-direct")[1:]] == ["a-1"]


def test_on_reject_fail_stores_the_reject_and_passes_no_state_over_it(
    accounts: str, run: Any, record: Any, rejects: Any
) -> None:
    good = record("accounts", accountid="a-2", accountnumber="A2")
    before = STATE.replace("1", "0")
    config = {"template": "accounts-direct", "on_reject": "fail"}
    finished = run(config, [accounts, good, before, record("accounts", **BAD), STATE, good])
    assert finished.code == 1
    assert [line for line in finished.lines if "STATE" in line] == [before]
    assert [line["record"]["accountid"] for line in rejects("accounts-direct")[1:]] == ["a-1"]
    assert len(finished.errors) == 1
    assert "on_reject" in finished.errors[0]
    # The row was mended at its source: the old reject does not stand in the way of the newer version.
    newer = record("accounts", **{**BAD, "address1_country": "PT"})
    finished = run(config, [accounts, newer, STATE])
    assert finished.code == 0
    assert rejects("accounts-direct") == []


def test_rejects_of_another_plugin_are_not_touched(
    accounts: str, run: Any, record: Any, tmp_path: Path
) -> None:
    path = tmp_path / "rejects" / "mapper" / "accounts-direct.singer"
    path.parent.mkdir(parents=True)
    path.write_text(record("CustomersV3", CustomerAccount="A1") + "\n")
    finished = run({"template": "accounts-direct"}, [accounts])
    assert finished.code == 1
    [error] = finished.errors
    assert (
        "holds rejects of the stream CustomersV3, not of accounts: give each plugin a `rejects_path`" in error
    )
    assert "A1" in path.read_text()


def test_unknown_template_through_the_command(run: Any) -> None:
    finished = run({"template": "accounts-too-cds"}, [])
    assert finished.code == 1
    [error] = finished.errors
    assert "There is no template 'accounts-too-cds'; did you mean 'accounts-to-cds'?" in error
    assert "Traceback" not in finished.log


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        (Counts(), "Completed"),
        (Counts(read=2, written=2), "Completed"),
        (Counts(read=2, filtered=2), "Completed"),
        (Counts(read=2, written=1, rejected=1, new_rejects=1), "Warning"),
        (Counts(read=1, rejected=1, new_rejects=1), "Error"),
        (Counts(retried=1, rejected=1), "Warning"),
    ],
)
def test_status_of_a_run(counts: Counts, status: str) -> None:
    assert counts.status(broken=False) == status
    assert counts.status(broken=True) == "Error"


def test_a_second_run_of_the_same_task_at_the_same_time_is_refused(
    accounts: str, pipeline: Any, run: Any, record: Any, rejects: Any
) -> None:
    """Each would write the whole file from what it read at its start, without the other's rejects."""
    first = pipeline({"template": "accounts-direct"}, lambda _line: None)
    first.feed(accounts.encode())
    second = run({"template": "accounts-direct"}, [accounts, record("accounts", **BAD), STATE])
    assert second.code == 1
    assert "another run of the task accounts-direct is on" in second.errors[0]
    first.feed(record("accounts", **BAD).encode())
    first.close(logging.getLogger("mapper-p2c"), broken=False)
    assert [line["record"] for line in rejects("accounts-direct")[1:]] == [BAD]
    assert run({"template": "accounts-direct"}, [accounts, STATE]).code == 0


def test_summary_lines_bear_the_id_of_the_run(accounts: str, run: Any, tmp_path: Path) -> None:
    run({"template": "accounts-direct", "summary_path": "summary.jsonl", "run_id": "r-7"}, [accounts, STATE])
    run({"template": "accounts-direct", "summary_path": "summary.jsonl", "run_id": " "}, [accounts, STATE])
    lines = (tmp_path / "summary.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == ["r-7", ""]
