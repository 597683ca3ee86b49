"""Pages in order of change, so that a row which changes while they are read takes no other row with it.

F&O pages by offset (F&O: data-entities/odata, server-driven paging). A row that has been read and changes
then leaves its place for the end, all rows behind it move up by one, and the next link would leave one out,
behind the bookmark and for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.paging import pages
from dynamics_singer.tap.row_stamps import RowStamps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynamics_odata.transport import Transport
    from msgspec import Raw

    from tap_dynamics_fno.queries import Queries

__all__ = ["changed_pages"]


def changed_pages(
    transport: Transport, queries: Queries, company: str, since: str | None
) -> Iterator[Sequence[Raw]]:
    """Rows of a company changed at or after `since`, page by page.

    Each page is asked for from the last instant that was read on; its first rows repeat those of the page
    before that changed at this instant. Only inside one instant that fills a page are next links followed;
    there a change in the midst of reading can still push a row out.
    """
    stamps = RowStamps(queries.entity.keys, queries.stamp)
    more = True
    while more:
        more = False
        for page in pages(transport, queries.since(company, since)):
            yield page.rows
            reached = stamps.of(page.rows[-1]).own if page.rows and page.next_link else ""
            if reached and (since is None or f"{reached}Z" > since):
                since, more = f"{reached}Z", True
                break
