"""Rows that come twice because others were inserted while pages were read.

F&O pages by offset: an insertion moves the last rows of a page to the beginning of the next (F&O:
data-entities/odata, server-driven paging). In key order those are the very rows that were read last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_singer.tap.row_stamps import RowStamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from msgspec import Raw

__all__ = ["without_repeated"]


def without_repeated(found: Iterable[Sequence[Raw]], key: Sequence[str]) -> Iterator[Sequence[Raw]]:
    """The rows of each page without those of the page before; a row is told by its `key` and version."""
    stamps = RowStamps(key, "")
    before: Sequence[Raw] = ()
    for rows in found:
        fresh = rows
        if before:
            last = {stamps.of(row)[::3] for row in before}
            fresh = [row for row in rows if stamps.of(row)[::3] not in last]
        before = rows
        yield fresh
