"""The rows of a stream compared with those of the last run, company by company: the method `snapshot`."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from dynamics_odata.paging import pages
from dynamics_singer.errors import PluginError
from dynamics_singer.tap.encoding import Encoder
from dynamics_singer.tap.shape import Copied
from dynamics_singer.tap.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dynamics_odata.metadata.model import FnoEntity
    from dynamics_odata.transport import Transport
    from dynamics_singer.tap.emission import RecordCodec
    from msgspec import Struct

    from tap_dynamics_fno.queries import Queries
    from tap_dynamics_fno.values import FnoValues

__all__ = ["Comparison"]

_KEYS_AT_ONCE = 20
"""Keys asked for in one filter; F&O refuses `in`, and long addresses are refused on the way."""


class Comparison:
    """Lets only new and changed records through; one company is read at a time.

    Args:
        values: turns F&O's values into those of records, before they are compared.
        entity: gives the key.
        folder: where the fingerprints of the last run lie.
        log: takes a text, its arguments and `level`.
    """

    def __init__(self, values: FnoValues, entity: FnoEntity, folder: Path, log: Callable[..., None]) -> None:
        self._values = values
        self._entity = entity
        self._folder = folder
        self._log = log
        self._names = [(name, msgspec.json.encode(name)) for name in entity.keys]
        self._keys: list[bytes] = []
        self._snapshot: Snapshot | None = None

    def begin(self, company: str, before: object, source: str) -> None:
        """Compare what comes next with what was read of the company before.

        Raises:
            PluginError: the fingerprints cannot be kept where `data_dir` says.
        """
        name = f"{self._entity.entity_set}-{company}" if company else self._entity.entity_set
        try:
            self._snapshot = Snapshot(self._folder, name, before, source)
        except OSError as error:
            raise PluginError(
                f"stream `{self._entity.entity_set}`: fingerprints of its rows cannot be kept in "
                f"{self._folder} ({error.strerror}); correct `data_dir`, or set its `replication` to full"
            ) from error
        if before and self._snapshot.before is None:
            self._log(
                "no fingerprints of the last run in %s: all rows count as new, deletions are not seen",
                self._folder,
                level=logging.WARNING,
            )

    def mend(self, codec: RecordCodec, records: Sequence[Struct]) -> None:
        """Mend the values and note the keys, as JSON objects."""
        self._values.mend(codec, records)
        self._keys = [
            b"{%b}"
            % b",".join(b"%b:%b" % (text, codec.get(record, name) or b"null") for name, text in self._names)
            for record in records
        ]

    def finish(self, lines: bytes) -> bytes:
        """The records that are new or changed."""
        finished = self._values.finish(lines)
        if self._snapshot is None:
            return finished
        news = self._snapshot.news(self._keys, finished.split(b"\n")[:-1])
        return b"".join(line + b"\n" for line in news)

    def vanished(self, queries: Queries, transport: Transport) -> Iterator[list[bytes]]:
        """Keys of rows that are gone, each looked for once more.

        A row may be missing among the pages because others were deleted while they were read: F&O pages by
        offset. Such a row is no deletion, and the next run reads it. Nor is one that the filter does not let
        through any more.
        """
        if self._snapshot is None:
            return
        missing = self._snapshot.vanished()
        while chunk := list(islice(missing, _KEYS_AT_ONCE)):
            skipped = self._there(chunk, queries, transport)
            self._snapshot.keep([key for key in chunk if key in skipped])
            rest = [key for key in chunk if key not in skipped]
            if rest and queries.filter:
                unfiltered = self._there(rest, replace(queries, filter=""), transport)
                rest = [key for key in rest if key not in unfiltered]
            yield rest

    def end(self) -> dict[str, str]:
        """Write the fingerprints down; gives what STATE has to say of them."""
        if self._snapshot is None:
            return {}
        if self._snapshot.is_suspicious:
            text = "no row came where there were some: taken for a fault, not for their deletion"
            self._log(text, level=logging.WARNING)
        snapshot, self._snapshot = self._snapshot, None
        return snapshot.finish()

    def abandon(self) -> None:
        """Forget what was written, after a read that broke."""
        if self._snapshot is not None:
            self._snapshot.abandon()

    def _there(self, keys: Sequence[bytes], queries: Queries, transport: Transport) -> set[bytes]:
        """Those of some keys whose rows exist and pass the filter."""
        wanted = [msgspec.json.decode(key) for key in keys]
        rows = [row for page in pages(transport, queries.of_keys(wanted)) for row in page.rows]
        encoder = Encoder([Copied(name, name) for name in self._entity.keys], None, self._values)
        return {line for lines, _ in encoder.encoded(rows) for line in lines.splitlines()}
