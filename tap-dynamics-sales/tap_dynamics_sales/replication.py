"""Chooses how a stream finds what changed: change tracking, time of change, or everything each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_dynamics_sales.plain import STAMP

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import Table

__all__ = ["SINGER_METHODS", "Choice", "choose"]

SINGER_METHODS = {"changes": "LOG_BASED", "modified": "INCREMENTAL", "full": "FULL_TABLE"}
"""Our words for the methods and the Singer catalog's."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The method a stream is read by, and why it is another than asked for (empty when it is not)."""

    method: str
    note: str = ""


def choose(table: Table, *, filtered: bool, asked: str | None = None) -> Choice:
    """Give the best method that `table` allows, beginning with the one `asked` for.

    Dataverse refuses ``$filter`` under change tracking, so a filtered stream cannot be read by `changes`.
    """
    hindrances = {
        "changes": _against_changes(table, filtered=filtered),
        "modified": "" if STAMP in table.columns else f"{table.logical_name} has no column {STAMP}",
        "full": "",
    }
    methods = list(hindrances)
    able = [method for method in methods[methods.index(asked or "changes") :] if not hindrances[method]]
    if asked is None or able[0] == asked:
        return Choice(able[0])
    return Choice(
        able[0], f"cannot be read by `{asked}`, since {hindrances[asked]}; reading it by `{able[0]}`"
    )


def _against_changes(table: Table, *, filtered: bool) -> str:
    if not table.change_tracking:
        return f"{table.logical_name} has change tracking off"
    return "a filter is set, which change tracking refuses" if filtered else ""
