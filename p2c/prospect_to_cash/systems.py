"""The two systems at the ends of a project, connected to as the plugins themselves do."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from dynamics_odata import services
from dynamics_odata.metadata.dataverse import DataverseMetadata
from dynamics_odata.metadata.fno import FnoMetadata
from dynamics_odata.paging import pages
from dynamics_odata.settings import Connection

from prospect_to_cash.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamics_odata.transport import Transport

    from prospect_to_cash.project import Project

SALES, FNO = "sales", "fno"

#: The plugin whose settings say how to reach a service.
_PLUGINS = {SALES: "tap-dynamics-sales", FNO: "target-dynamics-fno"}


Metadata = TypeVar("Metadata", DataverseMetadata, FnoMetadata)


@dataclass(frozen=True)
class System(Generic[Metadata]):
    """One of the systems: its service and its metadata."""

    transport: Transport
    metadata: Metadata

    def rows(self, path: str) -> Iterator[dict[str, Any]]:
        """The rows of a query, page by page."""
        for page in pages(self.transport, path):
            yield from map(msgspec.json.decode, page.rows)


Dataverse = System[DataverseMetadata]
FinanceAndOperations = System[FnoMetadata]


@dataclass(frozen=True, slots=True)
class Systems:
    """Sales, and Finance and Operations."""

    sales: Dataverse
    fno: FinanceAndOperations


@contextmanager
def connected(configs: Mapping[str, Mapping[str, Any]]) -> Iterator[Systems]:
    """Open the two services; no request is sent before something is asked of one.

    Args:
        configs: connection settings by `sales` and `fno`.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    connections = {name: Connection.from_config(config) for name, config in configs.items()}
    with ExitStack() as open_ones:
        sales = open_ones.enter_context(services.dataverse(connections[SALES]))
        fno = open_ones.enter_context(services.fno(connections[FNO]))
        yield Systems(
            System(sales, DataverseMetadata(sales)),
            System(fno, FnoMetadata(fno)),
        )


def configs(project: Project, meltano: str, environment: str) -> dict[str, dict[str, Any]]:
    """Connection settings of the two services, as Meltano gives them to the plugins.

    Raises:
        OperatorError: Meltano cannot say.
    """

    def config(plugin: str) -> dict[str, Any]:
        words = [f"--environment={environment}"] if environment else []
        done = subprocess.run(  # noqa: S603 - Meltano, with words of ours
            [meltano, "--log-level=error", *words, "invoke", "--dump=config", plugin],
            cwd=project.root,
            env=dict(project.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            found = json.loads(done.stdout)
        except ValueError:
            raise OperatorError(
                f"Meltano does not tell the settings of {plugin}; `meltano invoke --dump=config {plugin}` "
                "says why."
            ) from None
        return dict(found)

    with ThreadPoolExecutor(len(_PLUGINS)) as pool:
        return dict(zip(_PLUGINS, pool.map(config, _PLUGINS.values()), strict=True))
