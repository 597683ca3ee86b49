"""The README names every setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from tap_dynamics_sales.settings import CONFIG_SCHEMA

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", CONFIG_SCHEMA["properties"])
def test_readme_lists_setting(setting: str) -> None:
    rows = [line for line in README.splitlines() if line.startswith("|")]
    assert any(f"`{setting}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("setting", CONFIG_SCHEMA["properties"])
def test_setting_describes_itself(setting: str) -> None:
    assert CONFIG_SCHEMA["properties"][setting]["title"]
    assert CONFIG_SCHEMA["properties"][setting]["description"].endswith(".")
