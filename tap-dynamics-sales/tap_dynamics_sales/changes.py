"""Reads a table by change tracking: a snapshot first, then what was written and deleted since.

Change tracking tells nothing of parents, so rows whose parents changed are asked for beside it. It forgets
deletions when its link dies; then the keys of rows sent are compared with those still there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from dynamics_odata.errors import DynamicsError, ProtocolError, RefusedError, UnavailableError
from dynamics_odata.query import query_string
from dynamics_singer.tap.bookmarks import ModifiedBookmark
from dynamics_singer.tap.emission import decode_row
from dynamics_singer.tap.stream import Batch
from msgspec import Raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from dynamics_odata.paging import Page

    from tap_dynamics_sales.queries import Queries
    from tap_dynamics_sales.sent_rows import SentRows

__all__ = ["Changes", "Reading"]

_DEAD_LINK = {400, 404, 410}
"""How an expired or unknown delta link is refused; its exact code is not documented (Dataverse:
use-change-tracking-synchronize-data-external-systems)."""

_UNEXPLAINED = 500
_LONG_AGO = "1900-01-01T00:00:00Z"


class Reading(Protocol):
    """How a stream's pages are asked for."""

    def pages(self, url: str, *, tracking: bool = False) -> Iterator[Page]:
        """All pages from an address on."""

    def inside(self, link: str) -> str:
        """The link as an absolute address; raises `ProtocolError` when it leaves the environment."""


class _LinkDied(Exception):  # noqa: N818 - an event of the protocol, caught here
    """The service does not know the delta link any more."""


class Changes:
    """One stream read by change tracking.

    `lookback` is how long before the newest change of a parent such changes are looked for again.
    """

    def __init__(
        self,
        reading: Reading,
        queries: Queries,
        sent: SentRows,
        *,
        lookback: timedelta,
        log: Callable[..., None],
    ) -> None:
        self._reading = reading
        self._queries = queries
        self._sent = sent
        self._lookback = lookback
        self._log = log

    def batches(self, state: Mapping[str, Any], keys: Any) -> Iterator[Batch]:
        """Read what is new; `keys` is the mark of the known keys, of use even if `state` is not."""
        try:
            yield from self._batches(state, keys)
        finally:
            self._sent.close()

    def _batches(self, state: Mapping[str, Any], keys: Any) -> Iterator[Batch]:
        link = self._delta_link(state)
        parents = self._parents(state if link else {})
        if link:
            for rows in self._of_changed_parents(parents):
                yield Batch(rows)
            self._sent.resume(keys)
            try:
                yield from self._tracked(link, parents, is_delta=True)
            except _LinkDied as death:
                self._log("delta link refused (%s): reading everything anew", death, level=logging.WARNING)
            else:
                return
        else:
            for _ in self._of_changed_parents(parents):  # known from here on; the snapshot sends them
                pass
        self._sent.begin(keys)
        if keys and not self._sent.finds_deletions:
            self._log(
                "the keys of rows sent before are not at hand: deletions since the last run are not found",
                level=logging.WARNING,
            )
        yield from self._tracked(self._queries.snapshot(), parents, is_delta=False)

    def _delta_link(self, state: Mapping[str, Any]) -> str | None:
        """The link to go on from, when there is one and it leads into this environment."""
        link = state.get("delta_link")
        if not isinstance(link, str):
            return None
        try:
            return self._reading.inside(link)
        except ProtocolError:
            self._log("the delta link leads to another environment: reading everything anew")
            return None

    def _tracked(self, url: str, parents: ModifiedBookmark | None, *, is_delta: bool) -> Iterator[Batch]:
        """Follow a snapshot or delta link; the last page carries the new one, which covers all of them."""
        link: str | None = None
        for page in self._pages(url, is_delta=is_delta):
            rows, ids = _without_deleted(page)
            self._sent.sent(rows)
            gone, unnamed = self._sent.gone(ids)
            yield Batch(rows, gone, None, unnamed)
            link = None if page.next_link else page.delta_link
        for missing in () if is_delta else self._sent.missing():
            yield Batch((), missing)
        if not link:
            self._log("the server gave no delta link: the next run reads all again", level=logging.WARNING)
            return
        followed = {"parents": parents.to_state(last=True)} if parents else {}
        yield Batch((), bookmark={"delta_link": link, **self._sent.mark(), **followed})

    def _pages(self, url: str, *, is_delta: bool) -> Iterator[Page]:
        """The pages; a refusal of a delta link is told apart from every other error."""
        is_first = True
        try:
            for page in self._reading.pages(url, tracking=True):
                yield page
                is_first = False
        except (RefusedError, UnavailableError) as error:
            if is_delta and _is_dead(error, is_first=is_first):
                raise _LinkDied(str(error)) from error
            raise

    def _parents(self, state: Mapping[str, Any]) -> ModifiedBookmark | None:
        """How far changes of parents were followed; from now on when they never were."""
        if not self._queries.parents:
            return None
        earlier = state.get("parents")
        bookmark = ModifiedBookmark(
            earlier if isinstance(earlier, dict) else {},
            key=self._queries.table.key_columns,
            stamp="",
            lookback=self._lookback,
            parents=self._queries.parents,
        )
        if bookmark.since is None:
            bookmark.start_at(self._newest_parent())
        return bookmark

    def _newest_parent(self) -> str:
        """When a parent changed last, by the service's own clock."""
        newest = _LONG_AGO
        for entity_set, stamp in {(each.entity_set, each.stamp) for each in self._queries.parents}:
            url = entity_set + query_string(
                select=[stamp], filter=f"{stamp} ne null", orderby=f"{stamp} desc", top=1
            )
            for page in self._reading.pages(url):
                newest = max([newest, *(msgspec.json.decode(row)[stamp] for row in page.rows[:1])])
                break
        return newest

    def _of_changed_parents(self, bookmark: ModifiedBookmark | None) -> Iterator[list[Raw]]:
        """Rows whose parents changed since the bookmark, less those sent before."""
        if bookmark is None or bookmark.parents_since is None:
            return
        for page in self._reading.pages(self._queries.of_changed_parents(bookmark.parents_since)):
            yield bookmark.fresh(page.rows)


def _is_dead(error: DynamicsError, *, is_first: bool) -> bool:
    """Whether an error means that a delta link is of no use any more.

    An unexplained 500 counts for the link itself, not for the pages after it, where it is an outage.
    """
    return error.status in _DEAD_LINK or (is_first and error.status == _UNEXPLAINED)


class _Deleted(msgspec.Struct, rename={"context": "@odata.context"}):
    """An entry of a delta page for a row that is gone."""

    context: str = ""
    id: str = ""


_DELETED_MARK = b"$deletedEntity"
_DELETED = msgspec.json.Decoder(_Deleted)


def _without_deleted(page: Page) -> tuple[Sequence[Raw], list[str]]:
    """Part the rows of a delta page from the ids of deleted ones (``…#accounts/$deletedEntity``)."""
    if _DELETED_MARK not in page.body:
        return page.rows, []
    kept: list[Raw] = []
    deleted: list[str] = []
    for row in page.rows:
        gone = decode_row(_DELETED, row) if _DELETED_MARK in bytes(row) else _Deleted()
        if gone.context.endswith("/$deletedEntity"):
            deleted.append(gone.id)
        else:
            kept.append(row)
    return kept, deleted
