"""meltano.yml carries out every job of Prospect-to-cash, and asks the taps for what the templates want."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mapper_p2c.jobs import JOBS

PROJECT = Path(__file__).resolve().parents[2]
CONTENT: dict[str, Any] = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
TASKS: dict[str, list[str]] = {job["name"]: job["tasks"] for job in CONTENT["jobs"]}
TAPS: dict[str, dict[str, Any]] = {tap["name"]: tap for tap in CONTENT["plugins"]["extractors"]}
HUB = "tap-dynamics-cds"


def test_every_job_runs_its_templates_in_order() -> None:
    mapped = {
        job: tuple(task.split()[1].removeprefix("p2c-") for task in tasks) for job, tasks in TASKS.items()
    }
    assert {job: names for job, names in mapped.items() if job in JOBS} == JOBS
    order = [
        "accounts",
        "contacts-to-customers",
        "contacts",
        "products",
        "quotes",
        "orders-to-fno",
        "orders-to-sales",
        "invoices",
    ]
    assert TASKS["p2c"] == [task for job in order for task in TASKS[job]]
    assert TASKS["p2c-direct"] == [task for job in order for task in TASKS[f"{job}-direct"]]
    assert set(TASKS) == {*JOBS, "p2c", "p2c-direct"}


def test_no_two_tasks_share_a_bookmark() -> None:
    """Meltano names a state after tap and target; the mapping takes no part in it."""
    ends = [(task.split()[0], task.split()[2]) for job in JOBS for task in TASKS[job]]
    assert len(ends) == len(set(ends))


@pytest.mark.parametrize("job", JOBS)
def test_filters_and_expands_are_those_of_the_templates(job: str) -> None:
    """A hub's tap reads changes, which know no filter: there the mapper's own filter does."""
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("mapper-p2c")), "filters", "--job", job],
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = list(yaml.safe_load_all(answer.stdout))
    for task, part in zip(TASKS[job], wanted, strict=True):
        config = TAPS[task.split()[0]]["config"]
        if TAPS[task.split()[0]]["inherit_from"] == HUB:
            assert set(config) == {"streams"}
            assert set(part["filter"]) == set(config["streams"])
            continue
        assert config.get("filter", {}) == part["filter"]
        given = config.get("expand", {})
        assert {name: set(paths) - set(given.get(name, ())) for name, paths in part["expand"].items()} == {
            name: set() for name in part["expand"]
        }
