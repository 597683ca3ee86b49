"""The batches sent to F&O: reads by key, and writes with one change set per row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from dynamics_odata.batch import BatchPart, BatchReply, ChangeSet, send_batch
from dynamics_odata.edm import decimal_text
from dynamics_odata.query import query_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynamics_odata.transport import Transport

# F&O takes 5,000 operations a batch and advises small ones (service-protection-maximizing-api-throughput); a
# batch of writes must end well inside `request_timeout`, at up to a second a row on wide entities.
READS_PER_BATCH = 100
WRITES_PER_BATCH = 50

_encoder = msgspec.json.Encoder()
_CROSS_COMPANY = query_string(cross_company=True)


@dataclass(frozen=True, slots=True)
class Write:
    """One row to write: POST to the set or PATCH at the row's address."""

    method: str
    address: str
    values: dict[str, Any]


def read_rows(transport: Transport, addresses: Sequence[str], select: Iterable[str]) -> list[BatchReply]:
    """GET rows by key, all companies in sight; one reply per address, in order."""
    # Without the switch only the user's own company is searched (F&O: cross-company-behavior).
    query = query_string(select=select, cross_company=True)
    return send_batch(
        transport, [BatchPart("GET", f"{address}{query}") for address in addresses], continue_on_error=True
    )


def write_rows(transport: Transport, writes: Sequence[Write]) -> list[BatchReply]:
    """Send writes in order, each in a change set of its own; one reply per write, in order."""
    return send_batch(
        transport, [ChangeSet([_part(write)]) for write in writes], continue_on_error=True, repeatable=False
    )


def _part(write: Write) -> BatchPart:
    # The batch's own address cannot speak for its parts: each key address needs the switch itself.
    query = "" if write.method == "POST" else _CROSS_COMPANY
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return BatchPart(write.method, f"{write.address}{query}", headers, encode(write.values))


def encode(values: dict[str, Any]) -> bytes:
    """A JSON body with every digit of its decimals and without exponents."""
    return _encoder.encode(
        {
            name: msgspec.Raw(decimal_text(value).encode()) if isinstance(value, Decimal) else value
            for name, value in values.items()
        }
    )
