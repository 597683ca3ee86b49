"""Pages of rows: ordering, continuation after the last row seen, counts, and the JSON around the rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import DECIMAL_COLLATION, TEXT_COLLATION
from dynamics_sandbox.dataverse.reading.expansion import RowWriter
from dynamics_sandbox.dataverse.reading.source import Source
from dynamics_sandbox.dataverse.reading.tokens import PageState, read_skiptoken, write_skiptoken
from dynamics_sandbox.odata.options import replace_option

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from dynamics_sandbox.dataverse.protocol.preferences import Preferences
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.odata.operands import SqlValue
    from dynamics_sandbox.odata.options import ExpandItem, QueryOptions

#: Rows of one piece of an answer.
#: Rows of one piece of a page.
PIECE = 250
_COLLATIONS = {"string": f" COLLATE {TEXT_COLLATION}", "decimal": f" COLLATE {DECIMAL_COLLATION}"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows a path narrows a query to: those whose lookup points at one row."""

    condition: str
    parameters: tuple[SqlValue, ...]


@dataclass(frozen=True, slots=True)
class CollectionRequest:
    """One GET on a collection: the table, its path, the query as sent and as read."""

    table: Table
    path: str
    raw_query: str
    options: QueryOptions
    preferences: Preferences
    scope: Scope | None = None

    def link(self, session: Session, option: str, value: str) -> str:
        """Give this request's URL with one option replaced; all else stays letter for letter."""
        return f"{session.root}/{self.path}?{replace_option(self.raw_query, option, value)}"


@dataclass(frozen=True, slots=True)
class _Criterion:
    """One sort criterion in SQL; `place` is where its value stands in a result row."""

    expression: str
    descending: bool
    place: int

    def sql(self) -> str:
        return f"{self.expression} {'DESC' if self.descending else 'ASC'}"

    def follows(self, value: Any) -> tuple[str, list[Any]]:
        """Give the condition for rows after this value; nulls come first ascending, last descending."""
        if self.descending:
            return (
                ("0", [])
                if value is None
                else (f"({self.expression} < ? OR {self.expression} IS NULL)", [value])
            )
        if value is None:
            return f"{self.expression} IS NOT NULL", []
        return f"{self.expression} > ?", [value]

    def equals(self, value: Any) -> tuple[str, list[Any]]:
        return (f"{self.expression} IS NULL", []) if value is None else (f"{self.expression} = ?", [value])


@dataclass(slots=True)
class PageReader:
    """Reads one page of a collection."""

    session: Session
    request: CollectionRequest
    source: Source = field(init=False)
    _writer: RowWriter = field(init=False)
    _criteria: list[_Criterion] = field(default_factory=list)
    _simple: bool = False

    def __post_init__(self) -> None:
        """Prepare rows, filter and order."""
        request = self.request
        self.source = Source(self.session, request.table)
        self._writer = RowWriter(self.session, self.source, request.options, request.preferences)
        if request.scope is not None:
            self.source.where(request.scope.condition, *request.scope.parameters)
        self.source.filter(request.options.filter)
        self._order()

    def _order(self) -> None:
        named: set[str] = set()
        for item in self.request.options.orderby:
            column = self.source.resolve(item.path)
            # Values of related rows are not in the row itself, so such an order is continued by counting.
            self._simple = self._simple or len(item.path) > 1
            place = -1 if len(item.path) > 1 else self._place(item.path[0])
            expression = f"{column.expression}{_COLLATIONS.get(column.kind, '')}"
            self._criteria.append(_Criterion(expression, item.descending, place))
            named.add("/".join(item.path))
        primary_id = self.request.table.primary_id
        if primary_id not in named:
            self._criteria.append(_Criterion(self.source.column(primary_id), False, self._place(primary_id)))

    def _place(self, property_name: str) -> int:
        return self._writer.projection.plain(self.source.attribute(property_name).name)

    def pieces(self) -> Iterator[bytes]:
        """Give the page as JSON, some hundred rows at a time, so that a slow client costs little memory.

        Related rows are read with one query for all rows of a piece; a page with an expanded collection is
        one piece, since a collection that is too long must be refused before anything is sent.
        """
        options = self.request.options
        state = (
            read_skiptoken(options.skiptoken, values=len(self._criteria))
            if options.skiptoken
            else PageState()
        )
        head = self._head()
        size, last_page = self._limit()
        cursor = self._cursor(state, size + 1)
        schema, table = self.session.schema, self.request.table
        with_collections = any(schema.collection(table, item.name) for item in options.expand)
        at_once = size if with_collections else PIECE
        text, separator, last, left = "{" + head + ',"value":[', "", None, size
        while left and (rows := cursor.fetchmany(min(at_once, left))):
            text += separator + ",".join(self._writer.texts(rows))
            separator, last, left = ",", rows[-1], left - len(rows)
            if left and len(rows) == at_once:
                yield text.encode()
                text = ""
        text += "]"
        if last is not None and not left and not last_page and cursor.fetchone() is not None:
            token = write_skiptoken(self._next(state, last, size))
            text += f',"@odata.nextLink":{json.dumps(self.request.link(self.session, "$skiptoken", token))}'
        yield (text + "}").encode()

    def every_row(self) -> Iterator[bytes]:
        """Give all rows, a page at a time."""
        state, size = PageState(), self.session.settings.page_size
        while True:
            rows = self._cursor(state, size + 1).fetchall()
            for text in self._writer.texts(rows[:size]):
                yield text.encode()
            if len(rows) <= size:
                return
            state = self._next(state, rows[size - 1], size)

    def _limit(self) -> tuple[int, bool]:
        """Give the rows of this page, and whether there is no other; $top is ignored with a page size."""
        most = self.session.settings.page_size
        preferred, top = self.request.preferences.page_size, self.request.options.top
        if preferred is None and top is not None:
            return min(top, most), True
        return min(preferred or most, most), False

    def _cursor(self, state: PageState, limit: int) -> sqlite3.Cursor:
        source = self.source
        base = list(source.conditions), list(source.parameters)
        if state.after is not None:
            condition, parameters = _after(self._criteria, state.after)
            source.where(condition, *parameters)
        order = ", ".join(criterion.sql() for criterion in self._criteria)
        cursor = self._writer.cursor(f"ORDER BY {order} LIMIT ? OFFSET ?", limit, state.offset)
        source.conditions, source.parameters = base
        return cursor

    def _next(self, state: PageState, last: tuple[Any, ...], size: int) -> PageState:
        if self._simple:
            return replace_state(state, page=state.page + 1, offset=state.offset + size)
        after = [last[criterion.place] for criterion in self._criteria]
        return replace_state(state, page=state.page + 1, after=after)

    def _head(self) -> str:
        members: dict[str, Any] = {
            "@odata.context": context(self.session, self.request.table, self.request.options)
        }
        total, beyond = self.count() if self.request.options.count else (-1, False)
        if self.request.options.count:
            members["@odata.count"] = total
        extra = {
            "Microsoft.Dynamics.CRM.totalrecordcount": total,
            "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": beyond,
            "Microsoft.Dynamics.CRM.globalmetadataversion": str(self.session.schema.version),
        }
        members |= {
            f"@{term}": value for term, value in extra.items() if self.request.preferences.annotates(term)
        }
        return json.dumps(members, ensure_ascii=False)[1:-1]

    def count(self) -> tuple[int, bool]:
        """Count the rows of all pages, up to the service's limit; say whether there are more."""
        limit = self.session.settings.count_limit
        (found,) = self.session.connection.execute(
            f"SELECT count(*) FROM (SELECT 1 {self.source.sql()} LIMIT ?)",  # noqa: S608 - quoted names, bound values
            (*self.source.parameters, limit + 1),
        ).fetchone()
        return min(found, limit), found > limit


def replace_state(state: PageState, **changes: Any) -> PageState:
    """Give the state of the following page."""
    current = {name: getattr(state, name) for name in state.__struct_fields__}
    return PageState(**{**current, **changes})


def _after(criteria: Sequence[_Criterion], values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Give the condition for rows that come after these sort values: equal in front, beyond in one."""
    alternatives: list[str] = []
    parameters: list[Any] = []
    equal_sql: list[str] = []
    equal_parameters: list[Any] = []
    for criterion, value in zip(criteria, values, strict=True):
        sql, given = criterion.follows(value)
        alternatives.append("(" + " AND ".join([*equal_sql, sql]) + ")")
        parameters += [*equal_parameters, *given]
        sql, given = criterion.equals(value)
        equal_sql.append(sql)
        equal_parameters += given
    return "(" + " OR ".join(alternatives) + ")", parameters


def context(session: Session, table: Table, options: QueryOptions, suffix: str = "") -> str:
    """Give the context URL of an answer."""
    parts = [*(options.select or ()), *(_expand_context(item) for item in options.expand)]
    columns = f"({','.join(parts)})" if parts else ""
    return f"{session.root}/$metadata#{table.entity_set}{columns}{suffix}"


def _expand_context(item: ExpandItem) -> str:
    return (
        f"{item.name}({','.join([*(item.options.select or ()), *map(_expand_context, item.options.expand)])})"
    )


def row_body(session: Session, request: CollectionRequest, row_id: str) -> bytes | None:
    """Give one row as JSON, or None when it does not exist."""
    source = Source(session, request.table)
    writer = RowWriter(session, source, request.options, request.preferences)
    source.where(f"{source.column(request.table.primary_id)} = ?", row_id)
    rows = writer.select()
    if not rows:
        return None
    head = json.dumps({"@odata.context": context(session, request.table, request.options, "/$entity")})
    return (head[:-1] + "," + writer.texts(rows)[0][1:]).encode()
