"""JSON Schema of columns: type, length, scale, range, option labels and lookup targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_singer.tap.types import EDM_TYPES

if TYPE_CHECKING:
    from decimal import Decimal

    from dynamics_odata.metadata.model import Column

__all__ = ["column_schema", "object_schema"]

_NUMBERS = {"integer", "number"}


def column_schema(column: Column, *, is_key: bool = False) -> dict[str, Any]:
    """Schema of a column's values; only a key is never null, since Dataverse enforces little else."""
    schema = _base(column.edm_type)
    facets = {
        "maxLength": column.max_length if schema["type"] == "string" else None,
        "x-scale": column.scale if schema["type"] == "number" else None,
        "minimum": _number(column.minimum) if schema["type"] in _NUMBERS else None,
        "maximum": _number(column.maximum) if schema["type"] in _NUMBERS else None,
        "x-options": {str(option.value): option.label for option in column.options} or None,
        "x-lookup": list(column.targets) or None,
        "description": column.description or None,
    }
    if not is_key:
        schema["type"] = [schema["type"], "null"]
    return {**schema, **{keyword: value for keyword, value in facets.items() if value is not None}}


def _base(edm_type: str) -> dict[str, Any]:
    """Schema of a type: a list for collections, an object for complex types, else a plain value."""
    if edm_type.startswith("Collection("):
        return {"type": "array", "items": _base(edm_type[len("Collection(") : -1])}
    return dict(EDM_TYPES.get(edm_type, {"type": "string" if edm_type.startswith("Edm.") else "object"}))


def object_schema(properties: dict[str, Any], targets: list[str]) -> dict[str, Any]:
    """Schema of a lookup given as nested object, null where it points nowhere."""
    return {"type": ["object", "null"], "properties": properties, "x-lookup": targets}


def _number(value: Decimal | float | None) -> int | float | None:
    """A limit as JSON number, whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)
