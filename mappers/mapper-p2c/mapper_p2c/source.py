"""The source side of a task: which fields of a stream are read, checked against its SCHEMA, and decoded.

A record decodes into a struct that has only the fields the task needs. Numbers stay raw JSON, so that copied
digits never change; text, whole numbers and booleans are checked while they decode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from mapper_p2c.errors import InputError, nearest

#: How a field of each kind decodes; `any` covers unions and fields without type.
_DECODED: dict[str, Any] = {
    "text": str | None | UnsetType,
    "integer": int | None | UnsetType,
    "boolean": bool | None | UnsetType,
    "number": Raw | UnsetType,
    "any": Raw | UnsetType,
}
_KINDS = {
    "string": "text",
    "integer": "integer",
    "boolean": "boolean",
    "number": "number",
    "object": "object",
}

#: Marks a deleted row in Singer streams.
DELETED_AT = "_sdc_deleted_at"


@dataclass(frozen=True, slots=True)
class Field:
    """One source field as its SCHEMA declares it.

    Attributes:
        kind: text, integer, number, boolean, object or any.
        length: `maxLength`, None if not declared.
        format: `format`, "" if not declared.
    """

    kind: str
    length: int | None
    format: str


class StreamFields:
    """The fields of an incoming stream, by path (`transactioncurrencyid.isocurrencycode`)."""

    def __init__(self, stream: str, schema: Mapping[str, Any]) -> None:
        self.stream = stream
        self._schema = schema

    def find(self, path: str) -> Field | None:
        """The field at a path, None where the stream has no such field."""
        declared: Any = self._schema
        for step in path.split("."):
            declared = _properties(declared).get(step)
            if not isinstance(declared, Mapping):
                return None
        return Field(_kind(declared), declared.get("maxLength"), declared.get("format", ""))

    def need(self, path: str, where: str) -> Field:
        """The field at a path.

        Raises:
            InputError: the stream has no such field, or it is a lookup; names the nearest field.
        """
        field = self.find(path)
        if field is None:
            raise InputError(f"{where}: {self._missing(path)}")
        if field.kind == "object":
            raise InputError(
                f"{where}: {path} of the stream {self.stream} is a lookup; name a field behind it, {path}.…"
            )
        return field

    def _missing(self, path: str) -> str:
        lookup, _, name = path.rpartition(".")
        if lookup and not _properties(self._at(lookup)):
            return (
                f"the stream {self.stream} carries no fields behind {lookup}; let the tap expand {path} "
                f"(setting `expand`)."
            )
        known = _properties(self._at(lookup))
        guess = nearest(name, known)
        return (
            f"the stream {self.stream} has no field {path!r}{guess} Let the tap select it, mend the row, or "
            "mark it `optional`."
        )

    def _at(self, path: str) -> Any:
        declared: Any = self._schema
        for step in filter(None, path.split(".")):
            declared = _properties(declared).get(step, {})
        return declared


def _properties(declared: Any) -> Mapping[str, Any]:
    properties = declared.get("properties") if isinstance(declared, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


def _kind(declared: Mapping[str, Any]) -> str:
    types = declared.get("type", ())
    names = {types} if isinstance(types, str) else set(types)
    names.discard("null")
    if names == {"integer", "number"}:
        return "number"
    return _KINDS.get(names.pop(), "any") if len(names) == 1 else "any"


class SourceRecord:
    """The struct that records of one task decode into, and how its fields are reached.

    Attributes:
        line: struct type of a whole RECORD line: type, stream, record, time_extracted, version.
    """

    def __init__(self, kinds: Mapping[str, str], limits: Mapping[str, int | None] | None = None) -> None:
        """Make the struct.

        Args:
            kinds: kind of every source path that is read.
            limits: paths of text that must not be empty, with their longest length if there is one; what does
                not keep to them is refused while decoding.
        """
        self._members: dict[str, Any] = {}
        decoded = {path: _DECODED[kind] for path, kind in kinds.items()}
        for path, limit in (limits or {}).items():
            decoded[path] = Annotated[str, Meta(min_length=1, max_length=limit)] | None | UnsetType
        record = _struct(
            [(tuple(path.split(".")), kind) for path, kind in decoded.items()], self._members, ()
        )
        self.line = msgspec.defstruct(
            "Line",
            [
                ("type", str),
                ("stream", str),
                ("record", record),
                ("time_extracted", Raw | UnsetType, UNSET),
                ("version", Raw | UnsetType, UNSET),
            ],
        )

    def expression(self, path: str) -> str:
        """Python expression for a field of the record `r`.

        An absent lookup has absent members (``UNSET``), a null one blank members.
        """
        steps = path.split(".")
        code = f"r.{self._members[steps[0]]}"
        for depth in range(2, len(steps) + 1):
            member = self._members[".".join(steps[:depth])]
            code = f"(x.{member} if (x := {code}) is not UNSET and x is not None else x)"
        return code


def _struct(
    paths: Iterable[tuple[tuple[str, ...], Any]], members: dict[str, Any], above: tuple[str, ...]
) -> Any:
    groups: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
    for path, decoded in paths:
        groups.setdefault(path[0], []).append((path[1:], decoded))
    fields: list[tuple[str, Any, Any]] = []
    for number, (name, parts) in enumerate(groups.items()):
        here = (*above, name)
        members[".".join(here)] = f"f{number}"
        nested = bool(parts[0][0])
        decoded = _struct(parts, members, here) | None | UnsetType if nested else parts[0][1]
        fields.append((f"f{number}", decoded, UNSET))
    renamed = {f"f{number}": name for number, name in enumerate(groups)}
    return msgspec.defstruct("Record", fields, rename=renamed)
