"""The target itself: its settings, and the writer of each stream from the entity's metadata."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from dynamics_odata.metadata.fno import FnoMetadata
from dynamics_odata.services import fno
from dynamics_odata.settings import CONNECTION_PROPERTIES
from dynamics_singer.cli import run
from dynamics_singer.target import TARGET_PROPERTIES, DynamicsTarget, config_schema

from .company import check_company, read_companies
from .plan import COMPANY_KEY, make_plan
from .writer import FnoWriter

if TYPE_CHECKING:
    from dynamics_odata.transport import Transport
    from dynamics_singer.target import StreamSchema

# Wide F&O entities take up to a second a row: a batch of 200 is repeated within minutes after a crash.
_BATCH_SIZE = {"batch_size": {**TARGET_PROPERTIES["batch_size"], "default": 200}}
_COMPANY = {
    "company": {
        "type": "string",
        "title": "Company",
        "description": "Legal entity to write to, such as usmf. Needed unless every row names its own in "
        "dataAreaId.",
    }
}


class TargetDynamicsFno(DynamicsTarget):
    """Singer target that writes into Dynamics 365 Finance and Operations.

    A stream goes to the entity set of its name; every entity set that allows writing will do.
    """

    name = "target-dynamics-fno"
    config_jsonschema: ClassVar[dict[str, Any]] = config_schema(
        CONNECTION_PROPERTIES, _COMPANY, TARGET_PROPERTIES, _BATCH_SIZE, required=("environment_url",)
    )

    @cached_property
    def _transport(self) -> Transport:
        return self.track(fno(self.connection))

    @cached_property
    def _metadata(self) -> FnoMetadata:
        return FnoMetadata(self._transport)

    @cached_property
    def _companies(self) -> frozenset[str]:
        companies = read_companies(self._transport)
        if not companies:
            self.logger.warning("F&O lists no companies for this user, so `company` is not checked")
        check_company(self.company, companies, self._transport.host)
        return companies

    @property
    def company(self) -> str:
        """The setting `company`, "" when it is not set."""
        return str(self.config.get("company", "")).strip()

    def make_writer(self, schema: StreamSchema) -> FnoWriter:
        """Hold the stream against its entity and the company against the environment."""
        entity = self._metadata.entity(schema.stream)
        companies = self._companies if COMPANY_KEY in entity.keys else frozenset()
        plan = make_plan(schema, entity, self.company, companies)
        if plan.left_out:
            self.logger.warning(
                "%s: %s cannot be written in F&O and %s left out",
                schema.stream,
                ", ".join(plan.left_out),
                "is" if len(plan.left_out) == 1 else "are",
            )
        return FnoWriter(self._transport, plan, self.settings)


def main() -> None:
    """Entry point of the command `target-dynamics-fno`."""
    run(TargetDynamicsFno)
