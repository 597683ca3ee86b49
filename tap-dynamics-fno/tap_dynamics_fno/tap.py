"""The tap: discovers the streams asked for from the environment's metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from weakref import finalize

from dynamics_odata.errors import SettingsError
from dynamics_odata.metadata.fno import FnoMetadata
from dynamics_odata.services import fno
from dynamics_odata.settings import Connection
from dynamics_singer.cli import run
from dynamics_singer.settings_check import nearest
from dynamics_singer.tap.tap import DynamicsTap

from tap_dynamics_fno.companies import companies
from tap_dynamics_fno.filters import in_dialect
from tap_dynamics_fno.offers import offers
from tap_dynamics_fno.replication import SINGER_METHODS, choose
from tap_dynamics_fno.settings import CONFIG_SCHEMA, ReadSettings
from tap_dynamics_fno.stream import FnoStream, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics_odata.metadata.model import FnoEntity

__all__ = ["TapDynamicsFno", "main"]

_METHODS = {singer: ours for ours, singer in SINGER_METHODS.items()}


class TapDynamicsFno(DynamicsTap):
    """Singer tap for Dynamics 365 Finance and Operations."""

    name = "tap-dynamics-fno"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA

    def discover_streams(self) -> Sequence[FnoStream]:
        """Make a stream of each entity asked for; with a catalog, only of those it selects."""
        settings = ReadSettings.from_config(self.config)
        transport = fno(Connection.from_config(self.config))
        finalize(self, transport.close)
        metadata = FnoMetadata(transport)
        offered = offers(metadata.entity_sets(), settings)
        selected = self.selected_of([(name, name) for name in offered])
        read = companies(transport, settings) if selected else ()
        streams = []
        for name, _ in selected:
            entity = metadata.entity(name)
            _check_select(entity, settings)
            asked = self.asked_method(name, settings.replication, _METHODS)
            condition = in_dialect(entity, offered[name]) if offered[name] else ""
            reading = Reading(entity, choose(entity, settings, asked), condition, read)
            streams.append(FnoStream(self, reading, transport=transport, settings=settings))
        return streams


def _check_select(entity: FnoEntity, settings: ReadSettings) -> None:
    for name in settings.select.get(entity.entity_set, ()):
        if name not in entity.properties:
            guesses = ", ".join(nearest(name, entity.properties, count=3))
            raise SettingsError(
                f"Setting `select`, stream `{entity.entity_set}`: there is no field {name!r}",
                setting="select",
                hint=f"Nearest: {guesses}." if guesses else "",
            )


def main() -> None:
    """Console entry point."""
    run(TapDynamicsFno)
