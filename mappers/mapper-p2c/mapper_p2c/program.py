"""A task compiled for one incoming SCHEMA: how records decode, and one function from source to destination.

Records go one of two ways with the same result. The fast way lets the decoder check text (not empty, not too
long) in C, so that copied text needs no Python at all; what the decoder refuses there goes the careful way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from mapper_p2c import filters
from mapper_p2c.rows import Action, action, lookup
from mapper_p2c.source import DELETED_AT, SourceRecord, StreamFields
from mapper_p2c.transforms import constant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mapper_p2c.templates import Row, Task

#: Decimal values are written as JSON numbers with the digits they hold.
ENCODER = msgspec.json.Encoder(decimal_format="number")


class OutLine(msgspec.Struct):
    """A RECORD line as it goes out."""

    type: str
    stream: str
    record: Any
    time_extracted: Raw | UnsetType = UNSET
    version: Raw | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Way:
    """A decoder of RECORD lines and the function that maps what it gives; the function raises RowError."""

    decode: Callable[[bytes], Any]
    convert: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled task.

    Attributes:
        fast: the way for usual records; its decoder refuses empty and long text.
        careful: the way for every record.
        deleted: whether a decoded record marks a deleted row.
        passes: whether a decoded record passes the source filter.
        rows: the rows that take part: an optional row without source field is left out.
    """

    fast: Way
    careful: Way
    deleted: Callable[[Any], bool]
    passes: Callable[[Any], bool]
    rows: tuple[Row, ...]


def compiled(task: Task, schema: Mapping[str, Any], names: Mapping[str, Any]) -> Program:
    """Compile a task for the schema of its source stream.

    Args:
        task: the task, overrides applied.
        schema: JSON Schema of the source records.
        names: values of `$organization` and `$task`.

    Raises:
        InputError: the stream lacks a field that a row or the filter needs.
        TemplateError: a constant of a row does not fit its destination.
    """
    fields = StreamFields(task.source.stream, schema)
    rows = tuple(row for row in task.rows if not (row.optional and _is_missing(row, fields)))
    known = {row.number: [fields.need(source, row.where) for source in row.sources] for row in rows}
    kinds = {
        source: field.kind
        for row in rows
        for source, field in zip(row.sources, known[row.number], strict=True)
    }
    for given in task.source.filter:
        kinds[given.field] = fields.need(given.field, f"{given.place}: filter").kind
    kinds[DELETED_AT] = "any"
    actions = {row.number: action(task, row, known[row.number], names) for row in rows if row.sources}
    source = SourceRecord(kinds)
    strict = SourceRecord(kinds, _limits(rows, actions))
    writer = _Writer(
        source, actions, {row.number: _constant(task, row, names) for row in rows if not row.sources}
    )
    return Program(
        fast=Way(msgspec.json.Decoder(strict.line).decode, writer.function(rows, fast=True)),
        careful=Way(msgspec.json.Decoder(source.line).decode, writer.function(rows, fast=False)),
        deleted=_deleted(source),
        passes=_filter(task, source, names),
        rows=rows,
    )


def _is_missing(row: Row, fields: StreamFields) -> bool:
    return any(fields.find(source) is None for source in row.sources)


def _limits(rows: tuple[Row, ...], actions: Mapping[int, Action]) -> dict[str, int | None]:
    """Source fields whose text the fast way checks while decoding, with the smallest limit of their rows."""
    limits: dict[str, int | None] = {}
    for row in rows:
        made = actions.get(row.number)
        if made and made.strict:
            [source] = row.sources
            known = [limit for limit in (limits.get(source), made.limit) if limit is not None]
            limits[source] = min(known, default=None)
    return limits


def _constant(task: Task, row: Row, names: Mapping[str, Any]) -> Raw:
    return Raw(ENCODER.encode(constant(task, row, names)))


def _filter(task: Task, source: SourceRecord, names: Mapping[str, Any]) -> Callable[[Any], bool]:
    if not task.source.filter:
        return bool  # a decoded record is always true
    scope = {f"t{number}": filters.condition(given, names) for number, given in enumerate(task.source.filter)}
    calls = [
        f"{name}({source.expression(given.field)})"
        for name, given in zip(scope, task.source.filter, strict=True)
    ]
    return _made(" and ".join(calls), scope)


def _deleted(source: SourceRecord) -> Callable[[Any], bool]:
    mark = source.expression(DELETED_AT)
    return _made(f"{mark} is not UNSET and bytes({mark}) != b'null'", {})


def _made(expression: str, scope: Mapping[str, Any]) -> Callable[[Any], Any]:
    """A function of the decoded record `r`.

    The text holds only names made here; fields and constants of the template come in through the scope.
    """
    text = f"lambda r: {expression}"
    made: Callable[[Any], Any] = eval(compile(text, "<mapping>", "eval"), {"UNSET": UNSET, **scope})  # noqa: S307 - compiled once, run for every record
    return made


class _Writer:
    """Writes the source text of a mapping function: a name for each source value, then one expression."""

    def __init__(
        self, source: SourceRecord, actions: Mapping[int, Action], constants: Mapping[int, Raw]
    ) -> None:
        self._source = source
        self._actions = actions
        self._constants = constants
        self._scope: dict[str, Any] = {"UNSET": UNSET}
        self._values: dict[str, str] = {}

    def function(self, rows: tuple[Row, ...], *, fast: bool) -> Callable[[Any], Any]:
        """The function from a decoded record to the outgoing one."""
        self._values = {}
        code, _ = self._object([(tuple(row.destination.split(".")), row) for row in rows], (), fast=fast)
        values = "".join(
            f"    {name} = {self._source.expression(path)}\n" for path, name in self._values.items()
        )
        text = f"def convert(r):\n{values}    return {code}\n"
        # The text holds only names made here; fields and constants of the template come in through the scope.
        exec(compile(text, "<mapping>", "exec"), self._scope)  # noqa: S102 - compiled once, run for every record
        function: Callable[[Any], Any] = self._scope["convert"]
        return function

    def _name(self, value: Any) -> str:
        name = f"c{len(self._scope)}"
        self._scope[name] = value
        return name

    def _object(
        self, rows: list[tuple[tuple[str, ...], Row]], above: tuple[str, ...], *, fast: bool
    ) -> tuple[str, bool]:
        """Expression for the record or a lookup in it, and whether any part of it has a source."""
        groups: dict[str, list[tuple[tuple[str, ...], Row]]] = {}
        for path, row in rows:
            groups.setdefault(path[0], []).append((path[1:], row))
        parts = [
            self._object(members, (*above, name), fast=fast)
            if members[0][0]
            else self._field(members[0][1], fast=fast)
            for name, members in groups.items()
        ]
        struct = msgspec.defstruct(
            "Out",
            [(f"o{number}", Any, UNSET) for number in range(len(groups))],
            rename={f"o{number}": name for number, name in enumerate(groups)},
        )
        sourced = tuple(has_source for _, has_source in parts)
        if above and not any(sourced):
            fixed = struct(*(self._scope[code] for code, _ in parts))
            return self._name(Raw(ENCODER.encode(fixed))), False
        maker = lookup(struct, sourced, ".".join(above)) if above else struct
        return f"{self._name(maker)}({', '.join(code for code, _ in parts)})", any(sourced)

    def _field(self, row: Row, *, fast: bool) -> tuple[str, bool]:
        if not row.sources:
            return self._name(self._constants[row.number]), False
        values = [self._values.setdefault(source, f"v{len(self._values)}") for source in row.sources]
        value = ", ".join(values)
        made = self._actions[row.number]
        if made.call is None:
            return value, True
        form = made.fast if fast else "{c}({v})"
        return form.format(v=value, c=self._name(made.call), s=self._name(made.seen)), True
