"""Fixtures of the cross-package tests: a sandbox of their own, and Meltano pointed at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.testing import Sandbox, running

from demo.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """An empty sandbox: platform rows only, no accounts and no hub tables."""
    with running(tmp_path / "sandbox", seed="none") as service:
        yield service


@pytest.fixture
def pipeline(tmp_path: Path, sandbox: Sandbox) -> Pipeline:
    """Meltano with this project's jobs against that sandbox."""
    ready = {
        name: getattr(sandbox, name)
        for name in (
            "authority",
            "sales",
            "cds",
            "fno",
            "ca_bundle",
            "tenant_id",
            "client_id",
            "client_secret",
        )
    }
    return Pipeline(tmp_path / "home", ready)
