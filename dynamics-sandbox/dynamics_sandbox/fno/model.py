"""The model that drives the service: entities, properties, enums, navigation; read from data files."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

#: AX base types a property can have besides an enum (AXType annotation of the metadata).
AX_TYPES = ("String", "Real", "Int32", "Int64", "Date", "UtcDateTime", "Guid", "Boolean")
#: When a value may be sent: always, on creation only, never.
Editing: TypeAlias = Literal["always", "create", "never"]
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
    def stored(self) -> str:
        """Column of the table the value lives in."""
        return self.column or self.name

    @property
    def caption(self) -> str:
        """Label shown in messages."""
        return self.label or _sentence(self.name)


class Navigation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation to another set: ``join`` maps own properties to the related ones."""

    name: str
    to: str
    join: dict[str, str]
    many: bool = False


class _EntityFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file under data/entities, as written."""

    name: str
    aot: str
    set: str
    label: str
    properties: list[Property]
    extends: str = ""
    without: list[str] = []
    table: str = ""
    table_label: str = ""
    category: str = ""
    sources: int = 1
    key: list[str] = []
    title: list[str] = []
    read_only: bool = False
    public: bool = True
    rules: list[dict[str, Any]] = []
    navigations: list[Navigation] = []


class Entity(msgspec.Struct, frozen=True, dict=True):
    """One data entity: a named set of properties over a table, with its rules.

    Attributes:
        name: public type name (``CustomerV3``); ``aot`` is the internal one, seen in write errors.
        set: name of the entity set; empty calls nothing public, ``public`` says so.
        sources: number of joined data sources, which shows in the etag.
        title: properties that identify a row in messages.
        rules: business rules as data, see ``rules.py``.
    """

    name: str
    aot: str
    set: str
    label: str
    table: str
    table_label: str
    category: str
    sources: int
    key: tuple[str, ...]
    title: tuple[str, ...]
    properties: dict[str, Property]
    rules: tuple[dict[str, Any], ...]
    navigations: dict[str, Navigation]
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

    @cached_property
    def reference_field(self) -> Property:
        """The property other entities refer to: the last part of the key."""
        return self.properties[self.key[-1]]


class Model(msgspec.Struct, frozen=True, dict=True):
    """All entities by set name, and all enums by name."""

    entities: dict[str, Entity]
    enums: dict[str, EnumType]

    @cached_property
    def public(self) -> dict[str, Entity]:
        """The entities that OData shows, by set name in alphabetical order."""
        return {name: entity for name, entity in sorted(self.entities.items()) if entity.public}

    @cached_property
    def tables(self) -> dict[str, dict[str, Property]]:
        """Columns of every table: the union over the entities that share it."""
        tables: dict[str, dict[str, Property]] = {}
        for entity in self.entities.values():
            columns = tables.setdefault(entity.table, {})
            for item in entity.properties.values():
                columns.setdefault(item.stored, item)
        return tables


def load_model(further: Path | None = None) -> Model:
    """Reads the data files of the package, and those of a further folder laid out like it.

    Raises:
        msgspec.ValidationError: a file that does not follow the shape of ``_EntityFile``.
        KeyError: an entity, enum or property that a file refers to and no file declares.
    """
    enums: dict[str, dict[str, int]] = {}
    files: list[_EntityFile] = []
    for folder in filter(None, (resources.files(__package__) / "data", further)):
        if (folder / "enums.json").is_file():
            enums |= msgspec.json.decode((folder / "enums.json").read_bytes(), type=dict[str, dict[str, int]])
        found = sorted((folder / "entities").iterdir(), key=lambda item: item.name)
        files += [
            msgspec.json.decode(item.read_bytes(), type=_EntityFile)
            for item in found
            if item.name.endswith(".json")
        ]
    by_set = {item.set: item for item in files}
    model = Model(
        entities={item.set: _entity(item, by_set) for item in files},
        enums={name: EnumType(name, members) for name, members in enums.items()},
    )
    _check(model)
    return model


def _entity(own: _EntityFile, by_set: dict[str, _EntityFile]) -> Entity:
    """The entity of a file; one that extends another shares its table, key and rules."""
    base = by_set[own.extends] if own.extends else own
    inherited = [item for item in base.properties if own.extends and item.name not in own.without]
    return Entity(
        name=own.name,
        aot=own.aot,
        set=own.set,
        label=own.label,
        table=base.table,
        table_label=base.table_label,
        category=base.category,
        sources=base.sources,
        key=tuple(base.key),
        title=tuple(base.title),
        properties={item.name: item for item in (*inherited, *own.properties)},
        rules=tuple(base.rules),
        navigations={
            item.name: item for item in (*own.navigations, *(base.navigations if own.extends else ()))
        },
        read_only=own.read_only,
        public=own.public,
    )


def _check(model: Model) -> None:
    """Finds a name that nothing declares while the service starts, not in the middle of a request."""
    for entity in model.entities.values():
        for item in entity.properties.values():
            if item.is_enum:
                _ = model.enums[item.type]
            if item.references:
                _ = model.entities[item.references].reference_field
        for name in (*entity.key, *entity.title):
            _ = entity.properties[name]
        for navigation in entity.navigations.values():
            target = model.entities[navigation.to]
            for near, far in navigation.join.items():
                _ = entity.properties[near], target.properties[far]


def _sentence(name: str) -> str:
    """``CustomerPaymentFineCode`` as ``Customer payment fine code``; runs of capitals stay."""
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|_\w+|\d+", name)
    first, *others = words or [name]
    return " ".join(
        [first[:1].upper() + first[1:], *(word if word.isupper() else word.lower() for word in others)]
    )
