"""What every command shares: the data folder, its environments, one message for what went wrong."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from dynamics_sandbox.clock import Clock
from dynamics_sandbox.control.asking import ask
from dynamics_sandbox.dataverse.errors import DataverseError
from dynamics_sandbox.environments import SETTINGS_OF, Addresses, open_environments
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.identity import keep_identity
from dynamics_sandbox.ready import read_ready
from dynamics_sandbox.settings import SandboxSettings
from dynamics_sandbox.switches import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.environments import Environments
    from dynamics_sandbox.ready import Ready

DEFAULTS: Final = SandboxSettings(data_dir=Path(".sandbox"))

data_option = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULTS.data_dir,
    show_default=True,
    help="Folder of the databases, the certificates and the credentials.",
)


@contextmanager
def one_message() -> Iterator[None]:
    """Shows what went wrong as one message, and makes the exit code 1."""
    try:
        yield
    except (SandboxError, DataverseError, FnoError) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def opened(data_dir: Path, *, create: bool) -> Iterator[Environments]:
    """The environments of a data folder, opened beside a server that may be running on it."""
    if create:
        data_dir.mkdir(parents=True, exist_ok=True)
    elif not (data_dir / "sales.sqlite").exists():
        raise SandboxError(f"There is no sandbox data in {data_dir}; name its folder with --data.")
    ready = read_ready(data_dir)
    addresses = Addresses.on_ports([DEFAULTS.base_port + offset for offset in range(4)])
    if ready is not None:
        addresses = Addresses(ready.authority, ready.sales, ready.cds, ready.fno)
    settings = SandboxSettings(data_dir=data_dir, chosen={} if ready is None else _chosen_by(ready))
    with open_environments(
        settings, keep_identity(data_dir), addresses, _clock_beside(ready)
    ) as environments:
        yield environments


def _chosen_by(ready: Ready) -> dict[str, dict[str, Any]]:
    """The settings of the running sandbox as they stand, for rows that a command writes beside it."""
    chosen = {}
    for environment, kind in SETTINGS_OF.items():
        report = ask(ready, "GET", f"settings/{environment}")["settings"]
        values = {name: msgspec.Raw(msgspec.json.encode(item["value"])) for name, item in report.items()}
        chosen[environment] = read_json(kind, values)
    return chosen


def _clock_beside(ready: Ready | None) -> Clock:
    """The clock of the running sandbox as it stands, for rows that a command writes beside it."""
    clock = Clock()
    if ready is not None:
        report = ask(ready, "GET", "clock")
        clock.advance(dt.timedelta(seconds=report["ahead"]))
        if report["frozen"]:
            clock.freeze()
    return clock
