"""The statuses of Data Integrator, and how those of parts make that of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

RUNNING = "Running"
COMPLETED = "Completed"
WARNING = "Warning"
ERROR = "Error"

#: Rich styles to show them in.
STYLES = {RUNNING: "cyan", COMPLETED: "green", WARNING: "yellow", ERROR: "red"}

_ORDER = (COMPLETED, WARNING, ERROR)


def worst(statuses: Iterable[str], *, broken: bool = False) -> str:
    """The status of a run made of parts: that of its worst part; Error where the run itself broke."""
    if broken:
        return ERROR
    return max(statuses, key=_ORDER.index, default=COMPLETED)
