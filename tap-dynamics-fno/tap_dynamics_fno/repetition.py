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
    first: Sequence[Raw] = ()
    before: set[tuple[str, ...]] = set()
    for number, rows in enumerate(found):
        if number == 0:  # most reads are one page, whose keys nobody has to look at
            first = rows
            yield rows
            continue
        if number == 1:
            before = {stamps.of(row)[::3] for row in first}
        names = [stamps.of(row)[::3] for row in rows]
        yield [row for row, name in zip(rows, names, strict=True) if name not in before]
        before = set(names)
