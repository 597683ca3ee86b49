"""The requests that read one stream, as addresses relative to the service root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_odata.query import query_string
from dynamics_singer.tap.bookmarks import fingerprint
from dynamics_singer.tap.shape import columns, expand_option, relations

from tap_dynamics_sales.plain import STAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics_odata.metadata.model import Table
    from dynamics_singer.tap.shape import Part, Related

__all__ = ["MOST_EXPANDS", "Queries"]

MOST_EXPANDS = 15
"""Dataverse: join-tables ($expand, at most 15 in one query)."""


@dataclass(frozen=True, slots=True)
class Queries:
    """What to ask for `wanted` parts of `table` read by `method`, with the user's `filter` or none."""

    table: Table
    wanted: tuple[Part, ...]
    method: str
    filter: str = ""

    @property
    def is_bulk(self) -> bool:
        """Whether lookups need bulk queries: change tracking refuses ``$expand``, others limit it."""
        return self.method == "changes" or _count(relations(self.wanted)) > MOST_EXPANDS

    def everything(self) -> str:
        """All rows, in no order of ours."""
        return self._address(self.filter)

    def since(self, instant: str | None) -> str:
        """Rows changed at or after a UTC instant, in order of change; ties are ordered by id."""
        newer = f"{STAMP} ge {instant}" if instant else ""
        both = f"({self.filter}) and {newer}" if self.filter and newer else self.filter or newer
        return self._address(both, orderby=(f"{STAMP} asc", f"{self.table.primary_id} asc"))

    def snapshot(self) -> str:
        """All rows as the start of change tracking, which takes ``$select`` and no other option.

        Dataverse: use-change-tracking-synchronize-data-external-systems.
        """
        return self.table.entity_set + query_string(select=self._select())

    def fingerprint(self, root: str) -> str:
        """Tells this question from every other; a bookmark is of use to the same question only.

        The order in which the metadata lists the columns is no part of the question.
        """
        columns_asked = ",".join(sorted(self._select()))
        lookups = expand_option(self.wanted)
        return fingerprint(root, self.method, self.table.entity_set, columns_asked, self.filter, lookups)

    def _address(self, condition: str, orderby: Sequence[str] = ()) -> str:
        expand = "" if self.is_bulk else expand_option(self.wanted)
        options = query_string(select=self._select(), filter=condition, orderby=orderby, expand=expand)
        return self.table.entity_set + options

    def _select(self) -> list[str]:
        links = [relation.id_column for relation in relations(self.wanted)] if self.is_bulk else []
        stamp = [STAMP] if self.method == "modified" else []
        return list(dict.fromkeys([self.table.primary_id, *columns(self.wanted), *stamp, *links]))


def _count(related: Sequence[Related]) -> int:
    """Lookups among these parts and inside them."""
    return len(related) + sum(_count(relations(relation.parts)) for relation in related)
