"""The tap: discovers the streams asked for from the environment's metadata."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import finalize

from dynamics_odata.errors import RefusedError
from dynamics_odata.metadata.dataverse import DataverseMetadata
from dynamics_odata.services import dataverse
from dynamics_odata.settings import Connection
from dynamics_singer.cli import run
from dynamics_singer.errors import PluginError
from dynamics_singer.tap.tap import DynamicsTap

from tap_dynamics_sales.hub import FreshTables, HubNames, hub_shape
from tap_dynamics_sales.offers import Offer, offers
from tap_dynamics_sales.plain import plain_shape
from tap_dynamics_sales.replication import SINGER_METHODS, choose
from tap_dynamics_sales.settings import CONFIG_SCHEMA, ReadSettings
from tap_dynamics_sales.stream import DataverseStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics_odata.transport import Transport

    from tap_dynamics_sales.shape import Tables

__all__ = ["TapDynamicsSales", "main"]

_METHODS = {singer: ours for ours, singer in SINGER_METHODS.items()}


class TapDynamicsSales(DynamicsTap):
    """Singer tap for Dynamics 365 Sales and any other Dataverse environment, the hub included."""

    name = "tap-dynamics-sales"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    _transport: Transport | None = None
    _has_asked = False

    def discover_streams(self) -> Sequence[DataverseStream]:
        """Make a stream of each table asked for; with a catalog, only of those it selects."""
        settings = ReadSettings.from_config(self.config)
        transport = dataverse(Connection.from_config(self.config))
        finalize(self, transport.close)
        self._transport = transport
        known = DataverseMetadata(transport)
        metadata: Tables = FreshTables(known) if settings.prefix else known
        streams = []
        for _, logical in self._selected(offers(metadata, settings)):
            table = metadata.table(logical)
            stream = HubNames(settings.prefix).stream(table) if settings.prefix else table.entity_set
            choice = choose(table, filtered=stream in settings.filter, asked=self._asked(stream, settings))
            build = hub_shape if settings.prefix else plain_shape
            shape = build(metadata, table, settings, stamped=choice.method == "modified")
            streams.append(DataverseStream(self, shape, choice, transport=transport, settings=settings))
        return streams

    def recommended_parallelism(self) -> int | None:
        """The service's own hint, which WhoAmI brings (Dataverse: send-parallel-requests)."""
        if self._transport is None:
            return None
        if not self._has_asked:
            self._has_asked = True
            with suppress(RefusedError):  # no Dataverse
                self._transport.get("WhoAmI")
        return self._transport.recommended_parallelism

    def _selected(self, offered: list[Offer]) -> list[Offer]:
        """Leave out what a catalog does not select; complain about what it selects and nobody offers."""
        if self.input_catalog is None:
            return offered
        wanted = {
            name.lower(): name
            for name, entry in self.input_catalog.items()
            if entry.metadata.resolve_selection().get((), True)
        }
        kept = [offer for offer in offered if offer[0].lower() in wanted]
        for missing in wanted.keys() - {name.lower() for name, _ in kept}:
            raise PluginError(
                f"the catalog selects stream `{wanted[missing]}`, which setting `streams` does not offer; "
                "add it there or deselect it"
            )
        return kept

    def _asked(self, stream: str, settings: ReadSettings) -> str | None:
        """The method asked for: by the setting first, by the catalog else."""
        if stream in settings.replication:
            return settings.replication[stream]
        entry = self.input_catalog.get(stream) if self.input_catalog else None
        if entry is None:
            return None
        return _METHODS.get(entry.replication_method or entry.metadata.root.forced_replication_method or "")


def main() -> None:
    """Console entry point."""
    run(TapDynamicsSales)
