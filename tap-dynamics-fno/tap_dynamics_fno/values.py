"""Values as F&O writes them and as records have them: no nulls there, dates at noon.

Source: F&O: data-entities/odata. X++ knows no null: an empty text comes as ``""``, an empty date as
``1900-01-01T12:00:00Z``, an empty instant as ``1900-01-01T00:00:00Z``, an empty GUID as zeros; a date
without time comes as noon UTC. Empty numbers and enumeration members cannot be told from real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_singer.tap.shape import columns
from msgspec import Raw

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dynamics_odata.metadata.model import FnoEntity
    from dynamics_singer.tap.emission import RecordCodec
    from dynamics_singer.tap.shape import Part
    from msgspec import Struct

__all__ = ["FnoValues"]

_NULL = Raw(b"null")
_NO_DATE = b'"1900-01-01'
_NO_INSTANT = b'"1900-01-01T00:00:00Z"'
_NO_GUID = b'"00000000-0000-0000-0000-000000000000"'
_DAY = len('"2024-05-01')

#: Different dates that are remembered; a year has fewer, an age of birth dates may have more.
_MOST_DATES = 50_000


class FnoValues:
    """Mends the records of one entity; with `empty_as_null` its empty values become null, but not in keys."""

    def __init__(self, entity: FnoEntity, wanted: Sequence[Part], *, empty_as_null: bool) -> None:
        kinds = {name: entity.properties[name].ax_type for name in columns(wanted)}
        self._dates = [name for name, kind in kinds.items() if kind == "Date"]
        blanked = set(kinds) - set(entity.keys) if empty_as_null else set()
        self._instants = [name for name in kinds if name in blanked and kinds[name] == "UtcDateTime"]
        self._guids = [name for name in kinds if name in blanked and kinds[name] == "Guid"]
        self._blanked: Collection[str] = blanked
        self._texts = [name for name in entity.keys if kinds.get(name) in {"String", ""}]
        self._empty_as_null = empty_as_null
        self._days: dict[bytes, Raw] = {}
        self._blank_days: dict[bytes, Raw] = {}

    def mend(self, codec: RecordCodec, records: Sequence[Struct]) -> None:
        """Cut dates to the day; null what is empty among dates, instants and GUIDs."""
        for name in self._dates:
            days, blank = (self._blank_days, True) if name in self._blanked else (self._days, False)
            for record in records:
                text = codec.get(record, name)
                if text is not None:
                    codec.put(record, name, days.get(text) or self._day(text, days, blank=blank))
        for names, empty in ((self._instants, _NO_INSTANT), (self._guids, _NO_GUID)):
            for name in names:
                for record in records:
                    if codec.get(record, name) == empty:
                        codec.put(record, name, _NULL)

    def finish(self, lines: bytes) -> bytes:
        """Null empty texts. A quote inside a text has a backslash before it, so ``:""`` is always a value."""
        if not self._empty_as_null:
            return lines
        lines = lines.replace(b':""', b":null")
        for name in self._texts:  # F&O has no nulls, so one in a key was an empty text
            nulled = b'"%s":null' % name.encode()
            if nulled in lines:
                lines = lines.replace(nulled, b'"%s":""' % name.encode())
        return lines

    @staticmethod
    def _day(text: bytes, days: dict[bytes, Raw], *, blank: bool) -> Raw:
        day = _NULL if blank and text.startswith(_NO_DATE) else Raw(text[:_DAY] + b'"')
        if len(days) < _MOST_DATES:
            days[text] = day
        return day
