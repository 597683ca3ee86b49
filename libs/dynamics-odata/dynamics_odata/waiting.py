"""How long to wait before a request is repeated."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["backoff", "retry_after"]

MAX_BACKOFF = 60.0


def backoff(repetition: int) -> float:
    """Seconds before the given repetition (0 is the first): 1, 2, 4 ... and at most a minute."""
    return min(2.0 ** min(repetition, 10), MAX_BACKOFF)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, or None when it names no (readable) time.

    ``Retry-After`` is a number of seconds or an HTTP date (HTTP semantics, section 10.2.3). A date counts
    from the answer's own ``Date`` so that a wrong clock on this side does no harm.
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text)) if text.replace(".", "", 1).isdigit() else _until(text, headers)
    except (TypeError, ValueError):
        return None


def _until(date: str, headers: Mapping[str, str]) -> float:
    then = parsedate_to_datetime(date).timestamp()
    answered = headers.get("Date", "")
    now = parsedate_to_datetime(answered).timestamp() if answered else time.time()
    return max(0.0, then - now)
