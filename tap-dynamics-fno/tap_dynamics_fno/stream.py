"""One stream: the rows of an entity, company by company."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dynamics_odata.counting import count_rows
from dynamics_odata.errors import DynamicsError, RefusedError
from dynamics_odata.paging import pages
from dynamics_odata.query import all_of, compare, query_string
from dynamics_singer.errors import PluginError
from dynamics_singer.tap.bookmarks import ModifiedBookmark
from dynamics_singer.tap.shape import Copied, Part
from dynamics_singer.tap.stream import DELETED_AT, DELETED_AT_SCHEMA, Batch, PageStream

from tap_dynamics_fno.advancing import changed_pages
from tap_dynamics_fno.comparison import Comparison
from tap_dynamics_fno.partitions import Partitions
from tap_dynamics_fno.queries import COMPANY, Queries
from tap_dynamics_fno.repetition import without_repeated
from tap_dynamics_fno.replication import SINGER_METHODS, Choice
from tap_dynamics_fno.schemas import entity_schema
from tap_dynamics_fno.values import FnoValues

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dynamics_odata.metadata.model import FnoEntity
    from dynamics_odata.transport import Transport
    from msgspec import Raw
    from singer_sdk import Tap

    from tap_dynamics_fno.settings import ReadSettings

__all__ = ["FnoStream", "Reading"]

_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of an entity: how changes are found, the filter in F&O's dialect, and the companies."""

    entity: FnoEntity
    choice: Choice
    condition: str
    companies: tuple[str, ...]


class FnoStream(PageStream):
    """The rows of one entity set as records."""

    _comparison: Comparison

    def __init__(self, tap: Tap, reading: Reading, *, transport: Transport, settings: ReadSettings) -> None:
        entity, choice = reading.entity, reading.choice
        self._entity = entity
        self._choice = choice
        self._condition = reading.condition
        self._companies = reading.companies if COMPANY in entity.keys else ("",)
        self._transport = transport
        self._settings = settings
        offered = settings.select.get(entity.entity_set) or tuple(entity.properties)
        names = tuple(dict.fromkeys([*entity.keys, *offered, *([choice.stamp] if choice.stamp else [])]))
        self.parts = tuple(Copied(name, name) for name in names)
        schema = entity_schema(entity, names)
        if choice.method == "snapshot":
            self.sends_deletions, self.reads_ahead = True, False
            schema["properties"][DELETED_AT] = DELETED_AT_SCHEMA
        super().__init__(tap, schema=schema, name=entity.entity_set)
        self.primary_keys = entity.keys
        self.forced_replication_method = SINGER_METHODS[self._choice.method]
        self.replication_key = self._choice.stamp or None

    def mender(self, wanted: tuple[Part, ...]) -> FnoValues | Comparison:
        """F&O's empty values and dates at noon become nulls and dates; unchanged records may stay out."""
        values = FnoValues(self._entity, wanted, empty_as_null=self._settings.empty_as_null)
        if self._choice.method != "snapshot":
            return values
        self._comparison = Comparison(values, self._entity, self._settings.data_dir, self.log)
        return self._comparison

    def expected_rows(self) -> int | None:
        """The rows of all companies asked for, when all are to be read."""
        if self._settings.start or (self.stream_state and self._choice.method != "full"):
            return None
        try:
            return sum(map(self._count, self._companies))
        except DynamicsError:  # then no share is shown
            return None

    def _count(self, company: str) -> int:
        """Rows of a company."""
        in_company = compare(COMPANY, "eq", company) if company else ""
        options = query_string(filter=all_of(in_company, self._condition), cross_company=bool(company))
        return count_rows(self._transport, self._entity.entity_set, options)

    def batches(self, wanted: tuple[Part, ...]) -> Iterator[Batch]:
        """Read what is new since the state, company by company, page by page."""
        if self._choice.note:
            self.log("%s", self._choice.note, level=logging.WARNING)
        queries = Queries(
            self._entity,
            wanted,
            self._choice.method,
            self._condition,
            self._choice.stamp,
            self._settings.cross_company,
        )
        query = queries.fingerprint(self._transport.root)
        partitions = Partitions(self.stream_state, query, self._companies, log=self.log)
        readers = {"modified": self._modified, "snapshot": self._compared, "full": self._full}
        reader = readers[self._choice.method]
        started = False
        try:
            for company in self._companies:
                for batch in reader(queries, company, partitions):
                    started = True
                    yield batch
        except RefusedError as error:
            if started or error.status != _FORBIDDEN or self._settings.strict:
                raise
            self.log("skipped, since it may not be read: %s", error, level=logging.WARNING)

    def _full(self, queries: Queries, company: str, partitions: Partitions) -> Iterator[Batch]:
        for rows in self._all_pages(queries, company):
            yield Batch(rows)
        yield Batch((), bookmark=partitions.with_bookmark(company, {}))

    def _all_pages(self, queries: Queries, company: str) -> Iterator[Sequence[Raw]]:
        """The rows of each page, less those that the page before had already."""
        found = (page.rows for page in pages(self._transport, queries.everything(company)))
        return without_repeated(found, self._entity.keys)

    def _compared(self, queries: Queries, company: str, partitions: Partitions) -> Iterator[Batch]:
        """All rows, of which the comparison lets the new and changed ones through; then the vanished ones."""
        comparison = self._comparison
        source = f"{queries.fingerprint(self._transport.root)} {self._settings.empty_as_null}"
        comparison.begin(company, partitions.of(company).get("snapshot"), source)
        try:
            for rows in self._all_pages(queries, company):
                yield Batch(rows)
            for keys in comparison.vanished(queries, self._transport):
                yield Batch((), deleted=keys)
            mark = comparison.end()
        except BaseException:
            comparison.abandon()
            raise
        yield Batch((), bookmark=partitions.with_bookmark(company, {"snapshot": mark}))

    def _modified(self, queries: Queries, company: str, partitions: Partitions) -> Iterator[Batch]:
        bookmark = self._bookmark_of(queries, partitions.of(company))
        found = changed_pages(self._transport, queries, company, bookmark.since)
        for rows, is_last in _marked(without_repeated(found, self._entity.keys)):
            fresh = bookmark.fresh(rows)
            yield Batch(fresh, bookmark=partitions.with_bookmark(company, bookmark.to_state(last=is_last)))

    def _bookmark_of(self, queries: Queries, state: Mapping[str, Any]) -> ModifiedBookmark:
        try:
            return ModifiedBookmark(
                state,
                key=self._entity.keys,
                stamp=queries.stamp,
                lookback=self._settings.lookback,
                start=self._settings.start,
            )
        except ValueError as error:
            raise PluginError(
                f"stream `{self.name}`: replication_key_value in its state is no UTC instant; mend the state "
                "or start without it"
            ) from error


def _marked(found: Iterator[Sequence[Raw]]) -> Iterator[tuple[Sequence[Raw], bool]]:
    """Each page with whether it is the last."""
    waiting: Sequence[Raw] | None = None
    for rows in found:
        if waiting is not None:
            yield waiting, False
        waiting = rows
    if waiting is not None:
        yield waiting, True
