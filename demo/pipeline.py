"""Runs Meltano jobs of this project against one sandbox, with state, rejects and summaries in one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parent.parent
_PLUGINS = {
    "TAP_DYNAMICS_SALES": "sales",
    "TAP_DYNAMICS_CDS": "cds",
    "TAP_DYNAMICS_FNO": "fno",
    "TARGET_DYNAMICS_CDS": "cds",
    "TARGET_DYNAMICS_FNO": "fno",
    "TARGET_DYNAMICS_SALES": "sales",
}
_CREDENTIALS = ("tenant_id", "client_id", "client_secret", "ca_bundle")


class PipelineError(Exception):
    """A Meltano command did not end well; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one Meltano command did: its exit code and everything it logged."""

    code: int
    log: str


class Pipeline:
    """Meltano with this project's jobs, one sandbox and one folder for all that a run leaves behind.

    Args:
        home: Folder for state, rejects, summaries and logs; the plugins are those `make setup` installed.
        sandbox: The sandbox's ready file (``sandbox.json``): URLs, CA file and credentials.
    """

    def __init__(self, home: Path, sandbox: Mapping[str, Any]) -> None:
        self.home = home
        self._sandbox = sandbox
        self._system = home / "meltano"
        self._system.mkdir(parents=True, exist_ok=True)
        for plugins in ("extractors", "mappers", "loaders"):
            link = self._system / plugins
            if not link.is_symlink():
                link.symlink_to(PROJECT / ".meltano" / plugins, target_is_directory=True)

    def environment(self, company: str, organization: str = "ORG001") -> dict[str, str]:
        """The variables a Meltano command runs with; a plugin's own variable wins over meltano.yml."""
        variables = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "P2C_COMPANY": company,
            "P2C_ORGANIZATION": organization,
            "P2C_HOME": str(self.home),
            "MELTANO_STATE_BACKEND_URI": (self.home / "state").as_uri(),
            "MELTANO_SYS_DIR_ROOT": str(self._system),  # of its own: two runs would share catalog files
            "MELTANO_DATABASE_URI": f"sqlite:///{self._system / 'meltano.db'}",
            "NO_COLOR": "1",
        }
        for plugin, service in _PLUGINS.items():
            variables[f"{plugin}_ENVIRONMENT_URL"] = str(self._sandbox[service])
            variables[f"{plugin}_AUTHORITY_HOST"] = str(self._sandbox["authority"])
            for name in _CREDENTIALS:
                variables[f"{plugin}_{name.upper()}"] = str(self._sandbox[name])
        return variables

    def meltano(
        self, *arguments: str, company: str = "usmf", settings: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run one Meltano command in the project folder and keep its log.

        Args:
            arguments: Words after ``meltano``.
            company: Legal entity of the run (``P2C_COMPANY``).
            settings: More environment variables, such as ``TARGET_DYNAMICS_FNO_BATCH_SIZE``.
        """
        done = subprocess.run(  # noqa: S603 - our own command with words of our own
            [str(Path(sys.executable).with_name("meltano")), *arguments],
            cwd=PROJECT,
            env={**self.environment(company), **(settings or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        with (self.home / "meltano.log").open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        return Outcome(done.returncode, done.stdout)

    def prepare_hub(self) -> Outcome:
        """Create the hub's Organization rows with the very target that fills the hub."""
        return self.must("invoke", "target-dynamics-cds", "--input", "hub/organizations.singer")

    def run(self, *jobs: str, company: str = "usmf") -> list[dict[str, Any]]:
        """Run jobs that must succeed; returns the summaries their plugins wrote, in order."""
        before = len(self.summaries(company))
        self.must("run", *jobs, company=company)
        return self.summaries(company)[before:]

    def must(self, *arguments: str, company: str = "usmf") -> Outcome:
        """Run a Meltano command; raises `PipelineError` with the end of the log when it fails."""
        outcome = self.meltano(*arguments, company=company)
        if outcome.code:
            end = "\n".join(outcome.log.splitlines()[-30:])
            raise PipelineError(f"meltano {' '.join(arguments)} ended with {outcome.code}:\n{end}")
        return outcome

    def summaries(self, company: str = "usmf") -> list[dict[str, Any]]:
        """Every run summary written for a company so far, oldest first."""
        path = self.home / company / "summary.jsonl"
        lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]
