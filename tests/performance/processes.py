"""Runs a program to its end and gives what it cost: CPU time and peak memory of the whole process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Cost", "median", "run"]

_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a program cost: `cpu` in seconds, user and system; `peak` resident memory in MB."""

    cpu: float
    peak: float


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    source: IO[bytes] | None = None,
    output: IO[bytes] | None = None,
) -> Cost:
    """Run `command` to its end, start-up and children it waited for included.

    Standard input is `source`, empty without one; standard output goes to `output`, nowhere without one.
    `environment` is added to ours, of which Python's own variables are left out: a machine that forbids
    compiled modules or buffers measures something else.

    Raises:
        RuntimeError: its exit code was not 0; the message holds the end of its standard error.
    """
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
        report = Path(folder) / "report"
        done = subprocess.run(
            [sys.executable, str(_LAUNCHER), str(report), *command],
            stdin=source or subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=errors,
            env={**inherited, **(environment or {})},
            check=False,
        )
        if done.returncode:
            errors.seek(0)
            raise RuntimeError(f"{command[0]} ended with {done.returncode}: {errors.read()[-2000:]!r}")
        seconds, kilobytes = report.read_text(encoding="ascii").split()
    return Cost(float(seconds), int(kilobytes) / 1024)


def median(costs: Iterable[Cost]) -> Cost:
    """The median of each figure."""
    several = list(costs)
    return Cost(
        statistics.median(each.cpu for each in several), statistics.median(each.peak for each in several)
    )
