"""Keeps the x- keywords of a schema, which the SDK's own catalog classes drop on the way through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["with_extensions"]


def with_extensions(schema: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """Give `schema` with the ``x-…`` keywords that `source` has at the same places; nothing else changes."""
    result = {**schema, **{key: value for key, value in source.items() if key.startswith("x-")}}
    known = source.get("properties", {})
    if "properties" in schema:
        result["properties"] = {
            name: with_extensions(inner, known[name]) if name in known else inner
            for name, inner in schema["properties"].items()
        }
    return result
