"""The plugin's own sandbox under the name these tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox


@pytest.fixture
def sandbox(dynamics_sandbox: Sandbox) -> Sandbox:
    return dynamics_sandbox
