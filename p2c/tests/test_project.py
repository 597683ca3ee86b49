"""Which project, company and jobs a command works on, and what it says where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prospect_to_cash.errors import OperatorError
from prospect_to_cash.project import Block, Project

if TYPE_CHECKING:
    from conftest import Office


def test_jobs_with_what_they_write(office: Office) -> None:
    project = Project.here(office.root / "kept" if (office.root / "kept").exists() else office.root)
    assert (project.company, project.home) == ("usmf", office.home)
    first, second = project.job("accounts")
    assert first == Block(
        ("tap-dynamics-sales--accounts", "p2c-accounts-to-cds", "target-dynamics-cds"),
        "accounts-to-cds",
        {},
        "sales",
        "cds",
    )
    assert second == Block(
        ("tap-dynamics-cds--accounts", "p2c-accounts-to-fno", "target-dynamics-fno"),
        "accounts-to-fno",
        {"defaults": {"CustomerGroupId": "usmf-20"}},
        "cds",
        "fno",
    )
    assert [task.destination.stream for task in (*first.tasks(), *second.tasks())] == [
        "Account",
        "CustomersV3",
    ]
    assert second.tasks()[0].defaults["CustomerGroupId"] == "usmf-20"
    assert project.job("other") == (Block(("tap-x", "target-x")),)


def test_the_environment_wins_over_the_file_and_an_option_over_both(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("P2C_COMPANY", "demf")
    assert Project.here(office.root).home == office.root / "kept" / "demf"
    project = Project.here(office.root, company="frrt")
    assert (project.home, project.variables["P2C_COMPANY"]) == (office.root / "kept" / "frrt", "frrt")


def test_what_is_missing_is_named(office: Office) -> None:
    with pytest.raises(OperatorError, match=r"has no job acounts; did you mean accounts\?"):
        Project.here(office.root).job("acounts")
    (office.root / ".env").write_text("", encoding="utf-8")
    with pytest.raises(OperatorError, match="No company is named"):
        Project.here(office.root)
    (office.root / "meltano.yml").write_text("jobs: [", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"meltano\.yml cannot be read"):
        Project.here(office.root, company="usmf")
    (office.root / "meltano.yml").unlink()
    answer = office.p2c("history")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "There is no meltano.yml" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_wrong_template_stops_only_what_needs_it(office: Office) -> None:
    content = (office.root / "meltano.yml").read_text(encoding="utf-8")
    (office.root / "meltano.yml").write_text(
        content.replace("template: accounts-to-fno", "template: acounts-to-fno"), encoding="utf-8"
    )
    assert office.p2c("rejects", "list").returncode == 0
    refused = office.p2c("run", "accounts")
    assert refused.returncode == 1
    assert "There is no template 'acounts-to-fno'; did you mean 'accounts-to-fno'?" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_help_needs_no_project(office: Office) -> None:
    (office.root / "meltano.yml").unlink()
    assert "--full-refresh" in office.p2c("run", "--help").stdout
    assert office.p2c("run", "accounts").returncode == 1
