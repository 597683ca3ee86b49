"""A read as SQL: what a query string asks of one entity set, checked against the model."""

# Every name in the SQL comes from the model and is quoted; values travel as parameters.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.annotations import FullMetadata
from dynamics_sandbox.fno.errors import FnoError, invalid_query, unknown_property_in_query
from dynamics_sandbox.fno.expressions import column_of, join_condition, shown_rows, value_of
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.rendering import RowRenderer
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.options import ExpandItem, QueryOptions, parse_options, replace_option
from dynamics_sandbox.odata.sql import FNO, CompiledFilter, SqlColumn, compile_filter, compile_orderby

if TYPE_CHECKING:
    from dynamics_sandbox.fno.exchange import Metadata
    from dynamics_sandbox.fno.model import Entity, Navigation
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.fno.store import Store
    from dynamics_sandbox.odata.nodes import Node
    from dynamics_sandbox.odata.operands import SqlValue

CROSS_COMPANY: Final = "cross-company"
_COLLECTION_OPTIONS: Final = frozenset(
    {"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$expand", "$format"}
)
_ROW_OPTIONS: Final = frozenset({"$select", "$expand", "$format"})
#: Options of OData 4.0 that the product does not support.
_NOT_IN_THE_PRODUCT: Final = ("$apply", "$search", "$compute", "$levels", "$deltatoken", "$skiptoken")
ROOT: Final = "r"
#: The stamps that sets for business intelligence show.
_STAMPS: Final = frozenset({"_modified", "_joined_modified"})


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its parameters."""

    sql: str
    params: tuple[SqlValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A read that is ready to run.

    Attributes:
        source: FROM and WHERE, without order and limits.
        row: expression that gives a row as JSON text.
        order: what follows ORDER BY.
        context: the fragment of the context URL behind the set's name: ``(f1,f2)``, or empty.
    """

    entity: Entity
    options: QueryOptions
    source: Statement
    row: str
    order: str
    context: str

    def rows(self, limit: int, offset: int) -> Statement:
        """The rows as JSON text, in order."""
        sql = f"SELECT {self.row} {self.source.sql} ORDER BY {self.order} LIMIT {limit} OFFSET {offset}"
        return Statement(sql, self.source.params)

    def total(self) -> Statement:
        """The number of rows before limits."""
        return Statement(f"SELECT COUNT(*) {self.source.sql}", self.source.params)


class QueryBuilder:
    """Builds reads for one environment."""

    def __init__(self, store: Store, settings: FnoSettings, base: str) -> None:
        self._model = model = store.model
        self._now = store.now
        self._settings = settings
        self._full = FullMetadata(model, base)

    def options(self, raw: str, *, single: bool = False) -> QueryOptions:
        """The options of a query string; unknown custom ones are ignored.

        Raises:
            FnoError: 400, an option the product does not support either, or one that cannot be read.
        """
        if self._settings.unknown_options == "ignore":
            for name in _NOT_IN_THE_PRODUCT:
                raw = replace_option(raw, name, None)
        try:
            return parse_options(
                raw,
                allowed=_ROW_OPTIONS if single else _COLLECTION_OPTIONS,
                allowed_in_expand=frozenset({"$select"}),
            )
        except QueryError as error:
            raise invalid_query(error.message) from None

    def read(
        self,
        entity: Entity,
        options: QueryOptions,
        *,
        company: str,
        where: tuple[Statement, ...] = (),
        metadata: Metadata = "minimal",
        reference: bool = False,
    ) -> Read:
        """The read of an entity set.

        Args:
            entity: the entity of the set.
            options: what the query string asks.
            company: the caller's default company, which restricts the rows unless cross-company is asked for.
            where: further conditions: a key, or the row a navigation comes from.
            metadata: what rows say about themselves: their etag, with ``full`` types and addresses too.
            reference: whether rows are shown as ``$ref`` does: their address alone.

        Raises:
            FnoError: 400, a property that does not exist or a filter that cannot be understood.
        """
        names = self._selected(entity, options.select)
        expands = [self._expanded(entity, item) for item in options.expand]
        references = frozenset(item.name for item in options.expand if item.reference)
        conditions = [*where, *map(Statement, shown_rows(entity, self._model, ROOT)), *self._settled(entity)]
        if entity.has_company and not cross_company(options):
            conditions.append(Statement(f"{ROOT}.{quoted(COMPANY)} = ?", (company,)))
        if options.filter is not None:
            compiled = self._filter(entity, options.filter)
            conditions.append(Statement(compiled.sql, compiled.params))
        sql = " AND ".join(condition.sql for condition in conditions) or "1"
        params = tuple(param for condition in conditions for param in condition.params)
        return Read(
            entity=entity,
            options=options,
            source=Statement(f"FROM {quoted(entity.table.name)} AS {ROOT} WHERE {sql}", params),
            row=self._full.reference(entity, ROOT)
            if reference
            else self._renderer(metadata, references).row(entity, names, ROOT, expands),
            order=self._order(entity, options),
            context=_context(options, expands),
        )

    def _settled(self, entity: Entity) -> list[Statement]:
        """The condition that a row was not written just now, for sets that show stamps and lag behind."""
        delay = self._settings.bi_delay_seconds
        stamps = {item.stored for item in entity.properties.values()} & _STAMPS
        return [Statement(f"{ROOT}.{stamp} <= ?", (self._now(ago=delay),)) for stamp in stamps if delay]

    def _renderer(self, metadata: Metadata, references: frozenset[str]) -> RowRenderer:
        full = self._full if metadata == "full" else None
        links = dict.fromkeys(references, self._full.reference)
        return RowRenderer(self._model, etags=metadata != "none", full=full, references=links)

    def _selected(self, entity: Entity, select: tuple[str, ...] | None) -> list[str]:
        """Property names to show; key fields are not added by themselves."""
        if select is None or "*" in select:
            return list(entity.properties)
        for name in select:
            if name not in entity.properties:
                raise unknown_property_in_query(name, entity.type_name)
        return list(select)

    def _expanded(self, entity: Entity, item: ExpandItem) -> tuple[Navigation, list[str]]:
        navigation = entity.navigations.get(item.name)
        if navigation is None:
            raise unknown_property_in_query(item.name, entity.type_name)
        return navigation, self._selected(self._model.entities[navigation.to], item.options.select)

    def _filter(self, entity: Entity, node: Node) -> CompiledFilter:
        refused = entity.set in self._settings.sets_without_text_functions
        dialect = replace(
            FNO,
            functions=frozenset() if refused else FNO.functions,
            star_in_equals=self._settings.star_is_wildcard,
        )
        try:
            return compile_filter(node, lambda path: self._column(entity, path), dialect=dialect)
        except QueryError as error:
            raise invalid_query(error.message) from None

    def _column(self, entity: Entity, path: tuple[str, ...]) -> SqlColumn:
        """A property, or one behind a single-valued navigation."""
        if len(path) == 1:
            if path[0] not in entity.properties:
                raise unknown_property_in_query(path[0], entity.type_name)
            self._refuse_computed(entity, path[0])
            return column_of(entity.properties[path[0]], entity, self._model, ROOT)
        navigation = entity.navigations.get(path[0])
        if navigation is None:
            raise unknown_property_in_query(path[0], entity.type_name)
        target = self._model.entities[navigation.to]
        name, *deeper = path[1:]
        if navigation.many or deeper or name not in target.properties:
            raise invalid_query(f"The path '{'/'.join(path)}' cannot be filtered or sorted by.")
        column = column_of(target.properties[name], target, self._model, "n")
        condition = join_condition(navigation, self._model, "n", ROOT)
        sql = f"(SELECT {column.expression} FROM {quoted(target.table.name)} AS n WHERE {condition} LIMIT 1)"
        return replace(column, expression=sql)

    def _refuse_computed(self, entity: Entity, name: str) -> None:
        if f"{entity.set}.{name}" in self._settings.fields_without_filter:
            raise FnoError(
                self._settings.status_of_field_without_filter,
                f"The field '{name}' is computed and cannot be filtered or sorted by.",
            )

    def _order(self, entity: Entity, options: QueryOptions) -> str:
        """The order asked for, then the default order, so that pages never overlap."""
        if self._settings.default_order == "recid":
            tie = f"{ROOT}._record_id"
        else:
            key = (entity.properties[name] for name in entity.key)
            tie = ", ".join(value_of(item, entity, self._model, ROOT) for item in key)
        if not options.orderby:
            return tie
        try:
            asked = compile_orderby(options.orderby, lambda path: self._column(entity, path))
        except QueryError as error:
            raise invalid_query(error.message) from None
        return f"{asked}, {tie}"


def cross_company(options: QueryOptions) -> bool:
    """Whether rows of all companies are asked for (``cross-company=true``, no dollar sign)."""
    value = options.custom.get(CROSS_COMPANY, "false").lower()
    if value not in {"true", "false"}:
        raise invalid_query(f"The query parameter {CROSS_COMPANY} needs true or false, not '{value}'.")
    return value == "true"


def _context(options: QueryOptions, expands: list[tuple[Navigation, list[str]]]) -> str:
    parts = list(options.select or ())
    for (navigation, _), item in zip(expands, options.expand, strict=True):
        chosen = ",".join(item.options.select or ())
        parts += [navigation.name, f"{navigation.name}({chosen})"] if chosen else [navigation.name]
    return f"({','.join(parts)})" if parts else ""
