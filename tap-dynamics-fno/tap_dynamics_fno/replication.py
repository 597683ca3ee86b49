"""Chooses how a stream finds what changed: by time of change, by comparing all rows, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import FnoEntity

    from tap_dynamics_fno.settings import ReadSettings

__all__ = ["SINGER_METHODS", "Choice", "choose"]

SINGER_METHODS = {"modified": "INCREMENTAL", "snapshot": "LOG_BASED", "full": "FULL_TABLE"}
"""Our words for the methods and the Singer catalog's; `snapshot` tells deletions, as a log does."""

STAMPS = ("SysModifiedDateTime", "LastEditDateTime", "ModifiedDateTime")
"""Fields with the time of a row's last change; most entities have none (F&O: data-entities)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a stream is read, the field of a row's last change, and why the method is not the one asked for."""

    method: str
    stamp: str = ""
    note: str = ""


def choose(entity: FnoEntity, settings: ReadSettings, asked: str | None) -> Choice:
    """Give the best method that `entity` allows, beginning with the one `asked` for.

    Raises:
        SettingsError: `replication_keys` names a field that is none, or no instant.
    """
    stamp = _stamp(entity, settings)
    if asked in {"full", "snapshot"}:
        return Choice(asked)
    if stamp:
        return Choice("modified", stamp)
    note = ""
    if asked is not None:
        note = (
            f"cannot be read by `{asked}`, since {entity.entity_set} has no field with the time of a row's "
            "change; reading it by `snapshot`"
        )
    return Choice("snapshot", note=note)


def _stamp(entity: FnoEntity, settings: ReadSettings) -> str:
    named = settings.replication_keys.get(entity.entity_set)
    instants = [name for name, each in entity.properties.items() if each.ax_type == "UtcDateTime"]
    if named is None:
        return next((name for name in STAMPS if name in instants), "")
    if named not in instants:
        problem = "is no instant" if named in entity.properties else "does not exist"
        guesses = nearest(named, instants, count=3) or instants[:3]
        raise SettingsError(
            f"Setting `replication_keys`, stream `{entity.entity_set}`: field {named!r} {problem}",
            setting="replication_keys",
            hint=f"Instants: {', '.join(guesses)}." if guesses else "The entity has no instant.",
        )
    return named
