"""Runs the driver of Microsoft's client against a sandbox."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.conformance.dataverse_rows import calls_made
from tests.peers import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

    from tests.conformance.readback import Readback

_DRIVER: Final = "tests.conformance.dataverse_python_client.driver"


@contextmanager
def called(folder: Path, group: str, fill: Callable[[Sandbox], None]) -> Iterator[Readback]:
    """A sandbox with prepared rows on which the calls of a group have been made."""
    command = [str(places.python("dataverse-client")), "-m", _DRIVER, group]
    # azure-identity and the client itself both trust what requests trusts.
    with calls_made(folder, fill, command, trust="REQUESTS_CA_BUNDLE") as made:
        yield made
