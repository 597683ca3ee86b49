"""$expand: the related rows of a whole page are read with one query per navigation property."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import UNSUPPORTED_QUERY, bad_request, not_in_sandbox
from dynamics_sandbox.dataverse.reading.annotations import RowAnnotations
from dynamics_sandbox.dataverse.reading.projection import Projection, selected
from dynamics_sandbox.dataverse.reading.source import Source
from dynamics_sandbox.odata.sql import compile_orderby

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from dynamics_sandbox.dataverse.protocol.preferences import Preferences
    from dynamics_sandbox.dataverse.schema.model import Incoming, Navigation
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.odata.operands import SqlValue
    from dynamics_sandbox.odata.options import ExpandItem, QueryOptions


@dataclass(slots=True)
class RowWriter:
    """Turns result rows of one table into JSON: columns, annotations, expanded navigation properties."""

    session: Session
    source: Source
    options: QueryOptions
    preferences: Preferences
    projection: Projection = field(init=False)
    _annotations: RowAnnotations = field(init=False)
    _expansions: list[_Single | _Collection] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare the SELECT list."""
        self.projection = Projection(self.source, selected(self.source, self.options.select))
        self._annotations = RowAnnotations(self.session, self.projection, self.preferences)
        self._annotations.prepare()
        for item in self.options.expand:
            self._expansions.append(self._expansion(item))

    def _expansion(self, item: ExpandItem) -> _Single | _Collection:
        table = self.source.table
        incoming = self.session.schema.collection(table, item.name)
        if incoming is not None:
            place = self.projection.plain(table.primary_id)
            return _Collection(self.session, item, self.preferences, incoming, place)
        branch = self.source.branch(item.name)
        place = self.projection.plain(branch.attribute.name)
        return _Single(self.session, item, self.preferences, branch, place)

    def cursor(self, tail: str = "", *parameters: SqlValue) -> sqlite3.Cursor:
        """Begin the query; `tail` is what follows WHERE."""
        statement = f"SELECT {self.projection.sql()} {self.source.sql()} {tail}"
        return self.session.connection.execute(statement, (*self.source.parameters, *parameters))

    def select(self, tail: str = "", *parameters: SqlValue) -> list[tuple[Any, ...]]:
        """Run the query and give all rows."""
        return self.cursor(tail, *parameters).fetchall()

    def texts(self, rows: Sequence[tuple[Any, ...]]) -> list[str]:
        """Give each row as a JSON object."""
        self._annotations.load(rows)
        members = self.projection.members
        if not self._expansions and not self.preferences.annotations:
            return ["{" + members(row) + "}" for row in rows]
        expanded = [expansion.members(rows) for expansion in self._expansions]
        return [
            "{"
            + ",".join([members(row), *self._annotations.members(row), *(texts[index] for texts in expanded)])
            + "}"
            for index, row in enumerate(rows)
        ]


@dataclass(slots=True)
class _Single:
    """A single-valued navigation property of a page's rows."""

    session: Session
    item: ExpandItem
    preferences: Preferences
    branch: Navigation
    place: int

    def members(self, rows: Sequence[tuple[Any, ...]]) -> list[str]:
        """Give the member of each row."""
        _refuse(self.item, "$filter", self.item.options.filter)
        _refuse(self.item, "$orderby", self.item.options.orderby)
        _refuse(self.item, "$top", self.item.options.top)
        found = self._read({row[self.place] for row in rows} - {None})
        return [f'"{self.item.name}":{found.get(row[self.place], "null")}' for row in rows]

    def _read(self, ids: set[str]) -> dict[str, str]:
        table = self.session.schema.tables[self.branch.relationship.target]
        if self.item.reference:
            url = f"{self.session.root}/{table.entity_set}"
            return {row_id: json.dumps({"@odata.id": f"{url}({row_id})"}) for row_id in ids}
        source = Source(self.session, table)
        writer = RowWriter(self.session, source, self.item.options, self.preferences)
        place = writer.projection.plain(table.primary_id)
        source.where_in(table.primary_id, ids)
        rows = writer.select()
        return dict(zip((row[place] for row in rows), writer.texts(rows), strict=True))


@dataclass(slots=True)
class _Collection:
    """A collection-valued navigation property of a page's rows."""

    session: Session
    item: ExpandItem
    preferences: Preferences
    incoming: Incoming
    place: int

    def members(self, rows: Sequence[tuple[Any, ...]]) -> list[str]:
        """Give the member of each row."""
        if self.item.reference:
            raise bad_request("$ref is not supported on collection-valued properties.", UNSUPPORTED_QUERY)
        if self.item.options.expand:
            _refuse(self.item, "$orderby", self.item.options.orderby)
            _refuse(self.item, "$top", self.item.options.top)
        found = self._read([row[self.place] for row in rows])
        return [f'"{self.item.name}":[{",".join(found.get(row[self.place], []))}]' for row in rows]

    def _read(self, parents: list[str]) -> dict[str, list[str]]:
        source = Source(self.session, self.session.schema.tables[self.incoming.table])
        link = self.incoming.attribute
        writer = RowWriter(self.session, source, self.item.options, self.preferences)
        place = writer.projection.plain(link.name)
        source.where_in(link.name, parents)
        if link.is_polymorphic:
            source.where(f"{source.column(link.target_column)} = ?", self.incoming.relationship.target)
        source.filter(self.item.options.filter)
        order = compile_orderby(self.item.options.orderby, source.resolve)
        by_id = source.column(source.table.primary_id)
        order = f"{order}, {by_id}" if order else by_id
        rows = writer.select(f"ORDER BY {order}")
        grouped: dict[str, list[str]] = {}
        for row, text in zip(rows, writer.texts(rows), strict=True):
            grouped.setdefault(row[place], []).append(text)
        return {parent: self._limited(texts) for parent, texts in grouped.items()}

    def _limited(self, texts: list[str]) -> list[str]:
        limit = self.session.settings.page_size
        if self.item.options.top is not None:
            return texts[: min(self.item.options.top, limit)]
        if len(texts) > limit:
            raise not_in_sandbox(f"next links inside '{self.item.name}' ({limit} rows at most)")
        return texts


def _refuse(item: ExpandItem, option: str, given: object) -> None:
    if given:
        raise bad_request(
            f"The query option {option} is not allowed inside $expand of '{item.name}'.", UNSUPPORTED_QUERY
        )
