"""Chooses how a stream finds what changed: change tracking, time of change, or everything each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest

from tap_dynamics_sales.settings import STAMP

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import Table

    from tap_dynamics_sales.settings import ReadSettings

__all__ = ["SINGER_METHODS", "Choice", "check_stamp", "choose"]

SINGER_METHODS = {"changes": "LOG_BASED", "modified": "INCREMENTAL", "full": "FULL_TABLE"}
"""Our words for the methods and the Singer catalog's."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The method a stream is read by, and why it is another than asked for (empty when it is not).

    `stamp` is the column of a row's last change, empty where the table has none; `others` are the methods to
    fall back on when the service refuses this one.
    """

    method: str
    note: str = ""
    stamp: str = STAMP
    others: tuple[str, ...] = ()


def choose(table: Table, *, filtered: bool, asked: str | None = None, stamp: str = STAMP) -> Choice:
    """Give the best method that `table` allows, beginning with the one `asked` for.

    Dataverse refuses ``$filter`` under change tracking, so a filtered stream cannot be read by `changes`.
    """
    has_stamp = stamp in table.columns
    hindrances = {
        "changes": _against_changes(table, filtered=filtered),
        "modified": "" if has_stamp else f"{table.logical_name} has no column {stamp}",
        "full": "",
    }
    methods = list(hindrances)
    able = [method for method in methods[methods.index(asked or "changes") :] if not hindrances[method]]
    note = ""
    if asked is not None and able[0] != asked:
        note = f"cannot be read by `{asked}`, since {hindrances[asked]}; reading it by `{able[0]}`"
    return Choice(able[0], note, stamp if has_stamp else "", tuple(able[1:]))


def check_stamp(table: Table, settings: ReadSettings) -> None:
    """See that the column `replication_keys` names for a stream is one; raises `SettingsError` if not."""
    name = settings.replication_keys.get(table.entity_set)
    column = table.columns.get(name) if name else None
    if not name or (column and column.edm_type == "Edm.DateTimeOffset"):
        return
    instants = [each.name for each in table.columns.values() if each.edm_type == "Edm.DateTimeOffset"]
    guesses = ", ".join(nearest(name, instants, count=3) or instants[:3])
    problem = "is no instant" if column else "does not exist"
    raise SettingsError(
        f"Setting `replication_keys`, stream `{table.entity_set}`: column {name!r} {problem}",
        setting="replication_keys",
        hint=f"Instants of {table.logical_name}: {guesses}." if guesses else "The table has no instant.",
    )


def _against_changes(table: Table, *, filtered: bool) -> str:
    if not table.change_tracking:
        return f"{table.logical_name} has change tracking off"
    return "a filter is set, which change tracking refuses" if filtered else ""
