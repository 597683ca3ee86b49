"""How the types of OData are written in JSON, as JSON Schema."""

from __future__ import annotations

from typing import Any

__all__ = ["EDM_TYPES"]

EDM_TYPES: dict[str, dict[str, Any]] = {
    "Edm.Guid": {"type": "string", "format": "uuid"},
    "Edm.String": {"type": "string"},
    "Edm.Byte": {"type": "integer"},
    "Edm.SByte": {"type": "integer"},
    "Edm.Int16": {"type": "integer"},
    "Edm.Int32": {"type": "integer"},
    "Edm.Int64": {"type": "integer"},
    "Edm.Decimal": {"type": "number"},
    "Edm.Single": {"type": "number"},
    "Edm.Double": {"type": "number"},
    "Edm.Boolean": {"type": "boolean"},
    "Edm.DateTimeOffset": {"type": "string", "format": "date-time"},
    "Edm.Date": {"type": "string", "format": "date"},
    "Edm.TimeOfDay": {"type": "string", "format": "time"},
    "Edm.Duration": {"type": "string", "format": "duration"},
    "Edm.Binary": {"type": "string", "contentEncoding": "base64"},
}
"""Schema of a value by its EDM type (OData JSON format 4.0, section 7.1); a column may allow null besides."""
