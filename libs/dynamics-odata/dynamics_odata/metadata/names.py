"""The error for a name an environment does not have, with the names it does have that are most like it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from dynamics_odata.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["unknown"]


def unknown(kind: str, name: str, known: Iterable[str], *, where: str) -> UnknownNameError:
    """``kind`` says what the name was taken for (``table``, ``entity set``); ``where`` is the host."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
    return UnknownNameError(
        f"{where} has no {kind} named {name!r}",
        name=name,
        nearest=tuple(by_lower[candidate] for candidate in near),
    )
