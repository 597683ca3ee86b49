"""Versions of the Web API in the path, and what they do differently.

Dataverse: compose-http-requests-handle-errors. 8.x lacks the bulk messages, knows only the older header for
impersonation, and sends `innererror` with every error.
"""

from __future__ import annotations

import re
from typing import Final

CURRENT: Final = "v9.2"
VERSIONS: Final = frozenset({"v8.0", "v8.1", "v8.2", "v9.0", "v9.1", CURRENT})

SERVICE_PATH: Final = re.compile(r"/?api/data/(v\d+\.\d+)(?:/|$)")
"""The root of the service in a path, without host; its group is the version."""


def has_bulk_messages(version: str) -> bool:
    """Say whether CreateMultiple and its relatives exist."""
    return not version.startswith("v8.")
