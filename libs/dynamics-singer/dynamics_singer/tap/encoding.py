"""From the rows of a page to encoded records, lookups included."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from dynamics_singer.tap.emission import RecordCodec, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msgspec import Raw, Struct

    from dynamics_singer.tap.lookups import BulkLookup
    from dynamics_singer.tap.shape import Part

__all__ = ["Encoder", "Mender", "as_record"]


class Mender(Protocol):
    """Turns a service's values into those of records where the two differ."""

    def mend(self, codec: RecordCodec, records: Sequence[Struct]) -> None:
        """Change columns of decoded rows, through `codec`."""
        ...  # pragma: no cover

    def finish(self, lines: bytes) -> bytes:
        """Change what is the same in all columns, in encoded records, one a line; may leave records out."""
        ...  # pragma: no cover


class Encoder:
    """Rows in, encoded records out, a chunk at a time, lookups resolved where that is ours to do."""

    def __init__(
        self,
        wanted: Sequence[Part],
        lookups: Sequence[BulkLookup] | None,
        mender: Mender | None = None,
    ) -> None:
        self._lookups = lookups or ()
        self._mender = mender
        hidden = [lookup.id_column for lookup in self._lookups]
        self._codec = RecordCodec(wanted, expanded=lookups is None, hidden=hidden)

    def encoded(self, rows: Sequence[Raw]) -> Iterator[tuple[bytes, int]]:
        """The records of each chunk, one a line, and how many they are."""
        for chunk in chunks(rows):
            records = self._codec.decode(chunk)
            for lookup in self._lookups:
                lookup.fill(self._codec, records)
            if self._mender is None:
                yield self._codec.encode_lines(records), len(records)
            else:
                self._mender.mend(self._codec, records)
                lines = self._mender.finish(self._codec.encode_lines(records))
                yield lines, lines.count(b"\n")


def as_record(encoded: bytes) -> dict[str, Any]:
    """An encoded record as Python values, numbers exact."""
    record: dict[str, Any] = json.loads(encoded, parse_float=Decimal)
    return record
