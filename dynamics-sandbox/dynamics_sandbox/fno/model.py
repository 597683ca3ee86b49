"""The model that drives the service: business tables, the entities over them, enums, navigation.

A business table is stored once; every entity over it is a view of it: some of its columns, at times under
other names, at times only some of its rows. ``model_files.py`` reads the model from data files.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

V = TypeVar("V")
#: AX base types a property can have besides an enum (AXType annotation of the metadata).
AX_TYPES = ("String", "Real", "Int32", "Int64", "Date", "UtcDateTime", "Guid", "Boolean")
#: When a value may be sent: always, on creation only, never; or always and without effect (``ignored``).
Editing: TypeAlias = Literal["always", "create", "never", "ignored"]
NAMESPACE = "Microsoft.Dynamics.DataEntities"
COMPANY = "dataAreaId"

_EDM_TYPES = {
    "String": "Edm.String",
    "Real": "Edm.Decimal",
    "Int32": "Edm.Int32",
    "Int64": "Edm.Int64",
    "Date": "Edm.DateTimeOffset",
    "UtcDateTime": "Edm.DateTimeOffset",
    "Guid": "Edm.Guid",
    "Boolean": "Edm.Boolean",
}


class EnumType(msgspec.Struct, frozen=True):
    """An enumeration: member names with their values, in the order of the metadata."""

    name: str
    members: dict[str, int]

    @property
    def empty(self) -> str:
        """The member a field holds that was never set: the one with value 0, else the first."""
        return next((name for name, value in self.members.items() if value == 0), next(iter(self.members)))


class Property(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of an entity.

    Attributes:
        type: one of AX_TYPES, or the name of an enum.
        length: most characters of a text; None for memo fields and other types.
        label: name on forms and in messages; empty derives it from the property's name.
        mandatory: must not be empty when the row is written.
        references: entity set in which the value must exist, under the last part of that set's key.
        default: JSON value of a new row; None for the type's empty value.
        column: column of the table when its name differs (two entities over one table).
        path: ``Relation/Property`` of a related row the value is read from; such a property is not stored.
        indexed: values are looked up often, for instance by a number sequence.
    """

    name: str
    type: str
    length: int | None = None
    label: str = ""
    mandatory: bool = False
    edit: Editing = "always"
    references: str = ""
    default: str | int | bool | None = None
    column: str = ""
    path: str = ""
    indexed: bool = False

    @property
    def is_enum(self) -> bool:
        """Whether the type is an enumeration."""
        return self.type not in AX_TYPES

    @property
    def edm_type(self) -> str:
        """Type name in the metadata."""
        return f"{NAMESPACE}.{self.type}" if self.is_enum else _EDM_TYPES[self.type]

    @property
    def data_type(self) -> str:
        """Type name of the metadata service: the AX base type, ``Enum`` for enumerations."""
        return "Enum" if self.is_enum else self.type

    @property
    def allow_edit(self) -> bool:
        """Whether the metadata says that an update may send it."""
        return self.edit in {"always", "ignored"}

    @property
    def allow_edit_on_create(self) -> bool:
        """Whether the metadata says that a new row may send it."""
        return self.edit != "never"

    @property
    def stored(self) -> str:
        """Column of the table the value lives in."""
        return self.column or self.name

    @property
    def caption(self) -> str:
        """Label shown in messages."""
        return self.label or _sentence(self.name)


class Navigation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation to another set: ``join`` maps own columns to the related properties.

    A navigation of an entity is public; a relation of a table serves rules and computed properties only.
    """

    name: str
    to: str
    join: dict[str, str]
    many: bool = False


class Table(msgspec.Struct, frozen=True):
    """One business table.

    Attributes:
        label: its name in messages.
        sources: number of data sources an entity over it joins, which shows in the etag.
        title: columns that identify a row in messages.
        columns: all columns of all entities over it, by name.
        joined: columns that belong to a joined table (addresses, totals): writing them leaves version and
            modified stamp of this table alone.
        keys: columns of each key that an entity over the table has.
        relations: how rows of other tables belong to a row, by name.
        rules: business rules of every entity over the table, see ``rules``.
    """

    name: str
    label: str
    sources: int
    title: tuple[str, ...]
    columns: dict[str, Property]
    joined: frozenset[str]
    keys: tuple[tuple[str, ...], ...]
    relations: dict[str, Navigation]
    rules: tuple[dict[str, Any], ...]


class Entity(msgspec.Struct, frozen=True, dict=True):
    """One data entity: a named set of properties over a business table.

    Attributes:
        name: public type name (``CustomerV3``); ``aot`` is the internal one, seen in write errors.
        set: name of the entity set; empty calls nothing public, ``public`` says so.
        only: what a row must hold to be shown, by column or ``Relation/Property``; ``*`` is anything filled.
        rules: business rules beyond those of the table.
    """

    name: str
    aot: str
    set: str
    label: str
    table: Table
    category: str
    key: tuple[str, ...]
    properties: dict[str, Property]
    rules: tuple[dict[str, Any], ...]
    navigations: dict[str, Navigation]
    only: dict[str, str]
    read_only: bool
    public: bool

    @property
    def has_company(self) -> bool:
        """Whether rows belong to one company; others are shared by all."""
        return COMPANY in self.properties

    @property
    def type_name(self) -> str:
        """Qualified type name, as messages show it."""
        return f"{NAMESPACE}.{self.name}"

    def by_column(self, values: Mapping[str, V]) -> dict[str, V]:
        """Values by property as values by column."""
        return {self.properties[name].stored: value for name, value in values.items()}

    def key_of(self, row: Mapping[str, V]) -> dict[str, V]:
        """The key, by property, of a row that is given by column."""
        return {name: row[self.properties[name].stored] for name in self.key}

    @cached_property
    def reference_field(self) -> Property:
        """The property other entities refer to: the last part of the key."""
        return self.properties[self.key[-1]]

    @cached_property
    def captions(self) -> dict[str, str]:
        """Labels by column: this entity's, else the table's."""
        own = {item.stored: item.caption for item in self.properties.values() if not item.path}
        return {name: own.get(name) or item.caption for name, item in self.table.columns.items()}


class Model(msgspec.Struct, frozen=True, dict=True):
    """All entities by set name, all tables and all enums by name."""

    entities: dict[str, Entity]
    tables: dict[str, Table]
    enums: dict[str, EnumType]

    @cached_property
    def public(self) -> dict[str, Entity]:
        """The entities that OData shows, by set name in alphabetical order."""
        return {name: entity for name, entity in sorted(self.entities.items()) if entity.public}


def _sentence(name: str) -> str:
    """``CustomerPaymentFineCode`` as ``Customer payment fine code``; runs of capitals stay."""
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|_\w+|\d+", name)
    first, *others = words or [name]
    return " ".join(
        [first[:1].upper() + first[1:], *(word if word.isupper() else word.lower() for word in others)]
    )
