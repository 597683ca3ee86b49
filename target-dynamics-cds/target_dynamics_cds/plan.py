"""The plan of a stream: which table, which columns, which lookups, and how its rows are found again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dynamics_singer.settings_check import nearest

from target_dynamics_cds.errors import MismatchError, primary_key_clash
from target_dynamics_cds.keys import KeyPart, Parent, key_mode
from target_dynamics_cds.values import COMPARISONS
from target_dynamics_cds.wishes import is_lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_odata.metadata.dataverse import DataverseMetadata
    from dynamics_odata.metadata.model import Column, Lookup, Table
    from dynamics_singer.target.schema import Field, StreamSchema
    from dynamics_singer.target.unchanged import Comparison

    from target_dynamics_cds.keys import KeyMode
    from target_dynamics_cds.naming import Naming


@dataclass(frozen=True, slots=True)
class PlainField:
    """A field that fills one column."""

    field: str
    column: Column
    calculated: bool = False
    create_only: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A field that names the parent of a lookup in one of the tables it may point at."""

    field: str
    navigation: str
    parent: Parent


@dataclass(frozen=True, slots=True)
class LookupFields:
    """The fields that fill one lookup column (``_x_value``), in the order in which they are tried."""

    column: Column
    branches: tuple[Branch, ...]
    calculated: bool = False


@dataclass(frozen=True)  # without slots, so that what is asked for every row is worked out once
class StreamPlan:
    """How the rows of a stream go into their table.

    Attributes:
        stream: the stream's name.
        table: the table's metadata.
        plain: fields that fill ordinary columns.
        lookups: fields that bind parents.
        mode: how a row is addressed: ``primary`` by the table's id, ``alternate`` by an active alternate
            key, ``query`` by an id that is first looked up with the key's columns, ``none`` for a stream
            without key, whose rows are all new.
        key: the parts of the key, in the order of the stream's key_properties.
        left_out: fields whose columns the server sets itself.
    """

    stream: str
    table: Table
    plain: tuple[PlainField, ...]
    lookups: tuple[LookupFields, ...]
    mode: KeyMode
    key: tuple[KeyPart, ...]
    left_out: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every column that the stream fills."""
        return (*(one.column for one in self.plain), *(one.column for one in self.lookups))

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        """Read names of the key's columns, in the key's order."""
        return tuple(part.column.name for part in self.key)

    @cached_property
    def creatable(self) -> frozenset[str]:
        """Columns that a new row may set."""
        return frozenset(column.name for column in self.columns if column.creatable)

    @cached_property
    def updatable(self) -> frozenset[str]:
        """Columns that an existing row may change; neither its key and id nor what is for new rows only."""
        names = (column.name for column in self.columns if column.updatable)
        fixed = (one.column.name for one in self.plain if one.create_only)
        return frozenset(names).difference(self.key_columns, {self.table.primary_id}, fixed)

    @cached_property
    def calculated(self) -> frozenset[str]:
        """Columns that the server calculates: sent, but no reason to write."""
        plain = (one.column.name for one in self.plain if one.calculated)
        return frozenset(plain).union(one.column.name for one in self.lookups if one.calculated)

    @cached_property
    def comparisons(self) -> dict[str, Comparison]:
        """How the value of each column is compared with what is stored."""
        return {column.name: COMPARISONS.get(column.kind, "text") for column in self.columns}

    @cached_property
    def points_at_itself(self) -> bool:
        """Whether a row's parent may be a row of the same table."""
        return any(branch.parent.table == self.table for lookup in self.lookups for branch in lookup.branches)


class Planner:
    """Makes plans from SCHEMAs and the environment's metadata; asks for each table once."""

    def __init__(self, metadata: DataverseMetadata, naming: Naming) -> None:
        self._metadata = metadata
        self._naming = naming

    def plan(self, schema: StreamSchema) -> StreamPlan:
        """Match a stream with its table.

        Raises:
            MismatchError: the table or a column is unknown; the message names what comes nearest.
        """
        table = self.table(schema.stream)
        plain: list[PlainField] = []
        branches: dict[str, list[Branch]] = {}
        calculated: set[str] = set()
        unknown: list[Field] = []
        for field in schema.fields.values():
            lookup = self._lookup(table, schema.stream, field)
            column = None if lookup else self.column(table, field.name)
            if lookup:
                self._add_branch(branches.setdefault(lookup.column, []), lookup, field, schema.stream)
                calculated.update([lookup.column] if field.calculated else [])
            elif column:
                plain.append(PlainField(field.name, column, field.calculated, field.create_only))
            elif not field.name.startswith("_sdc_"):
                unknown.append(field)
        if unknown:
            raise self._unknown_columns(schema.stream, table, unknown)
        lookups = [
            LookupFields(table.columns[name], tuple(found), name in calculated)
            for name, found in branches.items()
        ]
        key = tuple(self._key_part(schema, name, plain, lookups) for name in schema.key_properties)
        left_out = [one.field for one in plain if not _writable(one.column)]
        return StreamPlan(
            stream=schema.stream,
            table=table,
            plain=tuple(one for one in plain if _writable(one.column)),
            lookups=tuple(one for one in lookups if _writable(one.column)),
            mode=key_mode(table, [part.column.name for part in key]),
            key=key,
            left_out=tuple(name for name in left_out if name not in schema.key_properties),
        )

    def table(self, stream: str) -> Table:
        """The table of a stream: with a prefix the hub's table, else an entity set, logical or schema name.

        Raises:
            MismatchError: there is none.
        """
        sets = self._metadata.entity_sets()
        wanted = self._naming.table(stream)
        if not self._naming.prefix and wanted in sets:
            return self._metadata.table(sets[wanted])
        if wanted.lower() in sets.values():
            return self._metadata.table(wanted.lower())
        near = nearest(wanted, [*sets, *sets.values()], count=3)
        raise MismatchError(
            f"The environment has no table '{wanted}' for stream '{stream}'",
            hint=_near(near)
            + "Correct the stream's name or `publisher_prefix`, or set `create_missing` to have it made",
        )

    def column(self, table: Table, field: str) -> Column | None:
        """The column of `table` that a field means, or None."""
        entity = self._naming.entity(table.schema_name)
        found = table.columns.get(self._naming.column(entity, field).lower())
        if found is None and (not self._naming.owns(table.schema_name) or field.lower() == table.primary_id):
            found = table.columns.get(field.lower())
        return found

    def _lookup(self, table: Table, stream: str, field: Field) -> Lookup | None:
        found = self._by_navigation(table, field)
        by_value = [one for one in table.lookups if one.column == field.name.lower()]
        if len(by_value) > 1 and not found:
            navigations = ", ".join(one.navigation for one in by_value)
            raise MismatchError(
                f"Field '{field.name}' of stream '{stream}' fills a lookup that may point at several tables",
                hint=f"Name the parent under one of {navigations} instead",
            )
        return found or next(iter(by_value), None)

    def _by_navigation(self, table: Table, field: Field) -> Lookup | None:
        """The lookup whose navigation property a field means; a column of its own name comes first."""
        if not is_lookup(field) and self.column(table, field.name):
            return None
        names = self._naming.lookup_names(field.name)
        # Text in `OrganizationId` does not mean the lookup that the hub calls `Organization`.
        wanted = [name.lower() for name in (names if "object" in field.types else names[:1])]
        if not self._naming.owns(table.schema_name):
            wanted.append(field.name.lower())
        found = (one for name in wanted for one in table.lookups if one.navigation.lower() == name)
        return next(found, None)

    def _add_branch(self, branches: list[Branch], lookup: Lookup, field: Field, stream: str) -> None:
        branch = Branch(field.name, lookup.navigation, self._parent(lookup.target, field))
        for other in branches:
            # An id may come along with the object; of two objects nobody knows which one is meant.
            if other.parent == branch.parent and branch.parent.parts:
                raise MismatchError(
                    f"Fields '{other.field}' and '{field.name}' of stream '{stream}' both mean the lookup "
                    f"{lookup.navigation}",
                    hint="Rename or deselect one of them",
                )
        branches.append(branch)

    def _parent(self, target: str, field: Field) -> Parent:
        table = self._metadata.table(target)
        if "object" in field.types and not field.fields:
            raise MismatchError(
                f"The SCHEMA does not say what identifies the row of {target} that '{field.name}' names",
                hint="Describe its key fields as `properties` of the lookup",
            )
        parts: list[KeyPart] = []
        for inner in field.fields.values():
            lookup = self._lookup(table, field.name, inner)
            column = table.columns[lookup.column] if lookup else self.column(table, inner.name)
            if column is None:
                raise self._unknown_columns(f"{field.name} (lookup)", table, [inner])
            parts.append(KeyPart(inner.name, column, self._parent(lookup.target, inner) if lookup else None))
        return Parent(self._naming.entity(table.schema_name), table, tuple(parts))

    @staticmethod
    def _key_part(
        schema: StreamSchema, name: str, plain: Iterable[PlainField], lookups: Iterable[LookupFields]
    ) -> KeyPart:
        for one in plain:
            if one.field == name:
                return KeyPart(name, one.column)
        for lookup in lookups:
            for branch in lookup.branches:
                if branch.field == name:
                    return KeyPart(name, lookup.column, branch.parent)
        raise MismatchError(
            f"Stream '{schema.stream}' has the key property '{name}', which no column of its table holds",
            hint="Correct key_properties of the tap or mapper",
        )

    def _unknown_columns(self, stream: str, table: Table, fields: list[Field]) -> MismatchError:
        wanted = [self._wanted(table, field) for field in fields]
        for field, name in zip(fields, wanted, strict=True):
            if is_lookup(field) and name == table.primary_id:
                raise primary_key_clash(stream, field.name, name)
        known: Mapping[str, Column] = table.columns
        near = [name for one in wanted[:3] for name in nearest(one, known, count=2)]
        return MismatchError(
            f"Table {table.logical_name} has no column for {_listed([one.name for one in fields])} "
            f"of stream '{stream}' (looked for {_listed(wanted)})",
            hint=_near(near)
            + "Correct or deselect the fields, or set `create_missing` to have the columns made",
        )

    def _wanted(self, table: Table, field: Field) -> str:
        """Logical name of the column that was looked for first."""
        if is_lookup(field):
            return self._naming.lookup(field.name).lower()
        return self._naming.column(self._naming.entity(table.schema_name), field.name).lower()


def _writable(column: Column) -> bool:
    return column.creatable or column.updatable


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown  # noqa: PLR2004  # a readable line


def _near(names: list[str]) -> str:
    return f"Nearest names: {', '.join(names)}. " if names else ""
