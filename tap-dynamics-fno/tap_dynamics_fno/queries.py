"""The requests that read one entity, as addresses relative to the service root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dynamics_odata.query import EnumMember, all_of, any_of, compare, query_string
from dynamics_singer.tap.bookmarks import fingerprint
from dynamics_singer.tap.shape import columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dynamics_odata.metadata.model import FnoEntity
    from dynamics_singer.tap.shape import Part

__all__ = ["COMPANY", "Queries"]

COMPANY = "dataAreaId"
"""The key field that holds a row's legal entity, where companies have rows of their own."""


@dataclass(frozen=True, slots=True)
class Queries:
    """What to ask for `wanted` parts of `entity` with a `filter` in F&O's dialect or none.

    `stamp` is the field of a row's last change where rows are read by it, else empty. Rows come in the order
    of their keys: F&O pages by offset, so rows that are inserted meanwhile push others to the next page, and
    in key order those are the last ones read (F&O: data-entities/odata, server-driven paging).
    """

    entity: FnoEntity
    wanted: tuple[Part, ...]
    method: str
    filter: str = ""
    stamp: str = ""
    cross_company: bool = True

    @property
    def in_companies(self) -> bool:
        """Whether each company has rows of its own."""
        return COMPANY in self.entity.keys

    def everything(self, company: str) -> str:
        """All rows of a company; `company` is empty where all companies share the rows."""
        return self._address(company, "", ())

    def since(self, company: str, instant: str | None) -> str:
        """Rows of a company changed at or after a UTC instant, in order of change."""
        newer = f"{self.stamp} ge {instant}" if instant else ""
        return self._address(company, newer, (self.stamp,))

    def of_keys(self, keys: Sequence[Mapping[str, Any]]) -> str:
        """The keys of those rows, among some given by theirs, that exist and pass the filter.

        A `*` in a key is a wildcard to F&O, so more may come.
        """
        each = [all_of(*(self._equal(name, value) for name, value in key.items())) for key in keys]
        options = query_string(
            select=self.entity.keys,
            filter=all_of(self.filter, any_of(*(f"({condition})" for condition in each))),
            cross_company=self.in_companies and self.cross_company,
        )
        return self.entity.entity_set + options

    def _equal(self, name: str, value: Any) -> str:
        """A field of the key compared with a value as records have it."""
        each = self.entity.properties[name]
        if each.enum_members:
            return compare(name, "eq", EnumMember(each.enum_type, value))
        if each.ax_type == "Date":
            return f"{name} eq {value}T12:00:00Z"
        return f"{name} eq {value}" if each.ax_type in {"UtcDateTime", "Guid"} else compare(name, "eq", value)

    def fingerprint(self, root: str) -> str:
        """Tells this question from every other; a bookmark is of use to the same question only."""
        return fingerprint(
            root, self.method, self.entity.entity_set, ",".join(sorted(self._select())), self.filter
        )

    def _address(self, company: str, condition: str, first: tuple[str, ...]) -> str:
        in_company = compare(COMPANY, "eq", company) if company else ""
        options = query_string(
            select=self._select(),
            filter=all_of(in_company, self.filter, condition),
            orderby=tuple(dict.fromkeys((*first, *self.entity.keys))),
            cross_company=self.in_companies and self.cross_company,
        )
        return self.entity.entity_set + options

    def _select(self) -> list[str]:
        stamp = [self.stamp] if self.stamp else []
        return list(dict.fromkeys([*self.entity.keys, *columns(self.wanted), *stamp]))
