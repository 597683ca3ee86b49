"""Reads Singer messages line by line with exact numbers, and hands them to the target.

Lines are decoded by msgspec: numbers with a point become `Decimal`, whole numbers exact ints of any length.
The JSON text of records and states is kept beside the values, so that what is passed on keeps every byte.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, cast

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BROKEN_TEXT = "The row holds half of a surrogate pair, a character that no service can store"
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


class Message(msgspec.Struct, frozen=True):
    """The parts of a Singer message that matter to a target, still undecoded where they are large."""

    type: str
    stream: str = ""
    record: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    schema: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    key_properties: tuple[str, ...] | None = None
    attempt: int = 1
    reason: str = ""
    code: str = ""
    request_id: str = ""
    rejected_at: str = ""


_messages = msgspec.json.Decoder(Message, float_hook=Decimal)
_objects = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class RecordText(msgspec.Struct, frozen=True):
    """A record as values and as JSON text; `flaw` says why it can never be written, "" where it can."""

    values: dict[str, Any]
    raw: bytes
    flaw: str = ""


def read_message(line: bytes) -> tuple[Message, bytes]:
    r"""Decode a line's outer parts; the second value is the line the parts point into (see `read_record`).

    A lone `\\ud800` is refused by every strict decoder, yet the line is JSON: its escape is replaced by one
    of the same length, so that this row becomes a reject instead of ending the run.

    Raises:
        msgspec.DecodeError: the line is no JSON object with a text `type`, or another part has a wrong type.
        UnicodeDecodeError: the line is not UTF-8.
    """
    try:
        return _messages.decode(line), line
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], line)
        if mended == line:
            raise
        return _messages.decode(mended), mended


def read_record(message: Message, decoded: bytes, line: bytes) -> RecordText:
    """The record of a RECORD message: its values, and its text as it stood in `line`.

    Raises:
        msgspec.DecodeError: there is no record, or it is no JSON object.
        UnicodeDecodeError: a text in it is not UTF-8.
    """
    if isinstance(message.record, msgspec.UnsetType):
        raise msgspec.ValidationError("Object missing required field `record`")
    values = _objects.decode(message.record)
    if decoded is line:
        return RecordText(values, bytes(message.record))
    text = bytes(message.record)
    start = decoded.index(text)
    raw = line[start : start + len(text)]
    return RecordText(values, raw, _BROKEN_TEXT if raw != text else "")


def read_object(raw: msgspec.Raw | msgspec.UnsetType, part: str) -> dict[str, Any]:
    """Decode a part of a message that must be a JSON object.

    Raises:
        msgspec.DecodeError: it is absent or something else.
    """
    if isinstance(raw, msgspec.UnsetType):
        raise msgspec.ValidationError(f"Object missing required field `{part}`")
    return _objects.decode(raw)


class ExactReader(GenericSingerReader[bytes]):
    """The SDK's message reader, replaced: exact numbers, and a hook that is told why the reading ended early.

    Callbacks receive dicts: SCHEMA {stream, schema, key_properties, raw}, RECORD {stream, record:
    RecordText}, STATE {value: JSON text as bytes}, every other type {stream}.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_failure: Callable[[BaseException], None] = lambda _error: None

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input, undecoded."""
        return sys.stdin.buffer

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode a line whole (the SDK's own entry point)."""
        return _objects.decode(line)

    def process_lines(
        self,
        file_input: IO[bytes] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
    ) -> Counter[str]:
        """Read to the end, one callback per message; a failure is told to `on_failure`, then raised."""
        counts: Counter[str] = Counter()
        try:
            for number, line in enumerate(_lines(file_input or self.default_input), 1):
                if line:
                    counts[self._dispatch(number, line, callbacks)] += 1
        except BaseException as error:
            self.on_failure(error)
            raise
        return counts

    def _dispatch(
        self, number: int, line: bytes, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> str:
        try:
            message, decoded = read_message(line)
            callback = callbacks.get(message.type)
            if callback is None:
                raise msgspec.ValidationError("unknown message type")
            content = self._content(message, decoded, line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(
                f"Line {number} of the input is not a Singer message: {_fault(error)}",
                hint="Everything before it was written; check the program that feeds this target",
            ) from None
        callback(content)
        return message.type

    @staticmethod
    def _content(message: Message, decoded: bytes, line: bytes) -> dict[str, Any]:
        if message.type == "RECORD":
            return {"stream": message.stream, "record": read_record(message, decoded, line)}
        if message.type == "STATE":
            read_object(message.value, "value")
            return {"value": bytes(cast("msgspec.Raw", message.value))}
        if message.type == "SCHEMA":
            return {
                "stream": message.stream,
                "schema": read_object(message.schema, "schema"),
                "key_properties": message.key_properties or (),
                "raw": line,
            }
        return {"stream": message.stream}


def _lines(file_input: IO[bytes] | IO[str]) -> Iterator[bytes]:
    """Lines without their ends; a text file is read through its byte buffer where it has one."""
    for line in getattr(file_input, "buffer", file_input):
        encoded = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        yield encoded.strip()


def _fault(error: msgspec.DecodeError | UnicodeDecodeError) -> str:
    """What is wrong with a line, without any of its content."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    text = str(error)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
