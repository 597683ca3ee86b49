"""Kept rows: listed, shown without their values, dropped one by one."""

from __future__ import annotations

import fcntl
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_singer.locks import Holder, Locks
from prospect_to_cash.rejects.masking import masked_reason, masked_record

if TYPE_CHECKING:
    from conftest import Office

SCHEMA = {
    "type": "SCHEMA",
    "stream": "Account",
    "schema": {},
    "key_properties": ["Organization", "AccountId"],
}


def row(number: str, name: str, reason: str) -> dict[str, Any]:
    record = {"Organization": {"OrganizationId": "ORG001"}, "AccountId": number, "Name": name, "Limit": 1.10}
    about = {"reason": reason, "code": "0x80040237", "request_id": "r-1", "attempt": 1}
    return {
        "type": "RECORD",
        "stream": "Account",
        "record": record,
        **about,
        "rejected_at": "2026-01-01T00:00:00Z",
    }


@pytest.fixture
def two(office: Office) -> Any:
    rows = [row("A-1", "Ada Lovelace", "Ada Lovelace is too long"), row("A-2", "Alan Turing", "no parent")]
    return office.reject("cds", "accounts-to-cds", SCHEMA, *rows)


def test_list_and_show(office: Office, two: Any) -> None:
    assert two.exists()
    listed = " ".join(office.p2c("rejects", "list").stdout.split())
    assert "cds accounts-to-cds Account 0x80040237 2 2026-01-01T00:00:00Z" in listed
    shown = office.p2c("rejects", "show", "accounts-to-cds", "--key", "ORG001/A-1", "--record").stdout
    assert "accounts-to-cds Account ORG001/A-1 (kept by cds)" in shown
    assert "••• is too long" in shown
    assert "Lovelace" not in shown
    told = office.p2c("rejects", "show", "--record", "--reveal").stdout
    assert "Ada Lovelace is too long" in told
    assert '"Limit": "1.1"' in told


def test_drop_leaves_the_other_rows_as_they_were(office: Office, two: Any) -> None:
    before = two.read_bytes().splitlines()
    answer = office.p2c("rejects", "drop", "accounts-to-cds", "--key", "ORG001/A-1", "--yes")
    assert (answer.returncode, answer.stdout) == (0, "1 rows dropped.\n")
    assert two.read_bytes().splitlines() == [before[0], before[2]]
    assert office.p2c("rejects", "drop", "accounts-to-cds").returncode == 1  # nobody answers the question
    assert two.exists()
    assert office.p2c("rejects", "drop", "accounts-to-cds", "--yes").returncode == 0
    assert not two.exists()


def test_nothing_is_dropped_while_a_run_writes(office: Office, two: Any) -> None:
    locks = Locks(office.home / "locks", Holder.here("p2c run accounts", "r-1"))
    locks.take(["Account"])
    answer = office.p2c("rejects", "drop", "accounts-to-cds", "--yes")
    locks.release()
    assert answer.returncode == 1
    assert "Account is being written by another run: p2c run accounts" in answer.stderr
    assert len(two.read_bytes().splitlines()) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["show", "contacts-to-cds"],
            "No rows of the task contacts-to-cds are kept; tasks with kept",
        ),
        (["show", "--key", "Z"], "No kept row has the key Z."),
    ],
)
def test_what_is_not_there_is_named(office: Office, two: Any, words: list[str], told: str) -> None:
    assert two.exists()
    answer = office.p2c("rejects", *words)
    assert answer.returncode == 1
    assert told in answer.stderr


def test_a_damaged_file_is_named_and_stays(office: Office, two: Any) -> None:
    with two.open("a", encoding="utf-8") as file:
        file.write("{half")
    answer = office.p2c("rejects", "list")
    assert (answer.returncode, answer.stderr) == (
        1,
        f"{two}:4 is no line of a rejects file; mend it or move the file away.\n",
    )


def test_a_row_without_a_key_is_named_without_its_values(office: Office) -> None:
    keyless = {**SCHEMA, "key_properties": []}
    office.reject("cds", "accounts-to-cds", keyless, row("A-1", "Ada Lovelace", "no"), row("A-2", "Bo", "no"))
    shown = office.p2c("rejects", "show").stdout
    assert "Ada" not in shown
    first = shown.split()[2]
    assert (
        office.p2c("rejects", "drop", "accounts-to-cds", "--key", first, "--yes").stdout
        == "1 rows dropped.\n"
    )
    assert len(office.p2c("rejects", "show").stdout.splitlines()) == 3


def test_a_run_of_another_task_is_no_hindrance_to_drop(office: Office, two: Any) -> None:
    other = office.reject("mapper", "contacts-to-cds", SCHEMA, row("C-1", "Bo", "no"))
    with other.with_name(f".{other.name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert office.p2c("rejects", "drop", "contacts-to-cds", "--yes").returncode == 1
        assert office.p2c("rejects", "drop", "accounts-to-cds", "--yes").stdout == "2 rows dropped.\n"
    assert not two.exists()
    assert other.exists()


def test_retry_says_when_no_job_runs_the_task(office: Office) -> None:
    office.reject("cds", "my-own-task", SCHEMA, row("A-1", "Ada", "no"))
    answer = office.p2c("rejects", "retry")
    assert answer.returncode == 1
    assert "No job of" in answer.stderr
    assert "my-own-task" in answer.stderr


def test_masking() -> None:
    record = {"id": "A-1", "n": Decimal("1.10"), "on": True, "at": None, "to": {"name": "Bo"}, "all": ["Ada"]}
    hidden = {"id": "A-1", "n": "•••", "on": True, "at": None, "to": {"name": "•••"}, "all": ["•••"]}
    assert masked_record(record, ["id"]) == hidden
    assert masked_reason("A-1 and Ada at Bo: 1.10", record, ["id"]) == "A-1 and ••• at Bo: •••"
    assert masked_reason('row: "Bo "x" y"', record, ["id"]) == 'row: "•••"'
    assert json.loads(json.dumps(hidden)) == hidden
