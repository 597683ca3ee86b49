"""Starts and stops a sandbox process, and reads rows from it, for the demo."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMAND = [sys.executable, "-m", "dynamics_sandbox"]


class SandboxError(Exception):
    """The sandbox did not start; the message says what it printed."""


@contextlib.contextmanager
def serving(data: Path) -> Iterator[dict[str, Any]]:
    """A sandbox with the demo data on its standard ports; gives the content of its ready file."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*_COMMAND, "serve", "--data", str(data), "--seed", "demo"],
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


def show(data: Path, environment: str, entity_set: str, *key: str) -> dict[str, Any]:
    """The one row of an entity set with that key, as the sandbox's own ``show`` command prints it."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*_COMMAND, "show", "--data", str(data), environment, entity_set, *key],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = done.stdout.splitlines()
    if len(rows) != 1:
        raise SandboxError(
            f"{environment} {entity_set} {' '.join(key)}: {len(rows)} rows. {done.stderr.strip()}"
        )
    return cast("dict[str, Any]", json.loads(rows[0]))
