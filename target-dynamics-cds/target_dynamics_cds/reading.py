"""Reading: rows of a table found by many keys at once, matched to the keys as Dataverse compares them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from dynamics_odata.batch import BatchPart, send_batch
from dynamics_odata.paging import pages
from dynamics_odata.query import query_string

from target_dynamics_cds.key_filters import key_filters
from target_dynamics_cds.keys import folded
from target_dynamics_cds.values import key_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dynamics_odata.metadata.model import Column, Table
    from dynamics_odata.transport import Transport

    from target_dynamics_cds.keys import KeyValues

Record = dict[str, Any]
"""A row as the Web API answers it: column or ``_x_value`` to value, numbers with a point as Decimal."""

MOST_READS = 100
_rows = msgspec.json.Decoder(Record, float_hook=Decimal)


class _Answer(msgspec.Struct, frozen=True):
    value: list[Record]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


_answers = msgspec.json.Decoder(_Answer, float_hook=Decimal)


def find_rows(
    transport: Transport,
    table: Table,
    columns: Sequence[Column],
    keys: Sequence[KeyValues],
    *,
    select: Iterable[str] = (),
) -> dict[KeyValues, list[Record]]:
    """The rows whose `columns` hold each key: one request for up to 100 keys, one `$batch` for more.

    Args:
        transport: where to ask.
        table: whose rows.
        columns: key columns, lookups as their ``_x_value``.
        keys: resolved keys (no nested tuples).
        select: columns to read beside the primary id and the key's own.

    Returns:
        The rows of each key, by the key folded (see `keys.folded`); a key that several rows share when case
        is ignored has the one that equals it exactly, if there is one.
    """
    if not keys:
        return {}
    names = [column.name for column in columns]
    wanted = list(dict.fromkeys([table.primary_id, *names, *select]))
    urls = [
        table.entity_set + query_string(select=wanted, filter=condition)
        for condition in key_filters(names, keys)
    ]
    rows = _read_one(transport, urls[0]) if len(urls) == 1 else _read_many(transport, urls)
    return _matched(columns, keys, rows)


def _read_one(transport: Transport, url: str) -> Iterator[Record]:
    for page in pages(transport, url):
        for row in page.rows:
            yield _rows.decode(row)


def _read_many(transport: Transport, urls: Sequence[str]) -> Iterator[Record]:
    for start in range(0, len(urls), MOST_READS):
        parts = [BatchPart("GET", url) for url in urls[start : start + MOST_READS]]
        for reply in send_batch(transport, parts, continue_on_error=False):
            if reply.failure:
                raise reply.failure
            answer = _answers.decode(reply.reply.body)
            yield from answer.value
            if answer.next_link:
                yield from _read_one(transport, answer.next_link)


def _matched(
    columns: Sequence[Column], keys: Sequence[KeyValues], rows: Iterable[Record]
) -> dict[KeyValues, list[Record]]:
    by_key: dict[KeyValues, list[tuple[KeyValues, Record]]] = {}
    for row in rows:
        exact = tuple(key_value(column, row.get(column.name)) for column in columns)
        by_key.setdefault(folded(exact), []).append((exact, row))
    found: dict[KeyValues, list[Record]] = {}
    for key in keys:
        near = by_key.get(folded(key), [])
        same = [row for exact, row in near if exact == key]
        found[folded(key)] = same if len(same) == 1 else [row for _exact, row in near]
    return found
