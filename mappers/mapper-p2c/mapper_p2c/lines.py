"""Singer lines as bytes: taking the envelope off a line, and telling a broken line from one with bad text.

The fast decoder refuses a line that holds half of a surrogate pair anywhere. Such a line is JSON all the
same, and one poisoned row must not end a run, so the standard library reads it a second time.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from mapper_p2c.errors import InputError

_RECORD = re.compile(r'"record"\s*:\s*')


class Envelope(msgspec.Struct):
    """A message without its content; `record` is the raw record of a RECORD line."""

    type: str = ""
    stream: str = ""
    record: Raw | UnsetType = UNSET

    @property
    def raw_record(self) -> bytes:
        """The record's own bytes; empty where the line has none."""
        return b"" if self.record is UNSET else bytes(self.record)


_decode = msgspec.json.Decoder(Envelope).decode


def envelope(line: bytes, where: str) -> Envelope:
    """Take the envelope off a line.

    Args:
        line: one Singer message.
        where: how messages name the line; its content is never shown.

    Raises:
        InputError: the line is no JSON object, or has no `type`.
    """
    try:
        found = _decode(line)
    except msgspec.DecodeError:
        found = _second_reading(line, where)
    if not found.type:
        raise InputError(
            f"{where}: the message has no `type`; the plugin before the mapper must write Singer messages."
        )
    return found


def _second_reading(line: bytes, where: str) -> Envelope:
    try:
        text = line.decode("utf-8")
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise InputError(
            f"{where}: this is no JSON object; the plugin before the mapper must write Singer messages, "
            "one a line, and log to stderr only."
        )
    found = Envelope(str(parsed.get("type", "")), str(parsed.get("stream", "")))
    start = _RECORD.search(text)
    if start and isinstance(parsed.get("record"), dict):
        _, end = json.JSONDecoder().raw_decode(text, start.end())
        found.record = Raw(text[start.end() : end].encode())
    return found


def members(record: bytes, names: tuple[str, ...]) -> tuple[Any, ...]:
    """Some members of a raw record that the fast decoder refuses; absent ones are None."""
    parsed = json.loads(record)
    return tuple(parsed.get(name) for name in names)
