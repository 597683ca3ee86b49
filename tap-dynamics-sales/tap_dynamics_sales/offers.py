"""Which streams an environment offers: resolves the names and patterns of `streams` to tables."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest

from tap_dynamics_sales.hub import HubNames
from tap_dynamics_sales.settings import P2C_STREAMS, ReadSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_singer.tap.tap import Offer

    from tap_dynamics_sales.shape import Tables

__all__ = ["offers"]


def offers(metadata: Tables, settings: ReadSettings) -> list[Offer]:
    """List the streams asked for, in the order asked, each once: name and logical name of the table.

    The name is the stream's, except for the case of hub names.

    Raises:
        SettingsError: a name or pattern of `streams`, or a name in a per-stream setting, fits no table.
    """
    known = _hub_names(metadata, settings.prefix) if settings.prefix else dict(metadata.entity_sets())
    fold = str.lower if settings.prefix else str
    asked = settings.streams or (
        ("*",) if settings.prefix else [name for name in P2C_STREAMS if name in known]
    )
    found: dict[str, str] = {}
    for name in asked:
        found.update((match, known[match]) for match in _matches(fold(name), name, known, settings))
    for stream, mentions in settings.named_streams().items():
        if fold(stream) not in known:
            raise _unknown(stream, known, ", ".join(f"`{setting}`" for setting in sorted(mentions)))
    if not found:
        raise SettingsError(
            "The environment has none of the tables this tap offers by default"
            if not settings.prefix
            else f"The environment has no hub table with prefix {settings.prefix}",
            setting="streams",
            hint="Name the tables in `streams`." if not settings.prefix else _NOT_YET,
        )
    return list(found.items())


_NOT_YET = "The first run of target-dynamics-cds with `create_missing` makes the hub's tables."


def _matches(folded: str, name: str, known: Mapping[str, str], settings: ReadSettings) -> Iterable[str]:
    if any(sign in name for sign in "*?["):
        found = [candidate for candidate in sorted(known) if fnmatchcase(candidate, folded)]
        if found or not settings.streams:
            return found
    elif folded in known:
        return [folded]
    if not settings.prefix:
        raise _unknown(name, known, "`streams`")
    table = f"{settings.prefix}_{name}"
    raise SettingsError(
        f"Setting `streams` names {name!r}, but the environment has no hub table {table} (yet)",
        setting="streams",
        hint=f"{_guess(name, known)}{_NOT_YET}",
    )


def _unknown(name: str, known: Iterable[str], settings: str) -> SettingsError:
    return SettingsError(
        f"Setting {settings} names {name!r}, which no table of the environment is called",
        setting=settings.strip("`"),
        hint=f"{_guess(name, known)}Names are those of entity sets, such as accounts.",
    )


def _guess(name: str, known: Iterable[str]) -> str:
    guesses = nearest(name, known, count=3)
    return f"Nearest: {', '.join(guesses)}. " if guesses else ""


def _hub_names(metadata: Tables, prefix: str) -> dict[str, Any]:
    """Stream names, in lower case, of all tables made under the prefix."""
    names = HubNames(prefix)
    found = ((names.bare(logical), logical) for logical in metadata.entity_sets().values())
    return {name: logical for name, logical in found if name}
