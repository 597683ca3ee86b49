"""The tap's settings: their JSON Schema, and the frozen form the rest of the tap works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamics_odata.settings import DATAVERSE_PROPERTIES
from dynamics_singer.tap.data_folder import data_folder
from dynamics_singer.tap.settings import NAMES, TAP_PROPERTIES, per_stream, start_instant, switch

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONFIG_SCHEMA", "P2C_STREAMS", "STAMP", "ReadSettings"]

STAMP = "modifiedon"
"""The column of a row's last change in Dataverse."""

P2C_STREAMS = (
    "accounts",
    "contacts",
    "products",
    "quotes",
    "quotedetails",
    "salesorders",
    "salesorderdetails",
    "invoices",
    "invoicedetails",
)
"""Entity sets of the Prospect-to-cash templates; what `streams` offers when it is not set."""

LARGEST_PAGE = 5000
"""Dataverse: page-results (odata.maxpagesize)."""


CONFIG_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["environment_url"],
    "properties": {
        **DATAVERSE_PROPERTIES,
        "streams": {
            **NAMES,
            "title": "Streams",
            "description": "Entity sets to offer, by name or glob pattern, such as accounts or msdyn_*; * "
            "for all. Not set: the Prospect-to-cash tables the environment has, or with publisher_prefix "
            "all hub tables.",
        },
        "start_date": {
            "type": "string",
            "title": "Start date",
            "description": "Streams read by modification time start with rows changed at or after this date "
            "or instant, such as 2024-05-01 or 2024-05-01T12:00:00Z.",
        },
        "page_size": {
            "type": "integer",
            "title": "Page size",
            "description": "Rows per page (odata.maxpagesize).",
            "minimum": 1,
            "maximum": LARGEST_PAGE,
            "default": LARGEST_PAGE,
        },
        **TAP_PROPERTIES,
        "replication": per_stream(
            "Replication",
            "Per stream how to find what changed: full, modified (by modifiedon) or changes (change "
            "tracking). Not set: changes where the table tracks changes and no filter is set, else modified, "
            "else full.",
            {"type": "string", "enum": ["full", "modified", "changes"]},
        ),
        "expand": per_stream(
            "Expand",
            "Per stream the columns of related rows to bring along as nested objects, as paths such as "
            "transactioncurrencyid.isocurrencycode.",
            NAMES,
        ),
        "select": per_stream(
            "Select", "Per stream the columns to offer. Not set: all readable columns.", NAMES
        ),
        "filter": per_stream(
            "Filter",
            "Per stream an OData filter the server applies, such as statecode eq 0.",
            {"type": "string"},
        ),
        "publisher_prefix": {
            "type": "string",
            "title": "Publisher prefix",
            "description": "Read hub tables made under this prefix (such as cdm) and give them their Common "
            "Data Service names: table cdm_Account becomes stream Account, keyed by its business key.",
            "pattern": "^[A-Za-z][A-Za-z0-9]{1,7}$",
        },
        "option_labels": switch(
            "Option labels",
            "Give each choice, state, status and yes/no column a companion such as statecode_label with the "
            "label in the caller's language.",
        ),
        "lookup_details": switch(
            "Lookup details",
            "Give each lookup column companions such as _ownerid_value_type (logical name of the table it "
            "leads to) and _ownerid_value_name (the row's primary name).",
        ),
        "strict": switch(
            "Strict", "Fail when a table may not be read, instead of skipping it with a warning."
        ),
        "replication_keys": per_stream(
            "Replication keys",
            "Per stream the column of a row's last change, for tables where it is not modifiedon and for "
            "services other than Dataverse. It must be an instant.",
            {"type": "string"},
        ),
        "service_path": {
            "type": "string",
            "title": "Service path",
            "description": "Where the root of an OData v4 service that is not Dataverse lies below "
            "environment_url, such as V4/Northwind. Tables then come from its $metadata.",
        },
        "metadata_path": {
            "type": "string",
            "title": "Metadata document",
            "description": "File with a saved $metadata document to take the tables from, instead of asking "
            "the environment.",
        },
        "data_dir": {
            "type": "string",
            "title": "Data folder",
            "description": "Folder for what a run leaves to the next beside its state: the keys of rows sent "
            "by change tracking, which a full resync needs to find deletions, and $metadata with its ETag. "
            "Not set: tap-dynamics-sales in the user's cache folder.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """What to read and how; per-stream settings are keyed by stream name.

    `streams` is empty when the setting is not given; `start` is a UTC instant as Dataverse writes it.
    """

    streams: tuple[str, ...] = ()
    start: str | None = None
    page_size: int = LARGEST_PAGE
    lookback: timedelta = timedelta(seconds=300)
    replication: Mapping[str, str] = field(default_factory=dict)
    expand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    select: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    filter: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    option_labels: bool = False
    lookup_details: bool = False
    strict: bool = False
    replication_keys: Mapping[str, str] = field(default_factory=dict)
    service_path: str = ""
    metadata_path: str = ""
    data_dir: Path = Path()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ReadSettings:
        """Take the settings from a checked configuration; raises `SettingsError` for a date that is none."""
        return cls(
            streams=tuple(config.get("streams") or ()),
            start=start_instant(config.get("start_date")),
            page_size=config.get("page_size", LARGEST_PAGE),
            lookback=timedelta(seconds=config.get("lookback_seconds", 300)),
            replication=dict(config.get("replication") or {}),
            expand={name: tuple(paths) for name, paths in (config.get("expand") or {}).items()},
            select={name: tuple(columns) for name, columns in (config.get("select") or {}).items()},
            filter={
                name: text.strip() for name, text in (config.get("filter") or {}).items() if text.strip()
            },
            prefix=str(config.get("publisher_prefix") or "").lower(),
            option_labels=bool(config.get("option_labels")),
            lookup_details=bool(config.get("lookup_details")),
            strict=bool(config.get("strict")),
            replication_keys=dict(config.get("replication_keys") or {}),
            service_path=config.get("service_path") or "",
            metadata_path=config.get("metadata_path") or "",
            data_dir=data_folder(config.get("data_dir") or "", "tap-dynamics-sales"),
        )

    def stamp(self, stream: str) -> str:
        """The column of a row's last change."""
        return self.replication_keys.get(stream, STAMP)

    def named_streams(self) -> dict[str, set[str]]:
        """Stream names that the per-stream settings mention, with the settings that do."""
        named: dict[str, set[str]] = {}
        for setting in ("replication", "replication_keys", "expand", "select", "filter"):
            for stream in getattr(self, setting):
                named.setdefault(stream, set()).add(setting)
        return named
