"""What a template says, as frozen values: tasks, source, destination, rows and their transforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Transform:
    """One step of a row.

    Attributes:
        kind: `join`, `default`, `map`, `country`, `truncate` or `convert`.
        value: join: what stands between the parts; default: the constant (`$organization` and `$task` stand
            for the setting and the task's name); country: `iso2` or `iso3`; truncate: the length, or None for
            the row's own; convert: a type.
        entries: map: normalised key to value; country: normalised spelling to code, beside ISO's.
        otherwise: map: what unknown values become; UNSET means that they reject the record.
    """

    kind: str
    value: Any = None
    entries: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Any = UNSET


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the mapping page: where a destination field comes from and what happens on the way.

    Attributes:
        number: position in its task, from 1; overrides continue the count.
        sources: fields of the source stream, `lookup.field` for a field behind a lookup; none for a constant.
            Of several the first that is not blank counts, or all of them where the row joins them.
        destination: field of the destination, `Lookup.Field` for the key field of a lookup.
        type: text, integer, number, boolean, date, datetime or uuid.
        length: longest text the destination holds, None if unknown.
        scale: digits after the point of a number, None if unknown.
        minimum: smallest number the destination holds (for readers; not checked here).
        maximum: largest number, likewise.
        values: the members of a picklist, empty for a free field.
        optional: the source stream may lack the field; the row is then left out.
        calculated: the destination calculates the field too: sent, but no reason to write.
        create_only: sent when the row is new; a row that exists keeps what it has.
        key: the destination field is part of the key.
        tag: where the row is known from: doc, picture, inferred, or own for rows of an administrator.
        place: file and line, or the override, for messages.
    """

    number: int
    sources: tuple[str, ...]
    destination: str
    type: str = "text"
    length: int | None = None
    scale: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    values: tuple[str, ...] = ()
    transforms: tuple[Transform, ...] = ()
    optional: bool = False
    calculated: bool = False
    create_only: bool = False
    key: bool = False
    tag: str = "own"
    note: str = ""
    place: str = ""

    @property
    def words(self) -> str:
        """The row in words: `source -> destination`."""
        return f"{self.source_words} -> {self.destination}"

    @property
    def source_words(self) -> str:
        """The sources in words: `one or other` where the first counts, `one + other` where joined."""
        joint = " + " if any(step.kind == "join" for step in self.transforms) else " or "
        return joint.join(self.sources) or "(none)"

    @property
    def where(self) -> str:
        """Place, number and words, as messages begin."""
        return f"{self.place}: row {self.number} ({self.words})"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a source filter: `op` is eq, ne or in; with `in` the value is a tuple."""

    field: str
    op: str
    value: Any
    place: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a task: stream, the lookup fields the tap must expand, and the filter (all must hold).

    `versions` names other entities with the same fields that may be read in place of `stream`.
    """

    stream: str
    expand: tuple[str, ...] = ()
    filter: tuple[Condition, ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyField:
    """One field of the destination's business key, with its type and length."""

    field: str
    type: str
    length: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a switch of a template changes in a task.

    Attributes:
        rows: rows added, each in place of the one with the same destination.
        remove: destinations whose rows are left out.
        key: the business key in place of the task's; empty for the same.
    """

    rows: tuple[Row, ...] = ()
    remove: tuple[str, ...] = ()
    key: tuple[KeyField, ...] = ()


@dataclass(frozen=True, slots=True)
class Quirk:
    """A difference that an administrator may switch on: an oddity of Microsoft's template, an extra row."""

    name: str
    about: str
    change: Change


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination of a task.

    Attributes:
        stream: what records go out as.
        key: the business key.
        lookups: the entities each lookup may point to.
        versions: other entities for the same job, with what differs for them.
    """

    stream: str
    key: tuple[KeyField, ...]
    lookups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: Mapping[str, Change] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One source entity to one destination entity."""

    name: str
    title: str
    source: Source
    destination: Destination
    defaults: Mapping[str, Any]
    rows: tuple[Row, ...]
    quirks: tuple[Quirk, ...] = ()
    place: str = ""

    @property
    def key_properties(self) -> tuple[str, ...]:
        """Top-level destination fields that hold the key, in order: a lookup stands for its key fields."""
        return tuple(dict.fromkeys(key.field.partition(".")[0] for key in self.destination.key))

    def row(self, destination: str) -> Row | None:
        """The row that fills a destination field, if there is one."""
        return next((row for row in self.rows if row.destination == destination), None)


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its tasks in order, its version, and the templates that must have run before."""

    name: str
    title: str
    version: str
    requires: tuple[str, ...]
    tasks: tuple[Task, ...]
    file: str
