"""Turns rows of a page into RECORD lines without making Python objects of their values.

Each column is a field of kind `msgspec.Raw`, so a number leaves with the very digits it came with. Columns
nobody asked for and annotations fall out by themselves. A `Raw` is copied unseen, so what could break a line
(line ends between tokens, bytes that are no UTF-8) is looked for once in the finished lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from dynamics_singer.tap.shape import Copied, Part, Related, is_renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["CHUNK", "RecordCodec", "chunks", "decode_row", "record_frame"]

CHUNK = 100
"""Rows decoded, encoded and written in one go. Their lines, 200 kB, stay in memory that is already at hand:
250 rows cost 1.6 times as much, since every chunk then asks the system for fresh pages."""

_ENCODER = msgspec.json.Encoder()
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([0-9a-fA-F]{4})|.)")
_BLANKED = bytes.maketrans(b"\r\n", b"  ")
_SURROGATES = range(0xD800, 0xE000)


class RecordCodec:
    """Decodes server rows of one shape and encodes the records made of them.

    With `expanded` the lookups arrive inside the row (``$expand``); without, each is an empty field that the
    caller fills by `put` before encoding. `hidden` columns are decoded, may be read by `get`, and are never
    encoded.
    """

    def __init__(self, parts: Sequence[Part], *, expanded: bool = True, hidden: Sequence[str] = ()) -> None:
        self._attributes: dict[str, str] = {}
        self._nested: dict[int, RecordCodec] = {}
        kinds: list[tuple[str, Any, Any]] = []
        arriving: dict[str, str] = {}
        leaving: dict[str, str] = {}
        for index, part in enumerate(parts):
            attribute = f"part{index}"
            arriving[attribute] = part.source if isinstance(part, Copied) else part.navigation
            leaving[attribute] = part.name
            kinds.append((attribute, self._kind(index, part, expanded=expanded), UNSET))
        known = set(arriving.values())
        for index, name in enumerate(name for name in dict.fromkeys(hidden) if name not in known):
            arriving[f"hidden{index}"] = leaving[f"hidden{index}"] = name
            kinds.append((f"hidden{index}", Raw | UnsetType, UNSET))
        self._attributes = {name: attribute for attribute, name in arriving.items()}
        self._hidden = [attribute for attribute in arriving if attribute.startswith("hidden")]
        self.arriving: Any = msgspec.defstruct("Arriving", kinds, rename=arriving)
        self._leaving: Any = None
        if is_renamed(parts):
            self._leaving = msgspec.defstruct(
                "Leaving", [(name, Any, UNSET) for name in arriving], rename=leaving
            )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self.arriving)

    def _kind(self, index: int, part: Part, *, expanded: bool) -> Any:
        if isinstance(part, Related) and expanded:
            self._nested[index] = RecordCodec(part.parts)
            return self._nested[index].arriving | None | UnsetType
        return Raw | UnsetType

    def decode(self, rows: Iterable[Raw]) -> list[Struct]:
        """Decode rows; a row that is no object raises `msgspec.ValidationError`."""
        rows = list(rows)
        decode = self._decoder.decode
        try:
            return [decode(row) for row in rows]
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return [decode_row(self._decoder, row) for row in rows]

    def get(self, record: Struct, source: str) -> bytes | None:
        """JSON text of a column of a decoded row, None where it is null or not there."""
        value = getattr(record, self._attributes[source])
        text = bytes(value) if isinstance(value, Raw) else b"null"
        return None if text == b"null" else text

    def put(self, record: Struct, source: str, value: Raw) -> None:
        """Fill a field of a decoded row with JSON text."""
        setattr(record, self._attributes[source], value)

    def encode(self, record: Struct) -> bytes:
        """JSON of the record, names as they leave; fields the server did not send stay out."""
        return _one_line(_ENCODER.encode(self._outgoing(record)))

    def encode_lines(self, records: Sequence[Struct]) -> bytes:
        """JSON of the records, each on a line of its own."""
        outgoing = self._as_they_leave(records)
        lines = _ENCODER.encode_lines(outgoing)
        if lines.count(b"\n") == len(outgoing) and b"\r" not in lines and _is_utf8(lines):
            return lines
        return b"".join(_one_line(_ENCODER.encode(record)) + b"\n" for record in outgoing)

    def _as_they_leave(self, records: Sequence[Struct]) -> Sequence[Any]:
        if self._leaving is None and not self._hidden:
            return records
        return [self._outgoing(record) for record in records]

    def _outgoing(self, record: Struct) -> Any:
        for attribute in self._hidden:
            setattr(record, attribute, UNSET)
        return record if self._leaving is None else self.renamed(record)

    def renamed(self, record: Struct) -> Any:
        """The same record under the names it leaves with, nested ones included."""
        values = list(msgspec.structs.astuple(record))
        for index, codec in self._nested.items():
            if isinstance(values[index], Struct):
                values[index] = codec.renamed(values[index])
        return record if self._leaving is None else self._leaving(*values)


def decode_row(decoder: msgspec.json.Decoder[Any], row: Raw) -> Any:
    """Decode what `decoder` wants of one row, whatever stands in the row's other columns."""
    try:
        return decoder.decode(row)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decoder.decode(_without_lone_surrogates(_one_line(bytes(row))))


def _one_line(data: bytes) -> bytes:
    """The same JSON on one line of valid UTF-8.

    JSON allows raw line ends between tokens only, so blanking them changes no value.
    """
    if b"\n" in data or b"\r" in data:
        data = data.translate(_BLANKED)
    return data if _is_utf8(data) else data.decode("utf-8", "replace").encode()


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_lone_surrogates(data: bytes) -> bytes:
    """Replace each escaped half of a surrogate pair, which no UTF-8 text can hold, by U+FFFD."""
    return _ESCAPE.sub(_sound_escape, data)


def _sound_escape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return rb"\ufffd" if code and int(code, 16) in _SURROGATES else match.group()


def chunks(rows: Sequence[Raw], size: int = CHUNK) -> Iterator[Sequence[Raw]]:
    """Cut a page into pieces of at most `size` rows."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def record_frame(stream: str, time_extracted: str) -> Callable[[bytes], bytes]:
    """Give a function that makes RECORD lines of a stream out of encoded records, one a line."""
    head = b'{"type":"RECORD","stream":' + _ENCODER.encode(stream) + b',"record":'
    tail = b',"time_extracted":' + _ENCODER.encode(time_extracted) + b"}\n"
    between = tail + head

    def frame(records: bytes) -> bytes:
        return b"".join((head, records[:-1].replace(b"\n", between), tail)) if records else b""

    return frame
