"""Fixtures for pytest: a running sandbox, fresh for every test, and the settings that reach it.

pytest finds this module by itself once the package is installed; nothing starts before a test asks for it.
Override ``dynamics_sandbox_settings``, ``dynamics_sandbox_options`` or ``dynamics_sandbox_seed`` in a
``conftest.py`` to start it otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from typing import Literal as OneOf

import pytest

from dynamics_sandbox.testing import Sandbox, running, settings_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FRESH: Final = "fresh"


@pytest.fixture(scope="session")
def dynamics_sandbox_options() -> tuple[str, ...]:
    """More options of ``dynamics-sandbox serve``, such as ``("--fno-page-size", "5")``; none by default."""
    return ()


@pytest.fixture(scope="session")
def dynamics_sandbox_settings() -> Mapping[str, Mapping[str, Any]]:
    """Settings the sandbox starts with: ``{"dataverse": {"page_size": 5}, "fno": {}}``; none by default."""
    return {}


@pytest.fixture(scope="session")
def dynamics_sandbox_seed() -> OneOf["demo", "none"]:
    """What the environments hold when a test begins: ``none`` (set-up data alone) by default, or ``demo``."""
    return "none"


@pytest.fixture(scope="session")
def dynamics_sandbox_process(
    tmp_path_factory: pytest.TempPathFactory,
    dynamics_sandbox_options: tuple[str, ...],
    dynamics_sandbox_settings: Mapping[str, Mapping[str, Any]],
    dynamics_sandbox_seed: OneOf["demo", "none"],
) -> Iterator[Sandbox]:
    """The one sandbox of the session, as the tests before have left it."""
    folder = tmp_path_factory.mktemp("dynamics-sandbox")
    options = (*dynamics_sandbox_options, *settings_options(dynamics_sandbox_settings))
    with running(folder, dynamics_sandbox_seed, options=options) as sandbox:
        sandbox.snapshot(_FRESH)
        yield sandbox


@pytest.fixture(scope="module")
def dynamics_sandbox_of_module(dynamics_sandbox_process: Sandbox) -> Sandbox:
    """The sandbox, fresh when a module's first test begins; what its tests write adds up."""
    return _freshened(dynamics_sandbox_process)


@pytest.fixture
def dynamics_sandbox(dynamics_sandbox_process: Sandbox) -> Sandbox:
    """The sandbox, fresh: rows and settings of the start, no faults, no hooks, an empty log."""
    return _freshened(dynamics_sandbox_process)


def _freshened(sandbox: Sandbox) -> Sandbox:
    # Held requests first: one that is held in its transaction would keep the snapshot waiting.
    sandbox.clear_hooks()
    sandbox.clear_faults()
    sandbox.clock.real()
    sandbox.restore_settings()
    sandbox.forget_tokens()
    sandbox.restore(_FRESH)
    sandbox.forget_requests()
    return sandbox


@pytest.fixture(scope="session")
def dynamics_sales_config(dynamics_sandbox_process: Sandbox) -> dict[str, Any]:
    """Settings with which a connector reaches Sales: environment_url, tenant_id, client_id, ..."""
    return dynamics_sandbox_process.config("sales")


@pytest.fixture(scope="session")
def dynamics_cds_config(dynamics_sandbox_process: Sandbox) -> dict[str, Any]:
    """Settings with which a connector reaches CDS."""
    return dynamics_sandbox_process.config("cds")


@pytest.fixture(scope="session")
def dynamics_fno_config(dynamics_sandbox_process: Sandbox) -> dict[str, Any]:
    """Settings with which a connector reaches Finance and Operations."""
    return dynamics_sandbox_process.config("fno")
