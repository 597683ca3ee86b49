"""Names: the ones that somebody may have meant, and names that are safe as names of files."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["file_name", "nearest"]


def nearest(name: str, known: Iterable[str], *, count: int = 1) -> list[str]:
    """Give the known names that look most like `name`, ignoring case, best first."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.6)
    return [by_lower[match] for match in found]


def file_name(name: str) -> str:
    """A name as the name of a file; characters that are unsafe there are written as %XX."""
    return re.sub(
        r"[^A-Za-z0-9._-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), name
    )
