"""Data flows one way, and so do imports: connectors → libs → requests (design, §2)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
OURS = {
    "dynamics_odata": "libs/dynamics-odata",
    "dynamics_singer": "libs/dynamics-singer",
    "tap_dynamics_fno": "tap-dynamics-fno",
    "tap_dynamics_sales": "tap-dynamics-sales",
    "target_dynamics_cds": "target-dynamics-cds",
    "target_dynamics_fno": "target-dynamics-fno",
    "mapper_p2c": "mappers/mapper-p2c",
    "prospect_to_cash": "p2c",
    "dynamics_sandbox": "dynamics-sandbox",
}
MAY_IMPORT: dict[str, set[str]] = {
    "dynamics_odata": set(),
    "dynamics_singer": {"dynamics_odata"},
    "tap_dynamics_fno": {"dynamics_odata", "dynamics_singer"},
    "tap_dynamics_sales": {"dynamics_odata", "dynamics_singer"},
    "target_dynamics_cds": {"dynamics_odata", "dynamics_singer"},
    "target_dynamics_fno": {"dynamics_odata", "dynamics_singer"},
    "mapper_p2c": set(),
    "prospect_to_cash": {"dynamics_odata", "dynamics_singer", "mapper_p2c"},
    "dynamics_sandbox": set(),
}


def imported(path: Path) -> set[str]:
    """Top-level packages that a file imports, at its head or inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("module", OURS)
def test_a_package_imports_only_what_lies_beneath_it(module: str) -> None:
    files = sorted((PROJECT / OURS[module] / module).rglob("*.py"))
    assert files
    allowed = MAY_IMPORT[module] | {module}
    foreign = {
        str(path.relative_to(PROJECT)): sorted(found)
        for path in files
        if (found := imported(path) & (set(OURS) | {"tests", "demo", "scripts"}) - allowed)
    }
    assert foreign == {}


def test_what_stays_apart_from_what() -> None:
    """The wire library knows no Singer; the demo and the chores use our programs, never our code."""
    wire = (PROJECT / "libs/dynamics-odata/dynamics_odata").rglob("*.py")
    assert [path.name for path in wire if "singer_sdk" in imported(path)] == []
    users = [*(PROJECT / "demo").glob("*.py"), *(PROJECT / "scripts").glob("*.py")]
    assert users
    assert [path.name for path in users if imported(path) & set(OURS)] == []


@pytest.mark.parametrize("module", OURS)
def test_every_package_says_that_it_is_typed(module: str) -> None:
    assert (PROJECT / OURS[module] / module / "py.typed").is_file()
    assert (PROJECT / OURS[module] / "README.md").stat().st_size > 200
