"""Companion columns made of annotations: labels of options, and what a lookup leads to.

Dataverse: query/select-columns (formatted values), web-api-query-data-sample (lookup annotations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_singer.tap.shape import Copied

from tap_dynamics_sales.shape import Branch

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import Column

    from tap_dynamics_sales.settings import ReadSettings

__all__ = ["companions", "included_annotations"]

_FORMATTED = "OData.Community.Display.V1.FormattedValue"
_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
_LABELLED = {"choice", "choices", "state", "status", "boolean"}


def included_annotations(settings: ReadSettings) -> str:
    """The annotations to ask for (``odata.include-annotations``), empty when none are needed."""
    wanted = [_FORMATTED] if settings.option_labels or settings.lookup_details else []
    return ",".join([*wanted, _TABLE] if settings.lookup_details else wanted)


def companions(column: Column, settings: ReadSettings) -> list[Branch]:
    """The companions of a column that the settings ask for, each null or absent where the column is null."""
    if settings.option_labels and column.kind in _LABELLED:
        return [_companion(column, "label", _FORMATTED, "Label of")]
    if settings.lookup_details and column.kind == "lookup":
        return [
            _companion(column, "type", _TABLE, "Logical name of the table behind"),
            _companion(column, "name", _FORMATTED, "Primary name of the row behind"),
        ]
    return []


def _companion(column: Column, ending: str, annotation: str, meaning: str) -> Branch:
    schema = {"type": ["string", "null"], "description": f"{meaning} {column.name}."}
    return Branch(Copied(f"{column.name}@{annotation}", f"{column.name}_{ending}"), schema)
