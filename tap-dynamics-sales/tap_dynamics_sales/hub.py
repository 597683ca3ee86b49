"""Streams under hub names: what Common Data Service 1.0 called its entities and fields.

Table ``cdm_Account`` is stream ``Account``, column ``cdm_OrganizationName`` is field ``OrganizationName``,
and the entity's own id, which Dataverse must call ``cdm_Account_AccountId``, is ``AccountId``. The key is the
table's active alternate key; a lookup, ``cdm_OrganizationId``, is field ``Organization`` and becomes the
business key of the row it points to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_singer.errors import PluginError
from dynamics_singer.settings_check import nearest
from dynamics_singer.tap.shape import Copied, Related

from tap_dynamics_sales.expansion import expanded
from tap_dynamics_sales.schemas import column_schema, object_schema
from tap_dynamics_sales.shape import Branch, StreamShape, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_odata.metadata.model import AlternateKey, Column, Lookup, Table

    from tap_dynamics_sales.settings import ReadSettings

__all__ = ["HubNames", "hub_shape"]

_DEEPEST_KEY = 5
"""Lookups in keys of lookups; deeper than this it must be a circle."""


@dataclass(frozen=True, slots=True)
class HubNames:
    """Translates names of what was made under a publisher prefix (lower case, without underscore)."""

    prefix: str

    def logical(self, stream: str) -> str:
        """Logical name of the table behind a stream."""
        return f"{self.prefix}_{stream.lower()}"

    def bare(self, schema_name: str) -> str | None:
        """A schema name without the prefix; None for names that do not bear it."""
        head = f"{self.prefix}_"
        return schema_name[len(head) :] if schema_name.lower().startswith(head) else None

    def stream(self, table: Table) -> str:
        """Stream name of a hub table."""
        return self.bare(table.schema_name) or table.schema_name

    def field(self, table: Table, schema_name: str) -> str | None:
        """Field name of a column of a hub table; None where it is none of the hub's."""
        name = self.bare(schema_name)
        entity = self.stream(table)
        if name and name.lower() == f"{entity}_{entity}id".lower():
            return name[len(entity) + 1 :]
        return name

    def lookup(self, table: Table, navigation: str) -> str | None:
        """Field name of a lookup, by its navigation property; None where it is none of the hub's.

        ``cdm_OrganizationId`` is ``Organization``. In tables made by others a lookup may lack the ``Id``, or
        stand beside another column that is called like it without ``Id``; then its name stays.
        """
        name = self.bare(navigation)
        short = name.removesuffix("Id") if name else ""
        fields = (self.field(table, column.schema_name) or "" for column in table.columns.values())
        taken = any(field.lower() == short.lower() for field in fields)
        return name if taken else short or name


@dataclass(frozen=True, slots=True)
class _Hub:
    """Builds the branches of hub tables."""

    metadata: Tables
    names: HubNames

    def columns(self, table: Table) -> dict[str, Branch]:
        """The table's own fields by hub name, in the order of the metadata."""
        found: dict[str, Branch] = {}
        for column in table.columns.values():
            name = self.names.field(table, column.schema_name)
            if name and _is_field(column, table):
                found[name] = Branch(Copied(column.name, name), column_schema(column))
        return found

    def lookups(self, table: Table, depth: int = 0) -> dict[str, Branch]:
        """The table's lookups to hub tables by hub name, each as the target's business key."""
        found: dict[str, Branch] = {}
        for lookup in table.lookups:
            name = self.names.lookup(table, lookup.navigation)
            if name and self.names.bare(lookup.target):
                found[name] = self._related(lookup, name, depth)
        return found

    def _related(self, lookup: Lookup, name: str, depth: int) -> Branch:
        target = self.metadata.table(lookup.target)
        if depth > _DEEPEST_KEY:
            raise PluginError(f"the alternate keys of hub table {target.schema_name} lead in a circle")
        inner = [branch for _, branch in self.key(target, depth + 1)]
        part = Related(
            navigation=lookup.navigation,
            name=name,
            id_column=lookup.column,
            target_set=target.entity_set,
            target_id=target.primary_id,
            parts=tuple(branch.part for branch in inner),
        )
        return Branch(
            part, object_schema({b.part.name: b.schema for b in inner}, [self.names.stream(target)])
        )

    def key(self, table: Table, depth: int = 0) -> list[tuple[str, Branch]]:
        """The table's business key: name and branch of each part, in the key's order."""
        columns = {
            branch.part.source: branch
            for branch in self.columns(table).values()
            if isinstance(branch.part, Copied)
        }
        lookups = {lookup.column: lookup for lookup in table.lookups}
        parts = []
        for column in _active_key(table).columns:
            lookup = lookups.get(f"_{column}_value")
            name = self.names.lookup(table, lookup.navigation) if lookup else None
            branch = self._related(lookup, name, depth) if lookup and name else columns.get(column)
            if branch is None:
                raise PluginError(
                    f"the alternate key of hub table {table.schema_name} uses {column}, no field of the hub"
                )
            parts.append((branch.part.name, branch))
        return parts


def _is_field(column: Column, table: Table) -> bool:
    """Whether a column is data of the hub: no id, no lookup, no base amount (Dataverse adds one to money)."""
    others = table.columns.keys() - {column.name}
    is_base = column.kind == "money" and column.name.removesuffix("_base") in others
    return column.readable and column.name != table.primary_id and column.kind != "lookup" and not is_base


def hub_shape(metadata: Tables, table: Table, settings: ReadSettings, *, stamp: str = "") -> StreamShape:
    """The stream of one hub table; `stamp` is the time of change where that must be among its columns.

    Raises:
        PluginError: the table has no active alternate key.
        SettingsError: `select` or `expand` name what is not there.
    """
    names = HubNames(settings.prefix)
    hub = _Hub(metadata, names)
    stream = names.stream(table)
    key = dict(hub.key(table))
    offered = {**key, **hub.lookups(table), **hub.columns(table)}
    branches = list(offered.values())
    if (names_wanted := settings.select.get(stream)) is not None:
        branches = _named(table, offered, [*key, *names_wanted], stream)
    if stamp and all(branch.part.name != stamp for branch in branches):
        branches.append(_system_branch(table.columns[stamp]))
    branches += expanded(metadata, table, stream, settings.expand.get(stream, ()))
    return StreamShape(stream, table, tuple(branches), tuple(key))


def _named(table: Table, offered: dict[str, Branch], names: Iterable[str], stream: str) -> list[Branch]:
    """The branches of these names: hub fields, or columns that every table has."""
    system = {column.name: _system_branch(column) for column in table.columns.values() if column.readable}
    known = {**system, **offered}
    for name in names:
        if name not in known:
            guesses = ", ".join(nearest(name, known, count=3))
            raise SettingsError(
                f"Setting `select`, stream `{stream}`: hub table {table.schema_name} has no field {name!r}",
                setting="select",
                hint=f"Nearest: {guesses}." if guesses else "",
            )
    return [known[name] for name in dict.fromkeys(names)]


def _system_branch(column: Column) -> Branch:
    """A column Dataverse gives every table, under its own name."""
    return Branch(Copied(column.name, column.name), column_schema(column))


def _active_key(table: Table) -> AlternateKey:
    active = sorted((key for key in table.keys if key.active), key=lambda key: key.name)
    if active:
        return active[0]
    if table.keys:
        raise PluginError(
            f"hub table {table.schema_name} has an alternate key, but its index is not built yet; "
            "wait a little, or see the key's state in the maker portal"
        )
    raise PluginError(
        f"hub table {table.schema_name} has no alternate key, so its rows have no business key; "
        "target-dynamics-cds with `create_missing` makes it"
    )
