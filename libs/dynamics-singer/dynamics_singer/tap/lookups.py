"""Resolves lookups by bulk queries of the table they point to, where ``$expand`` is refused.

The rows found go through the same codec as expanded ones, so the records are the same, byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.query import query_string
from msgspec import Raw, Struct

from dynamics_singer.tap.emission import RecordCodec, chunks
from dynamics_singer.tap.shape import Related, columns, expand_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dynamics_odata.paging import Page

__all__ = ["BulkLookup"]

_NULL = Raw(b"null")
_LONGEST_URL = 16_000
"""Characters of one query; Dataverse takes 32,768 (query/overview), a proxy on the way perhaps fewer."""

_IDS_PER_QUERY = 250
_CACHE_LIMIT = 200_000
"""Rows kept in memory; beyond that the cache starts over."""


class BulkLookup:
    """One lookup of a stream: gives for an id the JSON of the nested object.

    `read` takes a URL relative to the service root and gives its pages. What was found is kept for the whole
    run; an id that leads nowhere gives null, as ``$expand`` does.
    """

    def __init__(self, relation: Related, read: Callable[[str], Iterable[Page]]) -> None:
        self._relation = relation
        self._read = read
        self._codec = RecordCodec(relation.parts, hidden=[relation.target_id])
        self._found: dict[bytes, Raw] = {}

    @property
    def id_column(self) -> str:
        """The column of the stream's rows that holds the id."""
        return self._relation.id_column

    def fill(self, codec: RecordCodec, records: Sequence[Struct]) -> None:
        """Put the nested object into each of `records`, reading the targets not yet known."""
        if len(self._found) > _CACHE_LIMIT:
            self._found.clear()
        ids = [codec.get(record, self._relation.id_column) for record in records]
        self._learn({each for each in ids if each} - self._found.keys())
        for record, each in zip(records, ids, strict=True):
            codec.put(record, self._relation.navigation, self._found[each] if each else _NULL)

    def _learn(self, missing: set[bytes]) -> None:
        if not missing:
            return
        for url in self._queries(sorted(each.decode().strip('"') for each in missing)):
            for page in self._read(url):
                self._keep(page)
        self._found.update((each, _NULL) for each in missing - self._found.keys())

    def _keep(self, page: Page) -> None:
        for rows in chunks(page.rows):
            for target in self._codec.decode(rows):
                key = self._codec.get(target, self._relation.target_id)
                if key is not None:
                    self._found[key] = Raw(self._codec.encode(target))

    def _queries(self, ids: Sequence[str]) -> Iterator[str]:
        """Queries that together ask for every id, each short enough for a URL."""
        start, size = 0, _IDS_PER_QUERY
        while start < len(ids):
            url = self._query(ids[start : start + size])
            if len(url) > _LONGEST_URL and size > 1:
                size //= 2
                continue
            yield url
            start += size

    def _query(self, ids: Iterable[str]) -> str:
        relation = self._relation
        wanted = list(dict.fromkeys([*columns(relation.parts), relation.target_id]))
        return relation.target_set + query_string(
            select=wanted,
            filter=" or ".join(f"{relation.target_id} eq {each}" for each in ids),
            expand=expand_option(relation.parts),
        )
