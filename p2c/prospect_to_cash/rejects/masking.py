"""Hides what a record says while its key and the reason of its refusal stay readable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MASK = "•••"

#: Shorter values are no personal data, and would hide parts of words.
_SHORTEST = 3


def masked_record(record: Any, keys: Iterable[str]) -> Any:
    """A record with every value hidden but those of its key; names, nulls, true and false stay."""
    if isinstance(record, dict):
        shown = set(keys)
        return {name: value if name in shown else masked_record(value, ()) for name, value in record.items()}
    if isinstance(record, list):
        return [masked_record(one, ()) for one in record]
    return record if record is None or isinstance(record, bool) else MASK


def masked_reason(reason: str, record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """A reason without the record's values, and without what a plugin quoted from it at the reason's end."""
    quoted = re.sub(r': "(?:[^"]|"(?!$))*"$', f': "{MASK}"', reason)
    shown = {str(value) for name in keys for value in _values(record.get(name))}
    hidden = {text for value in _values(record) if len(text := str(value)) >= _SHORTEST} - shown
    for text in sorted(hidden, key=len, reverse=True):
        quoted = quoted.replace(text, MASK)
    return quoted


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part)
    elif value is not None and not isinstance(value, bool):
        yield value
