"""A stream's SCHEMA message, read once: keys, fields with types, and the `x-` keywords of this project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .errors import InputError


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a stream.

    Attributes:
        name: the property's name in the records.
        types: JSON types without "null"; empty means any.
        nullable: whether null is allowed by the type.
        format: "uuid", "date", "date-time" … or "".
        max_length: characters a text may have, or None.
        scale: digits after the point, from `x-scale` or else `multipleOf`; None when not said.
        minimum: smallest number allowed, or None.
        maximum: largest number allowed, or None.
        lookup: from `x-lookup`: the entities this property may point at; empty when it is no lookup.
        fields: properties of a nested object (a lookup's key fields).
        options: from `x-options`: option value (as text) to label.
        calculated: from `x-calculated`: the server computes it; sent, but never a cause to write.
        create_only: from `x-create-only`: sent for new rows; an existing row keeps what it has.
        description: free text.
    """

    name: str
    types: frozenset[str]
    nullable: bool = True
    format: str = ""
    max_length: int | None = None
    scale: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    lookup: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    calculated: bool = False
    create_only: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class StreamSchema:
    """What a SCHEMA message says about its stream.

    Attributes:
        stream: the stream's name.
        task: from `x-task`, the integration task the stream belongs to; "" when not said.
        key_properties: names of the key's properties; a name may be that of a lookup.
        fields: every property by name, in the schema's order.
        raw: the SCHEMA message's line exactly as received, without its line end.
        definition: the decoded JSON schema, for keywords this class has no attribute for.
    """

    stream: str
    task: str
    key_properties: tuple[str, ...]
    fields: Mapping[str, Field]
    raw: bytes
    definition: Mapping[str, Any]

    @property
    def owner(self) -> str:
        """The task, or the stream where no task is named: what rejects and summary are filed under."""
        return self.task or self.stream

    @property
    def calculated(self) -> frozenset[str]:
        """Names of the fields that the server computes."""
        return frozenset(name for name, one in self.fields.items() if one.calculated)


def parse_schema(
    stream: str, definition: Mapping[str, Any], key_properties: tuple[str, ...], raw: bytes
) -> StreamSchema:
    """Read a SCHEMA message's parts.

    Raises:
        InputError: the schema has no `properties`, or a key property is not among them.
    """
    properties = definition.get("properties")
    if not isinstance(properties, Mapping):
        raise InputError(
            f"The SCHEMA of stream '{stream}' has no 'properties'",
            hint="Every stream needs a JSON schema of an object with its properties; check the tap or mapper",
        )
    fields = {name: parse_field(name, one) for name, one in properties.items()}
    unknown = [name for name in key_properties if fields and name not in fields]
    if unknown:
        raise InputError(
            f"The SCHEMA of stream '{stream}' does not describe its key property '{unknown[0]}'",
            hint="Check key_properties of the tap or mapper",
        )
    task = definition.get("x-task")
    return StreamSchema(
        stream, task if isinstance(task, str) else "", key_properties, fields, raw, definition
    )


def parse_field(name: str, definition: Any) -> Field:
    """Read one property; keywords of an unexpected type count as not said."""
    if not isinstance(definition, Mapping):
        return Field(name, frozenset())
    merged = _merged(definition)
    types = frozenset(merged["type"])
    nested = merged.get("properties")
    return Field(
        name=name,
        types=types - {"null"},
        nullable="null" in types or not types,
        format=_text(merged.get("format")),
        max_length=_whole(merged.get("maxLength")),
        scale=_scale(merged),
        minimum=_number(merged.get("minimum")),
        maximum=_number(merged.get("maximum")),
        lookup=_names(merged.get("x-lookup")),
        fields={key: parse_field(key, one) for key, one in nested.items()}
        if isinstance(nested, Mapping)
        else {},
        options=_labels(merged.get("x-options")),
        calculated=merged.get("x-calculated") is True,
        create_only=merged.get("x-create-only") is True,
        description=_text(merged.get("description")),
    )


def _merged(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with its `anyOf`/`oneOf` branches folded in and `type` as a list."""
    merged: dict[str, Any] = dict(definition)
    types = _types(definition)
    for union in ("anyOf", "oneOf"):
        for branch in definition.get(union) or ():
            if isinstance(branch, Mapping):
                inner = _merged(branch)
                types += [one for one in inner["type"] if one not in types]
                merged = {**inner, **merged}
    merged["type"] = types
    return merged


def _types(definition: Mapping[str, Any]) -> list[str]:
    types = definition.get("type")
    if isinstance(types, str):
        return [types]
    return [one for one in types if isinstance(one, str)] if isinstance(types, list) else []


def _scale(merged: Mapping[str, Any]) -> int | None:
    """Digits after the point: `x-scale`, else the exponent of a `multipleOf` such as 0.01."""
    told = _whole(merged.get("x-scale"))
    if told is not None:
        return told
    step = _number(merged.get("multipleOf"))
    if step is None or step <= 0:
        return None
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return Decimal(value)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _labels(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): label for key, label in value.items() if isinstance(label, str)}
