"""Singer lines of a file for the commands: a whole stream, or one plain record with a SCHEMA made for it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from mapper_p2c.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mapper_p2c.templates import Template


def singer_lines(path: Path, template: Template, stream: str | None = None) -> Iterator[bytes]:
    """The lines of a file; a file with one plain JSON record becomes a SCHEMA and a RECORD.

    Raises:
        InputError: the file cannot be read, holds no JSON, or does not say which stream its record is of.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read ({error.strerror}).") from None
    lines = [line for line in content.splitlines() if line.strip()]
    if lines and _is_message(lines[0]):
        yield from lines
        return
    try:
        record = json.loads(content, parse_float=Decimal)
    except ValueError as error:
        raise InputError(f"{path}: neither Singer lines nor one JSON record: {error}.") from None
    if not isinstance(record, dict):
        raise InputError(f"{path}: a record is a JSON object.")
    name = _stream(template, stream)
    schema = {"type": "SCHEMA", "stream": name, "schema": _schema(template, name, record)}
    yield json.dumps(schema).encode()
    yield b'{"type":"RECORD","stream":%b,"record":%b}' % (json.dumps(name).encode(), b" ".join(lines))


def _is_message(line: bytes) -> bool:
    try:
        message = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(message, dict) and message.get("type") in {"SCHEMA", "RECORD", "STATE"}


def _stream(template: Template, stream: str | None) -> str:
    known = dict.fromkeys(task.source.stream for task in template.tasks)
    if stream is None and len(known) == 1:
        return next(iter(known))
    if stream is None:
        raise InputError(
            f"The template reads {', '.join(known)}; say with --stream which one the record is of."
        )
    if stream not in known:
        raise InputError(f"The template does not read {stream!r}{nearest(stream, known, listed=True)}")
    return stream


def _schema(template: Template, stream: str, record: dict[str, Any]) -> dict[str, Any]:
    """A schema that fits the record and has every field that the template reads."""
    schema = _fitting(record)
    for task in template.tasks:
        if task.source.stream != stream:
            continue
        paths = [source for row in task.rows for source in row.sources]
        for path in (*paths, *(given.field for given in task.source.filter)):
            _add(schema, path.split("."))
    return schema


def _fitting(value: Any) -> dict[str, Any]:
    """A JSON schema that fits a value; null fits everything."""
    if isinstance(value, dict):
        properties = {name: _fitting(each) for name, each in value.items()}
        return {"type": ["object", "null"], "properties": properties}
    for kind, name in ((bool, "boolean"), (int, "integer"), (Decimal, "number"), (str, "string")):
        if isinstance(value, kind):
            return {"type": [name, "null"]}
    return {}


def _add(schema: dict[str, Any], path: list[str]) -> None:
    for name in path[:-1]:
        schema = schema.setdefault("properties", {}).setdefault(name, {})
        schema["type"] = ["object", "null"]
    schema.setdefault("properties", {}).setdefault(path[-1], {})
