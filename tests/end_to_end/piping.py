"""Runs tap, mapper and target as plain processes joined by pipes, without Meltano."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.testing import Sandbox


@dataclass(frozen=True, slots=True)
class Piped:
    """What a pipe left: the exit code and log of each process, and the last state of the target."""

    codes: dict[str, int]
    logs: dict[str, str]
    state: dict[str, Any] | None


def pipe(
    folder: Path, *plugins: tuple[str, Mapping[str, Any]], state: Mapping[str, Any] | None = None
) -> Piped:
    """Join console scripts, first to last, each with a config file of its own.

    Args:
        folder: Where config and log files are written.
        plugins: Name of the console script and its settings, tap first.
        state: Bookmarks given to the tap.
    """
    running: list[tuple[str, subprocess.Popen[bytes]]] = []
    upstream = None
    for name, settings in plugins:
        with (folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*_command(folder, name, settings), *_state(folder, state if upstream is None else None)],
                stdin=upstream if upstream is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        if upstream is not None:
            upstream.close()
        upstream = process.stdout
        running.append((name, process))
    assert upstream is not None
    states = [json.loads(line) for line in upstream.read().splitlines()]
    upstream.close()
    codes = {name: process.wait(timeout=60) for name, process in running}
    logs = {name: (folder / f"{name}.log").read_text(encoding="utf-8") for name, _ in running}
    return Piped(codes, logs, states[-1] if states else None)


def _command(folder: Path, name: str, settings: Mapping[str, Any]) -> list[str]:
    config = folder / f"{name}.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    return [str(Path(sys.executable).with_name(name)), "--config", str(config)]


def _state(folder: Path, state: Mapping[str, Any] | None) -> list[str]:
    if state is None:
        return []
    path = folder / "state.json"
    path.write_text(json.dumps(state), encoding="utf-8")
    return ["--state", str(path)]


def accounts_direct(
    sandbox: Sandbox,
    folder: Path,
    *,
    company: str = "usmf",
    template: str = "accounts-direct",
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Piped:
    """Sales → F&O without the hub, in plain pipes; `overrides` are settings by plugin name."""
    changed = overrides or {}
    settings: dict[str, dict[str, Any]] = {
        "tap-dynamics-sales": {
            **sandbox.config("sales"),
            "streams": ["accounts"],
            "expand": {"accounts": ["transactioncurrencyid.isocurrencycode"]},
        },
        "mapper-p2c": {"template": template, "rejects_path": str(folder / "rejects" / "mapper")},
        "target-dynamics-fno": {
            **sandbox.config("fno"),
            "company": company,
            "rejects_path": str(folder / "rejects" / "fno"),
        },
    }
    return pipe(folder, *((name, {**given, **changed.get(name, {})}) for name, given in settings.items()))
