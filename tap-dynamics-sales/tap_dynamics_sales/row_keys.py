"""How the rows of a stream are named to its readers, by the id change tracking tells deletions by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dynamics_singer.tap.emission import RecordCodec
from dynamics_singer.tap.lookups import BulkLookup
from dynamics_singer.tap.shape import relations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dynamics_odata.paging import Page
    from msgspec import Raw

    from tap_dynamics_sales.shape import StreamShape

__all__ = ["RowKeys"]


class RowKeys:
    """Ids and keys of rows; `read` gives the pages of an address, for keys that contain lookups."""

    def __init__(self, shape: StreamShape, read: Callable[[str], Iterable[Page]]) -> None:
        self._id = shape.table.primary_id
        self._name = json.dumps(shape.key[0]).encode() if shape.key == (self._id,) else b""
        parts = tuple(branch.part for branch in shape.branches if branch.part.name in shape.key)
        self._lookups = [BulkLookup(relation, read) for relation in relations(parts)]
        hidden = [self._id, *(lookup.id_column for lookup in self._lookups)]
        self._codec = RecordCodec(parts, expanded=False, hidden=hidden)

    @property
    def by_id(self) -> bool:
        """Whether the id itself is the key; then a row's key needs no keeping."""
        return bool(self._name)

    def of(self, rows: Sequence[Raw]) -> Iterator[tuple[bytes, bytes]]:
        """Id and key of each row; the key is empty where the id says it all."""
        records = self._codec.decode(rows)
        for lookup in () if self.by_id else self._lookups:
            lookup.fill(self._codec, records)
        for record in records:
            found = (self._codec.get(record, self._id) or b"").strip(b'"')
            yield found, b"" if self.by_id else self._codec.encode(record)

    def record(self, row_id: bytes, key: bytes) -> bytes:
        """The JSON object of the stream's key properties."""
        return key or b"{%b:%b}" % (self._name, json.dumps(row_id.decode()).encode())
