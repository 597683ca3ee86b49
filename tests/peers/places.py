"""Installs peers on first use: Python ones in virtual environments, Node ones in a folder of modules.

A peer is what stands in `tests/peers`: `NAME.txt` holds the pinned requirements of a Python peer, the folder
`node` the `package.json` and lock file of the Node ones. A changed file makes a new place, so that nothing
old is measured.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

__all__ = ["MissingToolError", "command", "node_modules", "python"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]
_PLACES: Final = _ROOT / ".proof"


class MissingToolError(RuntimeError):
    """A tool that comes from the operating system is not there; the message says how to get it."""


def command(name: str) -> str:
    """The path of a tool of the operating system, such as ``node``, ``chromium`` or ``initdb``.

    Raises:
        MissingToolError: it is not installed.
    """
    found = shutil.which(name) or next(
        (str(each) for each in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        raise MissingToolError(
            f"`{name}` is not installed; scripts/proof_tools.sh installs what make proof needs"
        )
    return found


def python(peer: str) -> Path:
    """The interpreter of a peer's own virtual environment; made on first use."""
    requirements = _HERE / f"{peer}.txt"
    place = _place(peer, requirements.read_bytes())
    interpreter = place / "bin" / "python"
    if not (place / "complete").exists():
        uv = str(_ROOT / ".venv" / "bin" / "uv")
        _run(uv, "venv", "--quiet", "--clear", "--python", "3.11", str(place))
        _run(
            uv, "pip", "install", "--quiet", "--python", str(interpreter), "--requirement", str(requirements)
        )
        (place / "complete").touch()
    return interpreter


def node_modules() -> Path:
    """The folder that holds the Node peers' `node_modules`; filled on first use from the lock file."""
    source = _HERE / "node"
    manifest, lock = source / "package.json", source / "package-lock.json"
    place = _place("node", manifest.read_bytes() + lock.read_bytes())
    if not (place / "complete").exists():
        place.mkdir(parents=True, exist_ok=True)
        for each in (manifest, lock):
            shutil.copy(each, place)
        _run(command("npm"), "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", cwd=place)
        (place / "complete").touch()
    return place


def _place(peer: str, content: bytes) -> Path:
    return _PLACES / f"{peer}-{hashlib.sha256(content).hexdigest()[:12]}"


def _run(*arguments: str, cwd: Path | None = None) -> None:
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr.strip() or done.stdout.strip()}")
