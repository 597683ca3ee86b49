"""Key filters: `$filter` expressions that find many rows by their keys in few requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dynamics_odata.query import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_KEYS = 100
LONGEST_FILTER = 12_000


@dataclass(slots=True)
class _Chunk:
    """Keys of one filter: for each combination of the other columns the values of the one that varies."""

    groups: dict[tuple[Any, ...], list[str]] = field(default_factory=dict)
    keys: int = 0
    length: int = 0


def key_filters(columns: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    """Filters that together match every row whose `columns` hold one of `keys` (and no other row).

    Keys that share all but one column are written as ``(o eq 1 and (n eq 'a' or n eq 'b'))``. A filter names
    at most 100 keys and, percent-encoded, about 12,000 characters, well below the service's limit for URLs.

    Args:
        columns: read names of the columns (``_x_value`` for a lookup).
        keys: one tuple per row with a value for each column: str, int, Decimal, bool, date, datetime or UUID.
    """
    varying = max(range(len(columns)), key=lambda index: len({key[index] for key in keys})) if keys else 0
    for chunk in _chunks(columns, keys, varying):
        yield " or ".join(
            _group_filter(columns, varying, others, values) for others, values in chunk.groups.items()
        )


def _chunks(columns: Sequence[str], keys: Sequence[tuple[Any, ...]], varying: int) -> Iterator[_Chunk]:
    chunk = _Chunk()
    for key in sorted(keys, key=lambda one: _others(one, varying, str)):
        text = literal(key[varying])
        size = len(quote(text)) + len(columns[varying]) + 20
        others = _others(key, varying)
        if others not in chunk.groups:
            size += sum(len(quote(literal(value))) + 20 for value in others) + sum(map(len, columns))
        if chunk.keys and (chunk.keys == MOST_KEYS or chunk.length + size > LONGEST_FILTER):
            yield chunk
            chunk = _Chunk()
        chunk.groups.setdefault(others, []).append(text)
        chunk.keys += 1
        chunk.length += size
    if chunk.keys:
        yield chunk


def _others(key: tuple[Any, ...], varying: int, form: Any = None) -> tuple[Any, ...]:
    rest = (*key[:varying], *key[varying + 1 :])
    return tuple(map(form, rest)) if form else rest


def _group_filter(columns: Sequence[str], varying: int, others: tuple[Any, ...], values: list[str]) -> str:
    rest = [column for index, column in enumerate(columns) if index != varying]
    fixed = [f"{column} eq {literal(value)}" for column, value in zip(rest, others, strict=True)]
    alternatives = " or ".join(f"{columns[varying]} eq {value}" for value in values)
    if not fixed:
        return alternatives
    return f"({' and '.join(fixed)} and ({alternatives}))"
