"""Keys: how a row, or the parent a lookup names, is identified by the values a record carries."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dynamics_singer.target.rows import RowError

from target_dynamics_cds.values import comparable, convert, guid, key_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dynamics_odata.metadata.model import Column, Table

KeyMode = Literal["primary", "alternate", "query", "none"]

KeyValues = tuple[Any, ...]
"""One value per key part: str, int, Decimal, bool, date, datetime or UUID; for a lookup the key of its parent
(again such a tuple) until that is resolved to the parent's UUID."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A table that a lookup points at, and the parts of the key that its nested object gives.

    Attributes:
        entity: name of the table on the Singer side, for messages.
        table: its metadata.
        parts: the key's parts; empty when the lookup is given by the parent's id.
    """

    entity: str
    table: Table
    parts: tuple[KeyPart, ...]

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells this way of naming rows from another: the table and the columns asked for."""
        parts = tuple((part.column.name, part.parent.identity if part.parent else ()) for part in self.parts)
        return (self.table.logical_name, parts)

    def key_of(self, field: str, value: Any) -> KeyValues | uuid.UUID | None:
        """The parent that `value` names: a nested object's key, an id, or None for no parent.

        Raises:
            RowError: a part of the key is blank, or the value is of another shape.
        """
        if _is_blank(value):
            return None
        if isinstance(value, str):
            return uuid.UUID(guid(field, value))
        if not isinstance(value, dict) or not self.parts:
            raise RowError(f"{field} takes an object with the key of a row of {self.table.entity_set}")
        if all(_is_blank(value.get(part.field)) for part in self.parts):
            return None
        return key_of(self.parts, value, within=field)


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One part of a key: a field and the column it is matched against (a lookup's ``_x_value``)."""

    field: str
    column: Column
    parent: Parent | None = None


class KeyText(str):
    """Text of a key that equals what Dataverse takes for the same: case and trailing blanks do not count."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Whether Dataverse takes both for the same."""
        return isinstance(other, str) and comparable(str(self)) == comparable(str(other))

    def __hash__(self) -> int:
        """The same for texts that are equal here."""
        return hash(comparable(str(self)))


def key_of(parts: tuple[KeyPart, ...], record: Mapping[str, Any], *, within: str = "") -> KeyValues:
    """The key's values in `record`, in the order of `parts`.

    Raises:
        RowError: a part is blank or does not fit its column.
    """
    values: list[Any] = []
    for part in parts:
        place = f"{within}.{part.field}" if within else part.field
        given = record.get(part.field)
        if _is_blank(given):
            value: Any = None
        elif part.parent is not None:
            value = part.parent.key_of(place, given)
        else:
            value = key_value(part.column, convert(part.column, place, given))
        if value is None:
            raise RowError(f"The key field {place} is blank", "blank_key")
        values.append(value)
    return tuple(values)


def _is_blank(value: Any) -> bool:
    """Whether a key field is given as nothing, or as text of nothing but white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def folded(key: Any) -> Any:
    """A key with its text as Dataverse compares it, for use in dictionaries."""
    return tuple(map(folded, key)) if isinstance(key, tuple) else comparable(key)


def leaves(key: Any) -> Iterator[Any]:
    """The single values of a key, nested ones included; text compares as Dataverse does."""
    if isinstance(key, tuple):
        for part in key:
            yield from leaves(part)
    else:
        yield KeyText(key) if isinstance(key, str) else key


def key_mode(table: Table, columns: list[str]) -> KeyMode:
    """How rows are addressed by `columns` (read names, ``_x_value`` for lookups)."""
    if not columns:
        return "none"
    if columns == [table.primary_id]:
        return "primary"
    wanted = set(columns)
    return (
        "alternate"
        if any(key.active and read_names(table, key.columns) == wanted for key in table.keys)
        else "query"
    )


def read_names(table: Table, columns: Iterable[str]) -> set[str]:
    """Names under which columns are read: a lookup is ``_x_value``, which alternate keys call ``x``."""
    return {name if name in table.columns else f"_{name}_value" for name in columns}


def described(parts: tuple[KeyPart, ...], key: KeyValues) -> str:
    """A key in words: ``Organization (OrganizationId 'ORG001') and AccountId 'A-1'``."""
    words = []
    for part, value in zip(parts, key, strict=True):
        if part.parent is not None and isinstance(value, tuple):
            words.append(f"{part.field} ({described(part.parent.parts, value)})")
        else:
            words.append(f"{part.field} '{value}'")
    return " and ".join(words)
