"""A sandbox for the whole session, started over before each test that uses it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.testing import Sandbox, running

sys.path.insert(0, str(Path(__file__).parent))

from fno_bench import FnoBench

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), seed="demo") as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    """A plugin puts its own handlers in; the next test gets back what was there."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def bench(running_sandbox: Sandbox, tmp_path: Path) -> FnoBench:
    running_sandbox.clear_faults()
    running_sandbox.reset("demo")
    running_sandbox.forget_requests()
    return FnoBench(running_sandbox, tmp_path)
