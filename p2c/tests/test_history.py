"""Summary lines become runs: each once, bare runs put together, old ones forgotten."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from prospect_to_cash.history import collecting
from prospect_to_cash.history.database import Database

if TYPE_CHECKING:
    from conftest import Office

DAY = datetime.now(timezone.utc).date()


def line(plugin: str, times: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A summary line; times as hh:mm:ss of today."""
    started, ended = (f"{DAY}T{time}Z" for time in times)
    known = {"plugin": plugin, "task": "accounts-to-cds", "stream": "Account", "status": "Completed"}
    return {**known, "started_at": started, "ended_at": ended, **more}


def runs(office: Office, *words: str) -> list[dict[str, Any]]:
    answer = office.p2c("history", "--json", *words)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(one) for one in answer.stdout.splitlines()]


def test_bare_runs_are_put_together_by_their_times(office: Office) -> None:
    office.summarize(
        line("mapper-p2c", ("00:00:01", "00:00:05"), read=3, written=3),
        line(
            "target-dynamics-cds", ("00:00:02", "00:00:07"), read=3, written=2, rejected=1, status="Warning"
        ),
    )
    [first] = runs(office)
    assert (first["job"], first["status"], first["by_p2c"]) == ("accounts-to-cds", "Warning", False)
    assert (first["started_at"], first["ended_at"]) == (f"{DAY}T00:00:01Z", f"{DAY}T00:00:07Z")
    office.summarize(line("mapper-p2c", ("00:01:00", "00:01:02")), {"of": "another program"})
    newest, oldest = runs(office)
    assert (newest["status"], oldest["id"]) == ("Completed", first["id"])
    shown = office.p2c("show", first["id"][:6], "--json").stdout.splitlines()
    assert [json.loads(one)["plugin"] for one in shown] == ["mapper-p2c", "target-dynamics-cds"]
    assert stat.S_IMODE((office.home / "history.sqlite").stat().st_mode) == 0o600


def test_a_line_that_is_being_written_is_read_when_it_is_whole(office: Office) -> None:
    office.summarize(line("mapper-p2c", ("00:00:01", "00:00:02")))
    text = json.dumps(line("mapper-p2c", ("00:03:00", "00:03:01")))
    with (office.home / "summary.jsonl").open("a", encoding="utf-8") as file:
        file.write(text[:40])
    assert len(runs(office)) == 1
    with (office.home / "summary.jsonl").open("a", encoding="utf-8") as file:
        file.write(text[40:] + "\n")
    assert len(runs(office)) == 2
    assert len(runs(office)) == 2


def test_a_summary_file_put_aside_loses_and_repeats_nothing(office: Office) -> None:
    database = Database(office.home / "history.sqlite")
    for minute in range(3):
        office.summarize(line("mapper-p2c", (f"00:0{minute}:01", f"00:0{minute}:02")))
        collecting.collect(database, office.home, rotate_at=1)
        assert not (office.home / "summary.jsonl").exists()
        with (office.home / "summary.jsonl.old").open("a", encoding="utf-8") as late:
            late.write(json.dumps(line("mapper-p2c", (f"00:0{minute}:31", f"00:0{minute}:32"))) + "\n")
    collecting.collect(database, office.home, rotate_at=1)
    assert len(database.runs()) == 6


def test_old_runs_are_forgotten(office: Office) -> None:
    old = datetime.now(timezone.utc) - timedelta(days=46)
    stamp = old.strftime("%Y-%m-%dT%H:%M:%SZ")
    office.summarize(
        {**line("mapper-p2c", ("", "")), "started_at": stamp, "ended_at": stamp, "task": "old"},
        line("mapper-p2c", ("00:00:00", "00:00:01")),
    )
    assert [run["job"] for run in runs(office)] == ["accounts-to-cds"]
    assert office.p2c("history", P2C_HISTORY_DAYS="x").stderr.startswith("P2C_HISTORY_DAYS is 'x'")


def test_rejected_rows_are_shown_with_their_values_only_when_asked(office: Office) -> None:
    office.reject(
        "mapper",
        "accounts-to-cds",
        {"type": "SCHEMA", "stream": "accounts", "schema": {}, "key_properties": ["accountid"]},
        {
            "type": "RECORD",
            "stream": "accounts",
            "record": {"accountid": "a-1", "name": "Ada Lovelace", "address1_country": "Atlantis"},
            "reason": 'address1_country -> Country: is no country: "Atlantis"',
            "code": "unknown_country",
            "request_id": "",
            "attempt": 2,
            "rejected_at": f"{DAY}T00:00:02Z",
        },
    )
    office.summarize(line("mapper-p2c", ("00:00:01", "00:00:03"), read=1, rejected=1, status="Error"))
    masked, told = office.p2c("show", "last"), office.p2c("show", "last", "--reveal")
    assert "a-1 unknown_country 2" in " ".join(masked.stdout.split())
    assert "is no country" in masked.stdout
    assert "Atlantis" not in masked.stdout
    assert 'is no country: "Atlantis"' in told.stdout


def test_an_unknown_run(office: Office) -> None:
    answer = office.p2c("show", "beef")
    assert (answer.returncode, answer.stderr) == (
        1,
        "'beef' begins the id of no run; `p2c history` lists the runs.\n",
    )
    assert office.p2c("history").stdout == "Nothing has run yet.\n"


def test_a_run_that_the_history_has_lost_grows_with_its_lines(office: Office) -> None:
    """The file was deleted while Meltano ran on under the id of `p2c run`."""
    office.summarize(line("mapper-p2c", ("00:00:01", "00:00:05"), run_id="r-1"))
    assert [run["status"] for run in runs(office)] == ["Completed"]
    office.summarize(line("target-dynamics-cds", ("00:00:02", "00:00:09"), run_id="r-1", status="Error"))
    [run] = runs(office)
    assert (run["id"], run["status"], run["ended_at"]) == ("r-1", "Error", f"{DAY}T00:00:09Z")
