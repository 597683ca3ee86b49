"""The requests that read one stream, as addresses relative to the service root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_odata.query import all_of, any_of, query_string
from dynamics_singer.tap.bookmarks import fingerprint
from dynamics_singer.tap.parents import changed_since, with_stamps
from dynamics_singer.tap.shape import columns, expand_option, relations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics_odata.metadata.model import Table
    from dynamics_singer.tap.parents import Parent
    from dynamics_singer.tap.shape import Part, Related

__all__ = ["MOST_EXPANDS", "Queries"]

MOST_EXPANDS = 15
"""Dataverse: join-tables ($expand, at most 15 in one query)."""


@dataclass(frozen=True, slots=True)
class Queries:
    """What to ask for `wanted` parts of `table` read by `method`, with the user's `filter` or none.

    `stamp` is the column of a row's last change, `parents` are the related rows whose change counts as the
    row's; `bulk` says that lookups are resolved by queries of their own whatever the method.
    """

    table: Table
    wanted: tuple[Part, ...]
    method: str
    filter: str = ""
    stamp: str = "modifiedon"
    parents: tuple[Parent, ...] = ()
    bulk: bool = False

    @property
    def is_bulk(self) -> bool:
        """Whether lookups need bulk queries: change tracking refuses ``$expand``, others limit it."""
        return self.bulk or self.method == "changes" or _count(relations(self._stamped())) > MOST_EXPANDS

    def everything(self) -> str:
        """All rows, in no order of ours."""
        return self._address(self.filter)

    def since(self, instant: str | None, parents_since: str | None = None) -> str:
        """Rows changed at or after a UTC instant, in order of change; ties are ordered by key."""
        newer = f"{self.stamp} ge {instant}" if instant else ""
        if newer and self.parents:
            newer = f"{newer} or {changed_since(self.parents, parents_since or str(instant))}"
        return self._address(all_of(self.filter, newer), orderby=(f"{self.stamp} asc", *self._by_key()))

    def of_changed_parents(self, instant: str) -> str:
        """Rows with a parent that changed at or after a UTC instant; change tracking tells of none."""
        condition = any_of(changed_since(self.parents, instant))
        return self._address(condition, orderby=self._by_key(), expand=with_stamps((), self.parents))

    def snapshot(self) -> str:
        """All rows as the start of change tracking, which takes ``$select`` and no other option.

        Dataverse: use-change-tracking-synchronize-data-external-systems.
        """
        return self.table.entity_set + query_string(select=self._select())

    def fingerprint(self, root: str) -> str:
        """Tells this question from every other; a bookmark is of use to the same question only.

        The order in which the metadata lists the columns is no part of the question.
        """
        asked = [",".join(sorted(self._select())), self.filter, expand_option(self.wanted)]
        names = sorted(part.name for part in self.wanted if "@" in getattr(part, "source", ""))
        return fingerprint(root, self.method, self.table.entity_set, *asked, *names)

    def _address(
        self, condition: str, orderby: Sequence[str] = (), expand: tuple[Part, ...] | None = None
    ) -> str:
        if expand is None:
            expand = with_stamps((), self.parents) if self.is_bulk else self._stamped()
            expand = expand if self.method == "modified" or not self.is_bulk else ()
        options = query_string(
            select=self._select(), filter=condition, orderby=orderby, expand=expand_option(expand)
        )
        return self.table.entity_set + options

    def _stamped(self) -> tuple[Part, ...]:
        """What to expand: the lookups wanted, and the stamps of parents where these count."""
        wanted: tuple[Part, ...] = tuple(relations(self.wanted))
        return with_stamps(wanted, self.parents) if self.method == "modified" else wanted

    def _by_key(self) -> list[str]:
        return [f"{name} asc" for name in self.table.key_columns if name]

    def _select(self) -> list[str]:
        links = [relation.id_column for relation in relations(self.wanted)] if self.is_bulk else []
        stamp = [self.stamp] if self.method == "modified" else []
        names = [*self.table.key_columns, *columns(self.wanted), *stamp, *links]
        return [name for name in dict.fromkeys(names) if name]


def _count(related: Sequence[Related]) -> int:
    """Lookups among these parts and inside them."""
    return len(related) + sum(_count(relations(relation.parts)) for relation in related)
