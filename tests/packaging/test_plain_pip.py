"""Each plugin installs with plain pip from its folder plus the libs, alone in a new virtual environment."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LIBS = ["./libs/dynamics-odata", "./libs/dynamics-singer"]
PLUGINS = {
    "tap-dynamics-fno": [*LIBS, "./tap-dynamics-fno"],
    "tap-dynamics-sales": [*LIBS, "./tap-dynamics-sales"],
    "target-dynamics-cds": [*LIBS, "./target-dynamics-cds"],
    "target-dynamics-fno": [*LIBS, "./target-dynamics-fno"],
    "mapper-p2c": ["./mappers/mapper-p2c"],
}


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_installs_alone_and_answers(plugin: str, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=True)
    run(tmp_path / "bin" / "python", "-m", "pip", "install", "--quiet", *PLUGINS[plugin])
    script = tmp_path / "bin" / plugin
    about = json.loads(run(script, "--about", "--format=json"))
    assert about["name"] == plugin
    assert about["settings"]["properties"]
    assert "0.1.0" in run(script, "--version")
    run(tmp_path / "bin" / "python", "-m", "pip", "check")
    assert sys.version_info >= (3, 10)
