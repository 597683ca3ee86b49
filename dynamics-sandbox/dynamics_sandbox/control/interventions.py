"""What faults and hooks can do to the services besides changing an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.environment import DataverseEnvironment
from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from dynamics_sandbox.control.interludes import Interlude, OtherClients
    from dynamics_sandbox.environments import Environments
    from dynamics_sandbox.fno.model import Model
    from dynamics_sandbox.tokens import TokenChecker


@dataclass(frozen=True, slots=True)
class Interventions:
    """The services' own levers, in one place.

    Attributes:
        environments: the data.
        tokens: what checks access tokens.
        others: sends requests of other clients.
    """

    environments: Environments
    tokens: TokenChecker
    others: OtherClients

    @property
    def fno_model(self) -> Model:
        """The entities of Finance and Operations."""
        return self.environments.fno.model

    def expire_token(self, authorization: str) -> None:
        """Makes the token of an ``Authorization`` header worthless."""
        self.tokens.revoke(authorization)

    def expire_delta_links(self, environment: str) -> None:
        """Makes every change-tracking link given so far worthless."""
        self._dataverse(environment).expire_delta_links()

    def rebuild_key(self, environment: str, table_and_key: str) -> None:
        """Puts an alternate key (``table/key``) back to Pending.

        Raises:
            SandboxError: there is no such key.
        """
        table, _, key = table_and_key.partition("/")
        self._dataverse(environment).rebuild_key(table, key)

    async def carry_out(self, interludes: tuple[Interlude, ...]) -> list[str]:
        """Sends requests of other clients; gives what went wrong."""
        return [problem for interlude in interludes if (problem := await self.others.send(interlude))]

    def _dataverse(self, name: str) -> DataverseEnvironment:
        environment = self.environments.by_name()[name]
        if not isinstance(environment, DataverseEnvironment):
            raise SandboxError(f"'{name}' is no Dataverse environment.")
        return environment
