"""Settings that our taps have in common, and the pieces that their own are made of."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from dynamics_odata.errors import SettingsError

__all__ = ["NAMES", "TAP_PROPERTIES", "per_stream", "start_instant", "switch"]

NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
"""Schema of a list of names."""


def per_stream(title: str, description: str, value: dict[str, Any]) -> dict[str, Any]:
    """Schema of a setting that has a `value` for each stream it names."""
    return {
        "type": "object",
        "title": title,
        "description": description,
        "additionalProperties": value,
        "default": {},
    }


def switch(title: str, description: str, *, default: bool = False) -> dict[str, Any]:
    """Schema of a setting that is on or off."""
    return {"type": "boolean", "title": title, "description": description, "default": default}


def start_instant(text: str | None) -> str | None:
    """The setting `start_date` as a UTC instant, None where it is not given.

    Raises:
        SettingsError: it is no date.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        raise SettingsError(
            f"Setting `start_date` is {text!r}, which is no date",
            setting="start_date",
            hint="Write it as 2024-05-01 or 2024-05-01T00:00:00Z.",
        ) from None
    moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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
    "lookback_seconds": {
        "type": "integer",
        "title": "Look-back",
        "description": "Seconds before the bookmark that are read again, for rows that were committed "
        "late. Rows seen before are not sent again.",
        "minimum": 0,
        "default": 300,
    },
}
