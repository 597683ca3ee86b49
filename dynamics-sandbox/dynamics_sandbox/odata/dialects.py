"""Where the filters of Dataverse and F&O differ, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STRING_FUNCTIONS: Final = frozenset({"contains", "startswith", "endswith"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service reads a filter.

    Attributes:
        name: the service, for messages.
        functions: string functions it knows; F&O refuses them on some entities (``dataclasses.replace``
            this).
        like_wildcards: ``%``, ``_`` and ``[]`` are wildcards inside the string functions (Dataverse).
        star_in_equals: ``*`` is a wildcard in ``eq`` and ``ne`` (F&O).
        crm_functions: the ``Microsoft.Dynamics.CRM.*`` query functions work.
        arithmetic: ``add``, ``sub``, ``mul``, ``div``, ``divby`` and ``mod`` work.
        lambdas: ``any`` and ``all`` work.
        quoted_guids: a GUID may stand in apostrophes.
        enum_order: enum values can be compared with ``gt``, ``ge``, ``lt`` and ``le``.
    """

    name: str
    functions: frozenset[str] = STRING_FUNCTIONS
    like_wildcards: bool = False
    star_in_equals: bool = False
    crm_functions: bool = False
    arithmetic: bool = False
    lambdas: bool = False
    quoted_guids: bool = False
    enum_order: bool = False


DATAVERSE: Final = Dialect(
    "Dataverse", like_wildcards=True, crm_functions=True, lambdas=True, quoted_guids=True
)
FNO: Final = Dialect("Finance and Operations", star_in_equals=True, arithmetic=True)
