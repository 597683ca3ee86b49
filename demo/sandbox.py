"""Starts and stops a sandbox process, and reads rows from it, for the demo."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMAND = [sys.executable, "-m", "dynamics_sandbox"]


class SandboxError(Exception):
    """The sandbox did not start; the message says what it printed."""


@contextlib.contextmanager
def serving(data: Path, *, base_port: int) -> Iterator[dict[str, Any]]:
    """A sandbox with the demo data; gives the content of its ready file."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*_COMMAND, "serve", "--data", str(data), "--seed", "demo", "--base-port", str(base_port)],
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


def row(data: Path, environment: str, entity_set: str, **values: str) -> dict[str, Any]:
    """The one row of an entity set with these values, from what the sandbox's own ``show`` command prints."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*_COMMAND, "show", "--data", str(data), environment, entity_set],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [json.loads(line, parse_float=Decimal) for line in done.stdout.splitlines()]
    found = [one for one in rows if all(one.get(name) == value for name, value in values.items())]
    if len(found) != 1:
        raise SandboxError(f"{environment} {entity_set} {values}: {len(found)} rows. {done.stderr.strip()}")
    return cast("dict[str, Any]", found[0])
