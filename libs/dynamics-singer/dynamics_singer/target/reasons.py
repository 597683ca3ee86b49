"""What the log says about rejects: one line per kind of fault, the row's values hidden, its keys kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

HIDDEN = "…"
_SHOWN_KEYS = 3
_SHOWN_GROUPS = 20
_LONGEST = 600
_QUOTES = "'\"`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_TELLING_LENGTH = 4  # shorter values are hidden only where the service quotes them


def hide_values(reason: str, record: Mapping[str, Any], keys: Sequence[str] = ()) -> str:
    """The reason without the row's values: hidden where quoted, and anywhere once long enough to tell.

    Args:
        reason: text of the service or of ours.
        record: the row's values, nested ones included.
        keys: the parts of the row's key; they stay readable.
    """
    text = " ".join(reason.split())
    kept = {key.casefold() for key in keys}
    for value in _values_in(text, record):
        if value.casefold() in kept:
            continue
        for quoted in {value, value.replace("'", "''")}:
            pattern = f"(?<=[{_QUOTES}]){re.escape(quoted)}(?=[{_QUOTES}])"
            text = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
        if len(value) >= _TELLING_LENGTH:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, text, flags=re.IGNORECASE)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + HIDDEN


def key_text(key: Sequence[Hashable]) -> str:
    """A key as people write it: its parts joined by a slash."""
    return "/".join(str(part) for part in key)


def _values_in(text: str, record: Mapping[str, Any]) -> list[str]:
    """The row's values that occur in the text, longest first, so that none hides a part of a longer one."""
    folded = text.casefold().replace("''", "'")
    found = {value for value in map(_flat, _scalars(record)) if value and value.casefold() in folded}
    return sorted(found, key=len, reverse=True)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    elif value is not None and not isinstance(value, bool):
        yield value


def _flat(value: Any) -> str:
    return " ".join(str(value).split())


@dataclass(slots=True)
class _Group:
    text: str
    count: int = 0
    keys: list[str] = field(default_factory=list)


class RejectLog:
    """Collects the rejects of one stream and words them for the log."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}

    def add(self, reason: str, code: str, record: Mapping[str, Any], key: Sequence[Hashable]) -> None:
        """Count a reject; `key` is empty when the row has no usable one."""
        parts = [str(part) for part in key if part not in {None, ""}]
        text = hide_values(reason, record, parts)
        pattern = text
        for part in sorted(parts, key=len, reverse=True):
            pattern = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "<key>", pattern, flags=re.IGNORECASE)
        group = self._groups.setdefault((pattern, code), _Group(text))
        group.count += 1
        if len(group.keys) < _SHOWN_KEYS:
            group.keys.append(key_text(key) if key else "(no usable key)")

    def lines(self, owner: str, stream: str, file: str) -> Iterator[str]:
        """One line per kind of fault, the most frequent first."""
        groups = sorted(self._groups.items(), key=lambda item: -item[1].count)
        for (_pattern, code), group in groups[:_SHOWN_GROUPS]:
            rows = "1 row" if group.count == 1 else f"{group.count} rows"
            label = f" ({code})" if code else ""
            more = ", …" if group.count > len(group.keys) else ""
            yield (
                f"{owner} {stream}: {rows} rejected{label}: {group.text.rstrip('.')}. "
                f"Keys: {', '.join(group.keys)}{more}. Kept in {file}"
            )
        rest = groups[_SHOWN_GROUPS:]
        if rest:
            count = sum(group.count for _pattern, group in rest)
            yield f"{owner} {stream}: {count} more rows rejected, {len(rest)} other reasons. Kept in {file}"
