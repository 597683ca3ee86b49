"""One stream: reads its table by change tracking, by time of change, or completely."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from dynamics_odata.errors import DynamicsError, RefusedError
from dynamics_odata.paging import Page, pages
from dynamics_singer.errors import PluginError
from dynamics_singer.tap.bookmarks import ModifiedBookmark, fingerprint
from dynamics_singer.tap.lookups import BulkLookup
from dynamics_singer.tap.shape import Part, Related, relations
from dynamics_singer.tap.stream import DELETED_AT, DELETED_AT_SCHEMA, Batch, PageStream

from tap_dynamics_sales.changes import Changes
from tap_dynamics_sales.companions import included_annotations
from tap_dynamics_sales.queries import Queries
from tap_dynamics_sales.replication import SINGER_METHODS, Choice
from tap_dynamics_sales.row_keys import RowKeys
from tap_dynamics_sales.sent_rows import SentRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dynamics_odata.transport import Transport
    from singer_sdk import Tap

    from tap_dynamics_sales.settings import ReadSettings
    from tap_dynamics_sales.shape import StreamShape

__all__ = ["DataverseStream"]

_FORBIDDEN = 403
_NO_TRACKING = {400, 403, 501}
"""How a snapshot is refused where the table does not track changes after all, or the caller's role reads less
than the whole organization (Dataverse: use-change-tracking-synchronize-data-external-systems)."""


class DataverseStream(PageStream):
    """The rows of one table as records of the given shape."""

    def __init__(
        self, tap: Tap, shape: StreamShape, choice: Choice, *, transport: Transport, settings: ReadSettings
    ) -> None:
        self._shape = shape
        self._choice = choice
        self._transport = transport
        self._settings = settings
        self.parts = shape.parts
        properties = dict(shape.properties)
        if choice.method == "changes":
            self.sends_deletions = True
            properties[DELETED_AT] = DELETED_AT_SCHEMA
        super().__init__(tap, schema={"type": "object", "properties": properties}, name=shape.name)
        self.primary_keys = shape.key
        self.forced_replication_method = SINGER_METHODS[self._choice.method]
        self.replication_key = self._choice.stamp if self._choice.method == "modified" else None

    def batches(self, wanted: tuple[Part, ...]) -> Iterator[Batch]:
        """Read what is new since the state, page by page, by the best method the service agrees to."""
        if self._choice.note:
            self.log("%s", self._choice.note, level=logging.WARNING)
        methods = (self._choice.method, *self._choice.others)
        for method, following in zip(methods, (*methods[1:], ""), strict=True):
            started = False
            try:
                for batch in self._read(method, wanted):
                    started = True
                    yield batch
            except RefusedError as error:
                if started or not self._goes_on(error, method, following):
                    raise
            else:
                return

    def _goes_on(self, error: RefusedError, method: str, following: str) -> bool:
        """Whether a refused stream is read in another way, or left out; says so."""
        if method == "changes" and following and error.status in _NO_TRACKING:
            text = "change tracking is refused (%s); reading it by `%s`"
            self.log(text, error, following, level=logging.WARNING)
            return True
        if error.status == _FORBIDDEN and not self._settings.strict:
            if not following:
                self.log("skipped, since it may not be read: %s", error, level=logging.WARNING)
            return True
        return False

    def _read(self, method: str, wanted: tuple[Part, ...]) -> Iterator[Batch]:
        queries = self._queries(method, wanted)
        query = queries.fingerprint(self._transport.root)
        readers = {"changes": self._changes, "modified": self._modified, "full": self._full}
        for batch in readers[method](queries, self._earlier_state(query)):
            bookmark = {**batch.bookmark, "query": query} if batch.bookmark else batch.bookmark
            yield Batch(batch.rows, batch.deleted, bookmark, batch.unnamed)

    def expected_rows(self) -> int | None:
        """The table's rows, up to a day old, when all are to be read (Dataverse: query/count-rows)."""
        filtered = self.name in self._settings.filter or self._settings.start
        if filtered or (self.stream_state and self._choice.method != "full"):
            return None
        try:
            count = f"RetrieveTotalRecordCount(EntityNames=['{self._shape.table.logical_name}'])"
            answer = self._transport.get(count).json()
            return int(answer["EntityRecordCountCollection"]["Values"][0])
        except (DynamicsError, LookupError, TypeError):  # another OData service; then no share is shown
            return None

    def lookups(self, wanted: tuple[Part, ...]) -> Sequence[BulkLookup] | None:
        """Bulk queries where the server does not expand, else None."""
        if not self._queries(self._choice.method, wanted).is_bulk:
            return None
        return [BulkLookup(relation, self.pages) for relation in relations(wanted)]

    def _queries(self, method: str, wanted: tuple[Part, ...]) -> Queries:
        paths = {*self._shape.filter_paths, *_paths(wanted)}
        return Queries(
            self._shape.table,
            wanted,
            method,
            self._settings.filter.get(self.name, ""),
            self._choice.stamp,
            tuple(parent for parent in self._shape.parents if _is_part(parent.path, paths)),
            bulk=self._choice.method == "changes",
        )

    def _earlier_state(self, query: str) -> Mapping[str, Any]:
        """The state to go on from; empty when the stream asked for something else then."""
        state = dict(self.stream_state)
        if state.get("query", query) != query:
            self.log("selection, filter or environment differ from the last run: reading everything anew")
            return {}
        return state

    def pages(self, url: str, *, tracking: bool = False) -> Iterator[Page]:
        """All pages from an address on, asked for in the size and with the annotations of the settings."""
        preferences = ["odata.track-changes"] if tracking else []
        preferences.append(f"odata.maxpagesize={self._settings.page_size}")
        if included := included_annotations(self._settings):
            preferences.append(f'odata.include-annotations="{included}"')
        return pages(self._transport, url, headers={"Prefer": ",".join(preferences)})

    def inside(self, link: str) -> str:
        """The link as an absolute address; raises `ProtocolError` when it leaves the environment."""
        return self._transport.url(link)

    def _full(self, queries: Queries, state: Mapping[str, Any]) -> Iterator[Batch]:
        del state
        for page in self.pages(queries.everything()):
            yield Batch(page.rows)
        yield Batch((), bookmark={})

    def _modified(self, queries: Queries, state: Mapping[str, Any]) -> Iterator[Batch]:
        read = self._settings
        try:
            bookmark = ModifiedBookmark(
                state,
                key=queries.table.key_columns,
                stamp=queries.stamp,
                lookback=read.lookback,
                start=read.start,
                parents=queries.parents,
            )
        except ValueError as error:
            raise PluginError(
                f"stream `{self.name}`: replication_key_value in its state is no UTC instant; mend the state "
                "or start without it"
            ) from error
        for page in self.pages(queries.since(bookmark.since, bookmark.parents_since)):
            fresh = bookmark.fresh(page.rows)
            yield Batch(fresh, bookmark=bookmark.to_state(last=page.next_link is None))

    def _changes(self, queries: Queries, state: Mapping[str, Any]) -> Iterator[Batch]:
        source = fingerprint(self._transport.root, queries.table.entity_set, *self._shape.key)
        keys = RowKeys(self._shape, self.pages)
        sent = SentRows(keys, self._settings.data_dir, stream=self.name, source=source, warn=self.log)
        changes = Changes(self, queries, sent, lookback=self._settings.lookback, log=self.log)
        return changes.batches(state, self.stream_state.get("keys"))


def _paths(parts: Iterable[Part], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The navigation paths of all lookups among parts and inside them."""
    for part in parts:
        if isinstance(part, Related):
            here = (*above, part.navigation)
            yield here
            yield from _paths(part.parts, here)


def _is_part(path: tuple[str, ...], paths: Iterable[tuple[str, ...]]) -> bool:
    return any(each[: len(path)] == path for each in paths)
