"""docs/sandbox.md says of the sandbox what its code and its tests say."""

from __future__ import annotations

import ast
import re

import pytest

from scripts import sandbox_settings

TESTS = sandbox_settings.PAGE.parents[1] / "dynamics-sandbox" / "tests"
PAGE = sandbox_settings.PAGE.read_text(encoding="utf-8")
CHECKLISTS = PAGE.partition("\n## Checklists\n")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in CHECKLISTS.splitlines()
    if line.startswith("| ") and not line.startswith("| what")
]


def test_every_setting_is_listed_as_the_code_has_it() -> None:
    assert sandbox_settings.main(["--check"]) == 0


def test_both_checklists_are_complete() -> None:
    numbers = [int(number) for row in ROWS if (number := row[0].partition(" ")[0]).isdigit()]
    assert numbers == [*range(1, 16), *range(1, 19)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].partition(":")[0])
def test_every_point_names_tests_that_there_are(row: list[str]) -> None:
    _, state, _, shown = row
    assert state.startswith(("supported", "refused"))
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", shown)
    assert named
    for file, function in named:
        path = TESTS / file
        assert path.is_file(), file
        defined = {
            item.name
            for item in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")
        }
        assert defined, file
        assert not function or function in defined, f"{file}::{function}"


def test_every_setting_that_the_text_names_exists() -> None:
    prose = PAGE.partition("\n## Settings\n")[0]
    claimed = set(re.findall(r"(?:: |\()`([a-z0-9]+(?:_[a-z0-9]+)+)`(?=[),;.| ])", prose))
    assert {"expired_link_code", "number_modes", "requested_dates"} <= claimed
    columns = {name for name in claimed if name.startswith("msdynce_")}
    assert claimed - columns - {setting["name"] for setting in sandbox_settings.told()} == set()
