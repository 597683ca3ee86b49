"""Which legal entities an environment has, so that a wrong `company` is told before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from dynamics_odata.errors import RefusedError, SettingsError
from dynamics_odata.paging import pages
from dynamics_odata.query import query_string

if TYPE_CHECKING:
    from dynamics_odata.transport import Transport

# F&O: the classic sets name the company differently; the first that the environment serves is asked.
_SETS = (("Companies", "DataArea"), ("LegalEntities", "LegalEntityId"))
_SHOWN = 20


def read_companies(transport: Transport) -> frozenset[str]:
    """All legal entities, lower case; empty when the service user may read neither list."""
    for entity_set, key in _SETS:
        query = query_string(select=(key,), cross_company=True)
        try:
            rows = [
                msgspec.json.decode(row, type=dict[str, object])
                for page in pages(transport, f"{entity_set}{query}")
                for row in page.rows
            ]
        except RefusedError:
            continue
        found = frozenset(str(row[key]).strip().lower() for row in rows if row.get(key))
        if found:
            return found
    return frozenset()


def check_company(company: str, companies: frozenset[str], host: str) -> None:
    """Refuse a `company` that does not exist.

    Raises:
        SettingsError: naming the setting and the companies there are.
    """
    if not company or not companies or company.strip().lower() in companies:
        return
    listed = sorted(companies)
    more = ", …" if len(listed) > _SHOWN else ""
    raise SettingsError(
        f"Setting `company` is '{company}', but F&O at {host} has no such legal entity",
        setting="company",
        hint=f"It has: {', '.join(listed[:_SHOWN])}{more}.",
    )
