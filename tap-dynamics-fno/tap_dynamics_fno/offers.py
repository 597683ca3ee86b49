"""Which streams an environment offers: resolves the names and patterns of `streams` to entity sets."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest

from tap_dynamics_fno.preset import presets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_dynamics_fno.settings import ReadSettings

__all__ = ["offers"]


def offers(entity_sets: Mapping[str, str], settings: ReadSettings) -> dict[str, str]:
    """Entity sets asked for, in the order asked, with the filter each is read with (empty for none).

    Args:
        entity_sets: public type names by entity set, as the environment has them.
        settings: what was asked for.

    Raises:
        SettingsError: a name or pattern of `streams`, or a name in a per-stream setting, fits no entity set.
    """
    found: dict[str, str] = {}
    for name in settings.streams or ("p2c",):
        if name == "p2c":
            found.update(presets(entity_sets, settings.fno_entities))
        else:
            found.update(dict.fromkeys(_matches(name, entity_sets), ""))
    for stream, mentions in settings.named_streams().items():
        if stream not in entity_sets:
            raise _unknown(stream, entity_sets, sorted(mentions))
    if not found:
        raise SettingsError(
            "The environment has no entity of Prospect-to-cash that its data service offers",
            setting="streams",
            hint="Refresh the entity list in F&O, or name the entity sets in `streams`.",
        )
    return {**found, **{name: text for name, text in settings.filter.items() if name in found}}


def _matches(name: str, entity_sets: Mapping[str, str]) -> list[str]:
    if any(sign in name for sign in "*?["):
        matching = [candidate for candidate in sorted(entity_sets) if fnmatchcase(candidate, name)]
    else:
        matching = [name] if name in entity_sets else []
    if not matching:
        raise _unknown(name, entity_sets, ["streams"])
    return matching


def _unknown(name: str, entity_sets: Mapping[str, str], settings: Iterable[str]) -> SettingsError:
    types = {type_name: entity_set for entity_set, type_name in entity_sets.items()}
    guesses = [types[name]] if name in types else nearest(name, entity_sets, count=3)
    listed = ", ".join(f"`{setting}`" for setting in settings)
    nearby = f"Nearest: {', '.join(guesses)}. " if guesses else ""
    return SettingsError(
        f"Setting {listed} names {name!r}, which no entity set of the environment is called",
        setting=listed.strip("`"),
        hint=f"{nearby}Names are those of entity sets, such as CustomersV3; their case matters.",
    )
