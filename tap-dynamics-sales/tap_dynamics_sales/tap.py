"""The tap: discovers the streams asked for from the environment's metadata."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import finalize

from dynamics_odata.errors import RefusedError
from dynamics_odata.services import dataverse, odata
from dynamics_odata.settings import Connection
from dynamics_singer.cli import run
from dynamics_singer.tap.tap import DynamicsTap

from tap_dynamics_sales.filters import check_filter, paths_in_filter
from tap_dynamics_sales.hub import HubNames, hub_shape
from tap_dynamics_sales.offers import offers
from tap_dynamics_sales.parents import parents_of
from tap_dynamics_sales.plain import plain_shape
from tap_dynamics_sales.replication import SINGER_METHODS, check_stamp, choose
from tap_dynamics_sales.settings import CONFIG_SCHEMA, ReadSettings
from tap_dynamics_sales.stream import DataverseStream
from tap_dynamics_sales.tables import tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics_odata.metadata.model import Table
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
        connection = Connection.from_config(self.config)
        path = settings.service_path
        transport = odata(connection, path) if path else dataverse(connection)
        finalize(self, transport.close)
        self._transport = transport
        metadata = tables_of(transport, settings)
        selected = self.selected_of(offers(metadata, settings))
        metadata.load(logical for _, logical in selected)
        return [
            self._stream(metadata, metadata.table(logical), transport, settings) for _, logical in selected
        ]

    def _stream(
        self, metadata: Tables, table: Table, transport: Transport, settings: ReadSettings
    ) -> DataverseStream:
        stream = HubNames(settings.prefix).stream(table) if settings.prefix else table.entity_set
        condition = settings.filter.get(stream, "")
        check_stamp(table, settings)
        choice = choose(
            table,
            filtered=bool(condition),
            asked=self.asked_method(stream, settings.replication, _METHODS),
            stamp=settings.stamp(stream),
        )
        build = hub_shape if settings.prefix else plain_shape
        shape = build(metadata, table, settings, stamp=choice.stamp if choice.method == "modified" else "")
        filter_paths = paths_in_filter(metadata, table, condition) if condition else []
        if condition:
            check_filter(transport, table, condition)
        expanded = [tuple(path.split(".")[:-1]) for path in settings.expand.get(stream, ())]
        parents = parents_of(metadata, table, [*filter_paths, *expanded], settings)
        shape = replace(shape, parents=parents, filter_paths=tuple(filter_paths))
        return DataverseStream(self, shape, choice, transport=transport, settings=settings)

    def recommended_parallelism(self) -> int | None:
        """The service's own hint, which WhoAmI brings at the latest (Dataverse: send-parallel-requests)."""
        if self._transport is None:
            return None
        if self._transport.recommended_parallelism is None and not self._has_asked:
            self._has_asked = True
            with suppress(RefusedError):  # no Dataverse
                self._transport.get("WhoAmI")
        return self._transport.recommended_parallelism


def main() -> None:
    """Console entry point."""
    run(TapDynamicsSales)
