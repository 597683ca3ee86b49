"""Tables and their keys as values, and the schema of them all: what the service does follows from these."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.schema.columns import Attribute  # noqa: TC001 - msgspec looks it up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_sandbox.dataverse.schema.columns import Relationship

BULK_MESSAGES = ("CreateMultiple", "UpdateMultiple", "UpsertMultiple")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An alternate key; only an Active one is enforced and addressable."""

    schema_name: str
    columns: tuple[str, ...]
    display_name: str = ""
    status: str = "Active"
    requested_at: str = ""
    reads: int = 0
    """How often it was looked at while Pending."""

    @property
    def name(self) -> str:
        """Logical name."""
        return self.schema_name.lower()


@dataclass(frozen=True, slots=True)
class Navigation:
    """One branch of a single-valued navigation property: the lookup column and its relationship."""

    attribute: Attribute
    relationship: Relationship


@dataclass(frozen=True, slots=True)
class Incoming:
    """A relationship seen from its target: which table and column point here."""

    table: str
    attribute: Attribute
    relationship: Relationship


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table with everything the protocol needs to know about it."""

    logical_name: str
    schema_name: str
    entity_set: str
    primary_id: str
    primary_name: str
    display_name: str = ""
    display_collection_name: str = ""
    description: str = ""
    ownership: str = "UserOwned"
    """UserOwned, OrganizationOwned, BusinessOwned or None: which owner columns the service adds."""
    stateful: bool = True
    principal: bool = False
    """Whether the table's rows own other rows; these cannot be addressed by the name of their id column."""
    change_tracking: bool = False
    custom: bool = False
    bulk_messages: tuple[str, ...] = BULK_MESSAGES
    attributes: tuple[Attribute, ...] = ()
    keys: tuple[Key, ...] = ()

    @cached_property
    def columns(self) -> Mapping[str, Attribute]:
        """Columns by logical name."""
        return MappingProxyType({attribute.name: attribute for attribute in self.attributes})

    @cached_property
    def properties(self) -> Mapping[str, Attribute]:
        """Columns by the name they bear in rows."""
        return MappingProxyType({attribute.property_name: attribute for attribute in self.attributes})

    @cached_property
    def navigations(self) -> Mapping[str, tuple[Navigation, ...]]:
        """Single-valued navigation properties; `ownerid` alone leads to several tables."""
        found: dict[str, tuple[Navigation, ...]] = {}
        for attribute in self.attributes:
            for relationship in attribute.navigable:
                branch = Navigation(attribute, relationship)
                found[relationship.navigation] = (*found.get(relationship.navigation, ()), branch)
        return MappingProxyType(found)

    @cached_property
    def money(self) -> tuple[Attribute, ...]:
        """Money columns a client writes; their `_base` companions are calculated."""
        return tuple(column for column in self.attributes if column.type == "Money" and not column.base_of)

    @cached_property
    def mirrors(self) -> tuple[Attribute, ...]:
        """Columns the service copies from another."""
        return tuple(column for column in self.attributes if column.mirror_of)

    @cached_property
    def compositions(self) -> tuple[Attribute, ...]:
        """Columns the service joins from others."""
        return tuple(column for column in self.attributes if column.composed_of)

    @cached_property
    def rule_columns(self) -> tuple[str, ...]:
        """Stored columns whose old values the service's rules look at when a row changes."""
        names = {"statecode", "statuscode", "transactioncurrencyid"}
        names |= {column.name for column in self.money}
        names |= {column.mirror_of for column in self.mirrors}
        names |= {part for column in self.compositions for part in column.composed_of}
        return tuple(sorted(names & self.columns.keys()))

    @cached_property
    def system_required(self) -> tuple[str, ...]:
        """Columns that may not be null."""
        return tuple(column.name for column in self.attributes if column.required == "SystemRequired")

    @cached_property
    def defaults(self) -> Mapping[str, str | int]:
        """Stored values that new rows get for columns nobody set."""
        given = {column.name: column.default for column in self.attributes if column.default is not None}
        return MappingProxyType(
            {name: int(value) if isinstance(value, bool) else value for name, value in given.items()}
        )

    @cached_property
    def active_keys(self) -> Mapping[frozenset[str], Key]:
        """Usable alternate keys by the property names of their columns."""
        return MappingProxyType(
            {
                frozenset(self.columns[name].property_name for name in key.columns): key
                for key in self.keys
                if key.status == "Active"
            }
        )

    def with_attributes(self, *added: Attribute) -> Table:
        """Give this table with columns added, or replaced where the name exists."""
        columns = dict(self.columns)
        columns.update({attribute.name: attribute for attribute in added})
        return replace(self, attributes=tuple(columns.values()))

    def with_key(self, key: Key) -> Table:
        """Give this table with a key added, or replaced where the name exists."""
        return replace(self, keys=(*(old for old in self.keys if old.name != key.name), key))


@dataclass(frozen=True)
class Schema:
    """All tables of an environment at one moment; changing one gives a new schema."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    version: int = 0

    @cached_property
    def by_entity_set(self) -> Mapping[str, Table]:
        """Tables by entity-set name."""
        return MappingProxyType({table.entity_set: table for table in self.tables.values()})

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Incoming, ...]]:
        """Relationships by the table they point at."""
        found: dict[str, list[Incoming]] = {name: [] for name in self.tables}
        for table in self.tables.values():
            for attribute in table.attributes:
                for relationship in attribute.navigable:
                    if relationship.target in found:
                        found[relationship.target].append(
                            Incoming(table.logical_name, attribute, relationship)
                        )
        return MappingProxyType({name: tuple(entries) for name, entries in found.items()})

    @cached_property
    def pending_keys(self) -> tuple[Table, ...]:
        """Tables with alternate keys that are not built yet."""
        return tuple(
            table for table in self.tables.values() if any(key.status == "Pending" for key in table.keys)
        )

    def collection(self, table: Table, name: str) -> Incoming | None:
        """Find the relationship behind a collection-valued navigation property."""
        for entry in self.incoming[table.logical_name]:
            if entry.relationship.collection == name:
                return entry
        return None

    def with_tables(self, tables: Iterable[Table]) -> Schema:
        """Give this schema with tables added or replaced, one version on."""
        merged = dict(self.tables)
        merged.update({table.logical_name: table for table in tables})
        return Schema(merged, self.version + 1)
