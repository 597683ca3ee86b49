"""The README shows what the demo really prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```console\n\$ make demo\n(.*?)```", readme, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--base-port", "0", "--data", str(tmp_path / "demo")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.rstrip() for line in done.stdout.splitlines()] == shown.splitlines()
