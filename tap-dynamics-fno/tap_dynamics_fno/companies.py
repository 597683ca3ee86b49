"""The legal entities that are read: those asked for, or all that the user may see.

Source: F&O: cross-company-behavior. Without ``cross-company=true`` F&O answers with the rows of the user's
own company only, silently, even where a filter asks for another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from dynamics_odata.errors import SettingsError
from dynamics_odata.paging import pages
from dynamics_singer.settings_check import nearest

if TYPE_CHECKING:
    from dynamics_odata.transport import Transport

    from tap_dynamics_fno.settings import ReadSettings

__all__ = ["companies"]


class _Company(msgspec.Struct):
    area: str = msgspec.field(name="DataArea")


_decoder = msgspec.json.Decoder(_Company)


def companies(transport: Transport, settings: ReadSettings) -> tuple[str, ...]:
    """Ids of the legal entities to read, in lower case as rows have them.

    Without `cross_company` there is one to read, the user's own, whose id nobody asks for: the empty text.

    Raises:
        SettingsError: `companies` names one that does not exist or that the user may not see, or names any
            without `cross_company`.
    """
    if not settings.cross_company:
        if settings.companies:
            raise SettingsError(
                "Setting `companies` names legal entities, but `cross_company` is off: F&O would answer with "
                "the rows of the user's own company alone, and none for another",
                setting="companies",
                hint="Switch `cross_company` on, or leave `companies` out.",
            )
        return ("",)
    found = [
        _decoder.decode(row).area.lower()
        for page in pages(transport, "Companies?cross-company=true&$select=DataArea&$orderby=DataArea")
        for row in page.rows
    ]
    known = tuple(dict.fromkeys(area for area in found if area))
    for name in settings.companies:
        if name not in known:
            guesses = nearest(name, known, count=3)
            told = f"Nearest: {', '.join(guesses)}" if guesses else f"It shows {', '.join(known)}"
            raise SettingsError(
                f"Setting `companies` names {name!r}, which {transport.host} does not show to this user",
                setting="companies",
                hint=f"{told}. Correct it, or give the user access to the company.",
            )
    return settings.companies or known
