"""One sandbox process for the tests that leave no trace in its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.testing import Sandbox, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), seed="none") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    shared_sandbox.clear_faults()
    shared_sandbox.clear_hooks()
    shared_sandbox.forget_requests()
    return shared_sandbox
