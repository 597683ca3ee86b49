"""The tap's settings: their JSON Schema, and the frozen form the rest of the tap works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamics_odata.settings import CONNECTION_PROPERTIES
from dynamics_singer.tap.data_folder import data_folder
from dynamics_singer.tap.settings import NAMES, TAP_PROPERTIES, per_stream, start_instant, switch

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONFIG_SCHEMA", "ReadSettings"]

CONFIG_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["environment_url"],
    "properties": {
        **CONNECTION_PROPERTIES,
        "streams": {
            "type": ["array", "string"],
            "items": {"type": "string"},
            "title": "Streams",
            "description": "Entity sets to offer, by name or glob pattern, such as CustomersV3 or CDS*; * "
            "for all. Not set, or p2c: those of Prospect-to-cash, each in the newest version that the "
            "environment has, and with the filters of the templates.",
        },
        "companies": {
            **NAMES,
            "title": "Companies",
            "description": "Legal entities to read, such as usmf; each has a bookmark of its own. Not set: "
            "all that the user may see. Entities that all companies share are read once.",
        },
        "start_date": {
            "type": "string",
            "title": "Start date",
            "description": "Streams read by time of change start with rows changed at or after this date or "
            "instant, such as 2024-05-01 or 2024-05-01T12:00:00Z.",
        },
        **TAP_PROPERTIES,
        "replication": per_stream(
            "Replication",
            "Per stream how to find what changed: modified (by a field with the time of change), snapshot "
            "(all rows are read; those that are new, changed or gone since the last run are sent) or full "
            "(all rows are sent). Not set: modified where the entity has such a field, else snapshot.",
            {"type": "string", "enum": ["full", "modified", "snapshot"]},
        ),
        "replication_keys": per_stream(
            "Replication keys",
            "Per stream the field with the time of a row's last change, where it is none of those that F&O "
            "uses (SysModifiedDateTime, LastEditDateTime, ModifiedDateTime). It must be an instant.",
            {"type": "string"},
        ),
        "select": per_stream("Select", "Per stream the fields to offer. Not set: all fields.", NAMES),
        "filter": per_stream(
            "Filter",
            "Per stream an OData filter the server applies, with plain values: SalesOrderProcessingStatus eq "
            "'Confirmed' and RequestedShippingDate ge 2024-05-01.",
            {"type": "string"},
        ),
        "fno_entities": per_stream(
            "Versions of entities",
            "Which version of a Prospect-to-cash entity to read, such as CDSSalesOrderLines: "
            "CDSSalesOrderLinesV2. Not set: the newest that the environment has.",
            {"type": "string"},
        ),
        "cross_company": switch(
            "Cross company",
            "Ask for the rows of all companies (cross-company=true). Off, F&O shows the rows of the user's "
            "own company only, and `companies` may name no other.",
            default=True,
        ),
        "empty_as_null": switch(
            "Empty values as null",
            "Give null where F&O has an empty text, the date 1900-01-01 or a GUID of zeros. Keys stay.",
            default=True,
        ),
        "strict": switch(
            "Strict", "Fail when an entity may not be read, instead of skipping it with a warning."
        ),
        "data_dir": {
            "type": "string",
            "title": "Data folder",
            "description": "Folder for what a run leaves to the next beside its state: fingerprints and keys "
            "of the rows read by snapshot. Not set: tap-dynamics-fno in the user's cache folder.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """What to read and how; per-stream settings are keyed by stream name.

    `streams` is empty for those of Prospect-to-cash; `companies` is empty for all that the user may see;
    `start` is a UTC instant.
    """

    streams: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    start: str | None = None
    lookback: timedelta = timedelta(seconds=300)
    replication: Mapping[str, str] = field(default_factory=dict)
    replication_keys: Mapping[str, str] = field(default_factory=dict)
    select: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filter: Mapping[str, str] = field(default_factory=dict)
    fno_entities: Mapping[str, str] = field(default_factory=dict)
    cross_company: bool = True
    empty_as_null: bool = True
    strict: bool = False
    data_dir: Path = Path()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ReadSettings:
        """Take the settings from a checked configuration; raises `SettingsError` for a date that is none."""
        streams = config.get("streams") or ()
        listed = streams.replace(",", " ").split() if isinstance(streams, str) else streams
        return cls(
            streams=() if tuple(listed) == ("p2c",) else tuple(listed),
            companies=tuple(dict.fromkeys(name.strip().lower() for name in config.get("companies") or ())),
            start=start_instant(config.get("start_date")),
            lookback=timedelta(seconds=config.get("lookback_seconds", 300)),
            replication=dict(config.get("replication") or {}),
            replication_keys=dict(config.get("replication_keys") or {}),
            select={name: tuple(fields) for name, fields in (config.get("select") or {}).items()},
            filter={name: text.strip() for name, text in (config.get("filter") or {}).items()},
            fno_entities=dict(config.get("fno_entities") or {}),
            cross_company=bool(config.get("cross_company", True)),
            empty_as_null=bool(config.get("empty_as_null", True)),
            strict=bool(config.get("strict")),
            data_dir=data_folder(config.get("data_dir") or "", "tap-dynamics-fno"),
        )

    def named_streams(self) -> dict[str, set[str]]:
        """Stream names that the per-stream settings mention, with the settings that do."""
        named: dict[str, set[str]] = {}
        for setting in ("replication", "replication_keys", "select", "filter"):
            for stream in getattr(self, setting):
                named.setdefault(stream, set()).add(setting)
        return named
