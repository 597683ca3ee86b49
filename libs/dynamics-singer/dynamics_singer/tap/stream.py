"""A stream read page by page inside singer-sdk's frame.

Settings, catalog, selection, state and metrics are the SDK's. Rows go from page to RECORD lines in the fast
encoder. Where stream maps or flattening change a stream, its records take the SDK's normal, slower path after
the encoder; numbers then keep their exact value but may change their spelling (``0.0000`` becomes ``0E-4``).
"""

from __future__ import annotations

import abc
import json
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynamics_odata.errors import DynamicsError
from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import Metadata

from dynamics_singer.errors import PluginError
from dynamics_singer.tap.catalog import with_extensions
from dynamics_singer.tap.emission import record_frame
from dynamics_singer.tap.encoding import Encoder, as_record
from dynamics_singer.tap.output import LineWriter
from dynamics_singer.tap.progress import LogDisplay, Progress, StreamProgress
from dynamics_singer.tap.read_ahead import keep_freed_memory, read_ahead
from dynamics_singer.tap.shape import Part, selected

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from msgspec import Raw
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.metrics import Counter
    from singer_sdk.singerlib import Catalog, SchemaMessage

    from dynamics_singer.tap.encoding import Mender
    from dynamics_singer.tap.lookups import BulkLookup
    from dynamics_singer.tap.side_by_side import SideBySide

__all__ = ["DELETED_AT", "DELETED_AT_SCHEMA", "Batch", "PageStream"]

DELETED_AT = "_sdc_deleted_at"
"""The column that marks a record as deleted (Singer convention), an instant."""

DELETED_AT_SCHEMA: dict[str, Any] = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "When the deletion was seen; set on records of deleted rows only.",
}


@dataclass(frozen=True, slots=True)
class Batch:
    """What one page brings: rows, keys of deleted rows, and the bookmark that covers all of it.

    A key of a deleted row is the JSON object of the stream's key properties; `unnamed` counts deletions whose
    key is not known. `bookmark` is None where the order does not allow resuming after this page.
    """

    rows: Sequence[Raw]
    deleted: Sequence[bytes] = ()
    bookmark: Mapping[str, Any] | None = None
    unnamed: int = 0


class PageStream(Stream, abc.ABC):
    """Base of every stream of our taps.

    A subclass says what its records look like (`parts`, `schema`) and yields `batches`; all that happens to a
    row on its way out is here.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # the encoder's values are JSON already

    parts: tuple[Part, ...] = ()
    """All the stream offers; the catalog's selection cuts it down."""

    _is_described = False

    reads_ahead: bool = True
    """Whether the next page is fetched while the last one is written. A stream that learns from the records
    of one page what to do after it must not."""

    sends_deletions: bool = False
    """Whether the schema has a column for deletions; else they are only counted."""

    @abc.abstractmethod
    def batches(self, wanted: tuple[Part, ...]) -> Iterator[Batch]:
        """Read the stream, page by page, from where its state says; `wanted` is what the catalog selects."""

    def lookups(self, wanted: tuple[Part, ...]) -> Sequence[BulkLookup] | None:
        """How nested objects are filled when the server does not expand them; None when it does."""
        del wanted
        return None

    def mender(self, wanted: tuple[Part, ...]) -> Mender | None:
        """What turns the service's values into those of records; None where they are the same."""
        del wanted
        return None

    def expected_rows(self) -> int | None:
        """How many rows there are to read, None where that is not known; asked for on a terminal only."""
        return None

    def get_records(self, context: Context | None) -> Iterable[Record]:
        """The SDK's record-wise door, for callers that want plain dictionaries; writes no state."""
        del context
        wanted = self.wanted()
        encoder = Encoder(wanted, self.lookups(wanted), self.mender(wanted))
        for batch in self.batches(wanted):
            for records, _ in encoder.encoded(batch.rows):
                yield from map(as_record, records.splitlines())

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """No signpost: the bookmark never goes past what was read, so no clock is needed to hold it back."""

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and schema from the catalog; it may leave out the key, but not deselect it.

        The replication method was chosen with the catalog in mind when the stream was made, and stays.
        """
        entry = catalog.get_stream(self.name)
        if entry is not None:
            entry.key_properties = entry.key_properties or list(self.primary_keys)
            always = {name for name in (*entry.key_properties, self.replication_key) if name}
            inside = [crumbs for crumbs in entry.metadata if crumbs[1:2] and crumbs[1] in always]
            for crumbs in [*inside, *(("properties", name) for name in always)]:
                entry.metadata[crumbs] = Metadata(inclusion=Metadata.InclusionType.AUTOMATIC)
        chosen = (self.forced_replication_method, self.replication_key)
        super().apply_catalog(catalog)
        self.forced_replication_method, self.replication_key = chosen

    def wanted(self) -> tuple[Part, ...]:
        """The parts selected by the catalog; key and replication key cannot be deselected."""
        mask = self.mask
        always = {*self.primary_keys, self.replication_key}

        def is_selected(path: tuple[str, ...]) -> bool:
            crumbs = tuple(crumb for name in path for crumb in ("properties", name))
            return path[0] in always or mask[crumbs]

        return selected(self.parts, is_selected)

    def read(self) -> None:
        """Read the stream from its SCHEMA to its last STATE, in whatever thread this is."""
        self._write_schema_message()
        with self.get_record_counter() as counter, self.get_sync_timer():
            try:
                self._sync_pages(counter)
            except DynamicsError as error:
                raise PluginError(f"stream `{self.name}`: {error}") from error

    @cached_property
    def _progress(self) -> Progress:
        """The run's progress; a tap that is not ours has none, so the stream keeps its own."""
        shared: Progress | None = getattr(self._tap, "progress", None)
        return shared or Progress(LogDisplay(self.logger), 1)

    @property
    def _side_by_side(self) -> SideBySide | None:
        side_by_side: SideBySide | None = getattr(self._tap, "side_by_side", None)
        return side_by_side

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        if context or not write_messages:
            raise PluginError(f"stream `{self.name}` knows neither partitions nor BATCH messages")
        if self._side_by_side is None or self.ABORT_AT_RECORD_COUNT is not None:  # --test: one at a time
            self.read()
        else:
            self._side_by_side.wait_for(self.name)
        yield from ()

    def _write_schema_message(self) -> None:
        """Put out SCHEMA, once: before the first record, or when the SDK comes to the stream."""
        with self._undivided():
            if not self._is_described:
                self._is_described = True
                super()._write_schema_message()

    def _sync_pages(self, counter: Counter) -> None:
        wanted = self.wanted()
        encoder = Encoder(wanted, self.lookups(wanted), self.mender(wanted))
        keep_freed_memory()
        with self._progress.stream(self.name, self.expected_rows) as counts:
            batches = self.batches(wanted)
            for batch in read_ahead(batches) if self.reads_ahead else batches:
                self._emit(batch, encoder, counts, counter)
                if batch.bookmark is not None:
                    self._bookmark(batch.bookmark)
                self._progress.moved(counts)
                if self._side_by_side is not None:
                    self._side_by_side.check()
        if counts.dropped:
            self.log("%d deletions not sent", counts.dropped)

    def _emit(self, batch: Batch, encoder: Encoder, counts: StreamProgress, counter: Counter) -> None:
        limit = self.ABORT_AT_RECORD_COUNT
        rows = batch.rows if limit is None else batch.rows[: limit - counts.sent]
        now = datetime.now(timezone.utc).isoformat()
        frame = record_frame(self.name, now)
        for records, number in encoder.encoded(rows):
            self._write(records, frame)
            counts.sent += number
            counter.increment(number)
        if limit is not None and len(batch.rows) > len(rows):
            self._check_max_record_limit(current_record_index=counts.sent)
        counter.increment(self._emit_deleted(batch, now, counts))

    def _emit_deleted(self, batch: Batch, now: str, counts: StreamProgress) -> int:
        """Send a record for each deleted row whose key is known; gives how many were sent."""
        counts.dropped += batch.unnamed
        if not self.sends_deletions or not self.mask["properties", DELETED_AT]:
            counts.dropped += len(batch.deleted)
            return 0
        ending = f",{json.dumps({DELETED_AT: now})[1:]}\n".encode()
        records = b"".join(key[:-1] + ending for key in batch.deleted)
        self._write(records, record_frame(self.name, now))
        counts.deleted += len(batch.deleted)
        return len(batch.deleted)

    def _write(self, records: bytes, frame: Callable[[bytes], bytes]) -> None:
        """Put out encoded records, one a line; `frame` makes messages of them."""
        writer = self._tap.message_writer
        if self._is_plain() and isinstance(writer, LineWriter):
            writer.write_lines(frame(records))
            return
        for record in records.splitlines():
            self._write_record_message(as_record(record))

    def _is_plain(self) -> bool:
        """Whether records leave as they are: no stream map, alias, flattening or second projection."""
        maps = self.stream_maps
        return (
            len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_enabled
            and maps[0].stream_alias == self.name
        )

    def _bookmark(self, bookmark: Mapping[str, Any]) -> None:
        """Make `bookmark` the stream's state and put out STATE; everything it covers is out already."""
        with self._undivided():
            state = self.stream_state
            state.clear()
            state.update(bookmark)
            self.state_manager.is_flushed = False
            self._write_state_message()

    def _write_state_message(self) -> None:
        """Put out STATE while no other stream changes its own part of it."""
        with self._undivided():
            super()._write_state_message()

    def _undivided(self) -> AbstractContextManager[None]:
        writer = self._tap.message_writer
        return writer.undivided() if isinstance(writer, LineWriter) else nullcontext()

    def _generate_schema_messages(self) -> Iterator[SchemaMessage]:  # type: ignore[override] # SDK says Generator
        for message in super()._generate_schema_messages():
            message.schema = with_extensions(message.schema, self.schema)
            yield message
