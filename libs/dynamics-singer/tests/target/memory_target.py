"""A real target on the shared frame whose destination is a dict: what the tests of the frame write into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from dynamics_singer.target import (
    TARGET_PROPERTIES,
    DynamicsTarget,
    Outcome,
    Row,
    RowError,
    StreamSchema,
    config_schema,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence


class OutageError(Exception):
    """The destination is gone in the middle of a write."""


@dataclass
class Destination:
    """Tables by stream; `refuse` gives a reason to refuse a row, `fail_after` counts rows to an outage."""

    tables: dict[str, dict[tuple[Hashable, ...], dict[str, Any]]] = field(default_factory=dict)
    refuse: Callable[[str, dict[str, Any]], str] = lambda _stream, _record: ""
    fail_after: int | None = None
    log: list[tuple[str, tuple[Hashable, ...]]] = field(default_factory=list)
    batches: list[tuple[str, int]] = field(default_factory=list)

    def put(self, stream: str, key: tuple[Hashable, ...], record: dict[str, Any]) -> Outcome:
        if self.fail_after is not None:
            if self.fail_after == 0:
                raise OutageError("the destination is gone")
            self.fail_after -= 1
        reason = self.refuse(stream, record)
        if reason:
            return Outcome("rejected", reason, "refused", "request-1")
        table = self.tables.setdefault(stream, {})
        kind = "updated" if key in table else "created"
        table[key] = record
        self.log.append((stream, key))
        return Outcome("updated" if kind == "updated" else "created")


@dataclass(frozen=True)
class DictWriter:
    destination: Destination
    schema: StreamSchema

    def key_of(self, record: dict[str, Any]) -> tuple[Hashable, ...]:
        if not self.schema.key_properties:
            return (repr(record),)
        key = tuple(record.get(name) for name in self.schema.key_properties)
        for name, part in zip(self.schema.key_properties, key, strict=True):
            if part is None or part == "":
                raise RowError(f"Key field '{name}' is blank", "blank_key")
        return key

    def write(self, rows: Sequence[Row]) -> Sequence[Outcome]:
        self.destination.batches.append((self.schema.stream, len(rows)))
        return [self.destination.put(row.stream, self.key_of(row.record), row.record) for row in rows]


class TargetMemory(DynamicsTarget):
    """Writes into memory."""

    name = "target-memory"
    config_jsonschema: ClassVar[dict[str, Any]] = config_schema(TARGET_PROPERTIES)
    destination: ClassVar[Destination] = Destination()

    def make_writer(self, schema: StreamSchema) -> DictWriter:
        return DictWriter(self.destination, schema)
