"""JSON Schema of an entity's properties, in the catalog with what F&O calls things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_singer.tap.types import EDM_TYPES

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import FnoEntity, FnoProperty

__all__ = ["entity_schema"]

_DATE = {"type": "string", "format": "date"}
"""F&O has no EDM type of its own for dates; the records have them without their noon."""


def entity_schema(entity: FnoEntity, names: tuple[str, ...]) -> dict[str, Any]:
    """Schema of the entity's records: the properties `names`, with the names of type, set and table.

    ``x-entity`` is the public type's name, which the metadata service and enumerations go by.
    """
    return {
        "type": "object",
        "x-entity": entity.name,
        "x-entity-set": entity.entity_set,
        "properties": {name: _property(entity.properties[name]) for name in names},
    }


def _property(each: FnoProperty) -> dict[str, Any]:
    schema = dict(_DATE if each.ax_type == "Date" else EDM_TYPES.get(each.edm_type, {"type": "string"}))
    if each.enum_members:
        schema["x-enum"] = each.enum_type
        schema["enum"] = [*each.enum_members, *([] if each.is_key else [None])]
    if not each.is_key:
        schema["type"] = [schema["type"], "null"]
    return schema
