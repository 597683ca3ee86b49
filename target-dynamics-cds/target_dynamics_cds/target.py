"""The target: its settings, and how the writer of each stream is put together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from dynamics_odata.errors import SettingsError
from dynamics_odata.metadata.dataverse import DataverseMetadata
from dynamics_odata.services import dataverse
from dynamics_odata.settings import DATAVERSE_PROPERTIES
from dynamics_singer.cli import run
from dynamics_singer.target import TARGET_PROPERTIES, DynamicsTarget, config_schema

from target_dynamics_cds.alternate_keys import AlternateKeys
from target_dynamics_cds.customizing import Customizing
from target_dynamics_cds.naming import Naming
from target_dynamics_cds.parents import Parents
from target_dynamics_cds.plan import Planner, StreamPlan
from target_dynamics_cds.provisioning import Provisioner
from target_dynamics_cds.sending import Sender
from target_dynamics_cds.writer import DataverseWriter

if TYPE_CHECKING:
    from dynamics_odata.transport import Transport
    from dynamics_singer.target import StreamSchema, StreamWriter

DATAVERSE_TARGET_PROPERTIES: dict[str, dict[str, Any]] = {
    "publisher_prefix": {
        "type": "string",
        "pattern": "^[A-Za-z][A-Za-z0-9]{1,7}$",
        "title": "Publisher prefix",
        "description": "Customization prefix of the hub's publisher, such as cdm: stream Account is then the "
        "table cdm_Account. Without it streams and fields bear the names Dataverse gives them.",
    },
    "create_missing": {
        "type": "boolean",
        "default": False,
        "title": "Create what is missing",
        "description": "Make tables, columns, lookups and alternate keys that a SCHEMA asks for and the "
        "environment lacks. Needs `publisher_prefix` and a role that may customize; nothing is ever dropped.",
    },
}


class TargetDynamicsCds(DynamicsTarget):
    """Upserts into any Dataverse environment: the CDS hub, Dynamics 365 Sales."""

    name = "target-dynamics-cds"
    config_jsonschema: ClassVar[dict[str, Any]] = config_schema(
        DATAVERSE_PROPERTIES, TARGET_PROPERTIES, DATAVERSE_TARGET_PROPERTIES, required=("environment_url",)
    )

    def make_writer(self, schema: StreamSchema) -> StreamWriter:
        """Match a stream with its table, after making what is missing there if the settings allow it."""
        if self._provisioner:
            self._provisioner.ensure(schema)
        plan = Planner(self._metadata, self._naming).plan(schema)
        self._tell(plan)
        sender = Sender(self._transport, plan)
        return DataverseWriter(self._transport, plan, self._parents, sender, self.settings)

    @cached_property
    def _transport(self) -> Transport:
        return self.track(dataverse(self.connection))

    @cached_property
    def _metadata(self) -> DataverseMetadata:
        return DataverseMetadata(self._transport)

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self.config.get("publisher_prefix") or "")

    @cached_property
    def _parents(self) -> Parents:
        return Parents(self._transport)

    @cached_property
    def _provisioner(self) -> Provisioner | None:
        if not self.config.get("create_missing"):
            return None
        if not self._naming.prefix:
            raise SettingsError(
                "Setting `create_missing` needs `publisher_prefix`",
                setting="publisher_prefix",
                hint="Names of what is made begin with the prefix of a publisher, such as cdm",
            )
        customizing = Customizing(self._transport, self._metadata)
        return Provisioner(customizing, AlternateKeys(customizing), self._naming)

    def _tell(self, plan: StreamPlan) -> None:
        if plan.left_out:
            self.logger.warning(
                "%s: left out because %s does not let them be written: %s",
                plan.stream,
                plan.table.logical_name,
                ", ".join(plan.left_out),
            )
        if plan.mode == "query":
            self.logger.info(
                "%s: no active alternate key of %s covers %s, so rows are looked up before they are written",
                plan.stream,
                plan.table.logical_name,
                ", ".join(part.field for part in plan.key),
            )


def main() -> None:
    """Run the target from the command line."""
    run(TargetDynamicsCds)
