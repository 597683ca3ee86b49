"""FROM and WHERE of a query: property paths resolved to SQL columns, joins added as they are needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import DataverseError, bad_request, not_in_sandbox
from dynamics_sandbox.odata.literals import instant
from dynamics_sandbox.odata.relative_time import Calendar
from dynamics_sandbox.odata.sql import SqlCollection, SqlColumn, compile_filter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Navigation, Table
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.odata.nodes import Node
    from dynamics_sandbox.odata.operands import SqlValue

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(slots=True)
class _Aliases:
    """Names of the tables in one statement, subqueries included."""

    count: int = 0

    def next(self) -> str:
        self.count += 1
        return f"t{self.count}"


@dataclass(slots=True)
class Source:
    """The rows of one table, joined to the tables its query's paths lead to."""

    session: Session
    table: Table
    aliases: _Aliases = field(default_factory=_Aliases)
    alias: str = ""
    conditions: list[str] = field(default_factory=list)
    parameters: list[SqlValue] = field(default_factory=list)
    _joins: dict[tuple[str, ...], Source] = field(default_factory=dict)
    _join_sql: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Name the table in the statement."""
        self.alias = self.alias or self.aliases.next()

    def column(self, name: str) -> str:
        """Give a stored column as SQL."""
        return f"{self.alias}.{quoted(name)}"

    def where(self, condition: str, *parameters: SqlValue) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.parameters += parameters

    def where_in(self, name: str, values: Iterable[str]) -> None:
        """Narrow the rows to those whose stored column has one of these values."""
        listed = json.dumps(sorted(values))
        self.where(f"{self.column(name)} IN (SELECT value FROM json_each(?))", listed)  # noqa: S608 - bound values

    def filter(self, node: Node | None) -> None:
        """Add the condition of a $filter."""
        if node is not None:
            first = _DAYS.index(self.session.settings.week_start) + 1
            today = Calendar(instant(self.session.now), first)
            compiled = compile_filter(node, self.resolve, collections=self.collections, today=today)
            self.where(compiled.sql, *compiled.params)

    def sql(self) -> str:
        """Give FROM and WHERE."""
        text = f"FROM {quoted(self.table.logical_name)} AS {self.alias} {' '.join(self._join_sql)}"
        return f"{text} WHERE {' AND '.join(self.conditions)}" if self.conditions else text

    def attribute(self, name: str) -> Attribute:
        """Find a column by the name it bears in queries.

        Raises:
            DataverseError: the table has no such property.
        """
        attribute = self.table.properties.get(name)
        if attribute is None:
            raise unknown_property(self.session, self.table, name)
        return attribute

    def resolve(self, path: tuple[str, ...]) -> SqlColumn:
        """Find the SQL column of a property path."""
        *navigations, name = path
        source = self
        for index in range(len(navigations)):
            source = self._joined(tuple(navigations[: index + 1]), source)
        attribute = source.attribute(name)
        return SqlColumn(source.column(attribute.name), attribute.kind)

    def collections(self, path: tuple[str, ...]) -> SqlCollection:
        """Find the rows behind a collection-valued navigation property, for any and all."""
        if len(path) != 1:
            raise not_in_sandbox(f"a lambda over the path '{'/'.join(path)}'")
        incoming = self.session.schema.collection(self.table, path[0])
        if incoming is None:
            raise unknown_property(self.session, self.table, path[0])
        related = Source(self.session, self.session.schema.tables[incoming.table], self.aliases)
        condition = f"{related.column(incoming.attribute.name)} = {self.column(self.table.primary_id)}"
        if incoming.attribute.is_polymorphic:
            target = related.column(incoming.attribute.target_column)
            condition += f" AND {target} = '{incoming.relationship.target}'"
        return SqlCollection(
            source=f"{quoted(related.table.logical_name)} AS {related.alias}",
            condition=condition,
            resolve=related.resolve_own,
            collections=related.collections,
        )

    def resolve_own(self, path: tuple[str, ...]) -> SqlColumn:
        """Find a column of this table itself; inside a lambda no further table can be joined."""
        if len(path) != 1:
            raise not_in_sandbox(f"the path '{'/'.join(path)}' inside a lambda")
        return self.resolve(path)

    def _joined(self, path: tuple[str, ...], source: Source) -> Source:
        if path not in self._joins:
            branch = source.branch(path[-1])
            target = self.session.schema.tables[branch.relationship.target]
            joined = Source(self.session, target, self.aliases)
            self._join_sql.append(
                f"LEFT JOIN {quoted(target.logical_name)} AS {joined.alias} "
                f"ON {joined.column(target.primary_id)} = {source.column(branch.attribute.name)}"
            )
            # Ids of different tables never coincide: the branch of a polymorphic lookup needs no test.
            self._joins[path] = joined
        return self._joins[path]

    def branch(self, name: str) -> Navigation:
        """Find a single-valued navigation property that leads to one table.

        Raises:
            DataverseError: no such navigation property, or it leads to several tables.
        """
        branches = self.table.navigations.get(name)
        if branches is None:
            raise unknown_property(self.session, self.table, name)
        if len(branches) > 1:
            raise not_in_sandbox(f"paths over '{name}', which leads to several tables")
        return branches[0]


def unknown_property(session: Session, table: Table, name: str) -> DataverseError:
    """Refuse a property the table does not have."""
    return bad_request(
        f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table.logical_name}'.",
        session.settings.unknown_property_code,
    )
