"""JSON Schema of an entity's properties, in the catalog with what F&O calls things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import FnoEntity, FnoProperty

__all__ = ["entity_schema"]

_KINDS: dict[str, dict[str, Any]] = {
    "Real": {"type": "number"},
    "Int32": {"type": "integer"},
    "Int64": {"type": "integer"},
    "Date": {"type": "string", "format": "date"},
    "UtcDateTime": {"type": "string", "format": "date-time"},
    "Guid": {"type": "string", "format": "uuid"},
    "Container": {"type": "string", "contentEncoding": "base64"},
}
_EDM: dict[str, dict[str, Any]] = {
    "Edm.Decimal": {"type": "number"},
    "Edm.Double": {"type": "number"},
    "Edm.Int32": {"type": "integer"},
    "Edm.Int64": {"type": "integer"},
    "Edm.Boolean": {"type": "boolean"},
    "Edm.Guid": {"type": "string", "format": "uuid"},
    "Edm.DateTimeOffset": {"type": "string", "format": "date-time"},
    "Edm.Binary": {"type": "string", "contentEncoding": "base64"},
}


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
    schema = dict(_KINDS.get(each.ax_type) or _EDM.get(each.edm_type) or {"type": "string"})
    if each.enum_members:
        schema["x-enum"] = each.enum_type
        schema["enum"] = [*each.enum_members, *([] if each.is_key else [None])]
    if not each.is_key:
        schema["type"] = [schema["type"], "null"]
    return schema
