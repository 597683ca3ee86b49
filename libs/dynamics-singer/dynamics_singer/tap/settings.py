"""Settings that all our taps have."""

from __future__ import annotations

from typing import Any

__all__ = ["TAP_PROPERTIES"]

TAP_PROPERTIES: dict[str, Any] = {
    "parallel_streams": {
        "type": "integer",
        "title": "Parallel streams",
        "description": "Streams to read at the same time, at most; fewer where the service recommends fewer. "
        "Their records then come in turns.",
        "minimum": 1,
        "maximum": 52,
        "default": 1,
    },
}
