"""Starts and stops a sandbox process for the demo."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMAND = [sys.executable, "-m", "dynamics_sandbox"]


class SandboxError(Exception):
    """The sandbox did not start; the message says what it printed."""


@contextlib.contextmanager
def serving(data: Path, *, base_port: int) -> Iterator[dict[str, Any]]:
    """A sandbox with set-up data only; gives the content of its ready file."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*_COMMAND, "serve", "--data", str(data), "--seed", "none", "--base-port", str(base_port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            said = process.communicate(timeout=10)[1]
            raise SandboxError(said.strip() or "The sandbox ended without a word.")
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
