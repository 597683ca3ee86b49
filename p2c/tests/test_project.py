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
    assert project.job("accounts") == (
        Block(
            ("tap-dynamics-sales--accounts", "p2c-accounts-to-cds", "target-dynamics-cds"),
            "accounts-to-cds",
            {},
            ("Account",),
            "sales",
            "cds",
        ),
        Block(
            ("tap-dynamics-cds--accounts", "p2c-accounts-to-fno", "target-dynamics-fno"),
            "accounts-to-fno",
            {"defaults": {"CustomerGroupId": "usmf-20"}},
            ("CustomersV3",),
            "cds",
            "fno",
        ),
    )
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
