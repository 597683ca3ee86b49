"""Runs the driver of dynamics-web-api against a sandbox."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.conformance.dataverse_rows import calls_made
from tests.peers import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamics_sandbox.testing import Sandbox

    from tests.conformance.readback import Readback

_DRIVER: Final = Path(__file__).parent / "driver" / "main.mjs"


@contextmanager
def called(folder: Path, group: str, fill: Callable[[Sandbox], None]) -> Iterator[Readback]:
    """A sandbox with prepared rows on which the calls of a group have been made."""
    command = [places.command("node"), str(_DRIVER), group]
    peers = str(places.node_modules())
    with calls_made(folder, fill, command, trust="NODE_EXTRA_CA_CERTS", peers=peers) as made:
        yield made
