"""Runs the driver of Microsoft's client against a sandbox."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.testing import running

from tests.conformance.dataverse_rows import prepare
from tests.conformance.readback import Readback
from tests.peers import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamics_sandbox.testing import Sandbox

_ROOT: Final = Path(__file__).parents[3]
_DRIVER: Final = "tests.conformance.dataverse_python_client.driver"


@contextmanager
def called(folder: Path, group: str, fill: Callable[[Sandbox], None]) -> Iterator[Readback]:
    """A sandbox with prepared rows on which the calls of a group have been made."""
    interpreter = places.python("dataverse-client")
    with running(folder, options=("--no-p2c-solution",)) as sandbox:
        prepare(sandbox)
        fill(sandbox)
        given = {name: getattr(sandbox, name) for name in ("tenant_id", "client_id", "client_secret")}
        given |= {"authority": sandbox.authority, "environment": sandbox.sales}
        done = subprocess.run(
            [interpreter, "-m", _DRIVER, group],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            cwd=_ROOT,
            # urllib3 of azure-identity and of the client both find the authority through requests.
            env={**os.environ, "REQUESTS_CA_BUNDLE": sandbox.ca_bundle},
        )
        assert done.returncode == 0, done.stderr
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        yield Readback(sandbox, "sales", {each["call"]: each for each in outcomes})
