"""Every link in a document leads somewhere, and every command the README shows exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for path in PROJECT.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(PROJECT).parts)
)
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_relative_links_lead_somewhere(document: Path) -> None:
    targets = [target for target, _ in LINK.findall(document.read_text(encoding="utf-8"))]
    missing = [target for target in targets if ":" not in target and not (document.parent / target).exists()]
    assert missing == []


def test_make_targets_in_documents_exist() -> None:
    known = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"`?\bmake ([a-z]+)`", document.read_text(encoding="utf-8"))
    }
    assert told <= known


def test_no_tracked_file_is_generated() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - git is where the checkout came from
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert [
        name for name in tracked if "__pycache__" in name or name.startswith((".venv", ".meltano", "output"))
    ] == []
