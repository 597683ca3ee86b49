"""A project with two jobs, a company's folder, and the command run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MELTANO = """
jobs:
- name: accounts
  tasks:
  - tap-dynamics-sales--accounts p2c-accounts-to-cds target-dynamics-cds
  - [tap-dynamics-cds--accounts, p2c-accounts-to-fno, target-dynamics-fno]
- name: other
  tasks: tap-x target-x
plugins:
  extractors:
  - {name: tap-dynamics-sales--accounts, inherit_from: tap-dynamics-sales}
  - {name: tap-dynamics-cds--accounts, inherit_from: tap-dynamics-cds}
  - {name: tap-dynamics-cds, inherit_from: tap-dynamics-sales}
  mappers:
  - name: mapper-p2c
    mappings:
    - {name: p2c-accounts-to-cds, config: {template: accounts-to-cds}}
    - name: p2c-accounts-to-fno
      config: {template: accounts-to-fno, overrides: {defaults: {CustomerGroupId: "${P2C_COMPANY}-20"}}}
"""


@dataclass(frozen=True)
class Office:
    """An operator's desk: the project's folder and the company's."""

    root: Path
    home: Path

    def p2c(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The command, run in the project."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("p2c")), *words],
            cwd=self.root,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=60,
        )

    def summarize(self, *lines: dict[str, Any]) -> None:
        """Append lines to the summary file as plugins do."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "summary.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def reject(self, place: str, task: str, *lines: dict[str, Any]) -> Path:
        """Write a rejects file."""
        path = self.home / "rejects" / place / f"{task}.singer"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return path


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name in ("P2C_COMPANY", "P2C_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "meltano.yml").write_text(MELTANO, encoding="utf-8")
    (tmp_path / ".env").write_text("P2C_COMPANY=usmf\nP2C_HOME=kept\n", encoding="utf-8")
    return Office(tmp_path, tmp_path / "kept" / "usmf")
