"""$apply: groups of rows and their sums, in one query.

Dataverse: query/aggregate-data. At most 50,000 rows may go in; a group column without a value is missing from
its row; a column of a related row appears as `table_column`.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.dataverse.errors import (
    AGGREGATE_LIMIT,
    UNSUPPORTED_QUERY,
    DataverseError,
    bad_request,
)
from dynamics_sandbox.dataverse.reading.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.reading.pages import CollectionRequest
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.odata.aggregation import Aggregate, Aggregation
    from dynamics_sandbox.odata.operands import ColumnKind, SqlColumn
    from dynamics_sandbox.odata.options import QueryOptions

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_EXACT = Context(prec=60)
_NUMBERS = frozenset({"integer", "decimal", "double"})


def aggregated_body(session: Session, request: CollectionRequest, aggregation: Aggregation) -> bytes:
    """Give the answer to a query with $apply.

    Raises:
        DataverseError: another option beside it, a column that cannot be grouped or summed, too many rows.
    """
    _refuse_other_options(request.options)
    source = Source(session, request.table)
    if request.scope is not None:
        source.where(request.scope.condition, *request.scope.parameters)
    source.filter(aggregation.filter)
    groups = [_group(source, path) for path in aggregation.groups]
    outputs = [_aggregate(source, item) for item in aggregation.aggregates]
    _check_size(session, source)
    columns = ", ".join([*(column.expression for _, column in groups), *(sql for _, sql, _ in outputs)])
    tail = f" GROUP BY {', '.join(column.expression for _, column in groups)}" if groups else ""
    rows = session.connection.execute(
        f"SELECT {columns} {source.sql()}{tail}",
        source.parameters,
    )
    names = [*((name, _READERS.get(column.kind, _same)) for name, column in groups)]
    names += [(name, reader) for name, _, reader in outputs]
    values = [
        {name: read(value) for (name, read), value in zip(names, row, strict=True) if value is not None}
        for row in rows
    ]
    shown = ",".join(name for name, _ in names)
    context = f"{session.root}/$metadata#{request.table.entity_set}({shown})"
    return _ENCODER.encode({"@odata.context": context, "value": values})


def _refuse_other_options(options: QueryOptions) -> None:
    given = {
        "$select": options.select,
        "$filter": options.filter,
        "$orderby": options.orderby,
        "$expand": options.expand,
        "$top": options.top,
        "$count": options.count or None,
    }
    for name, value in given.items():
        if value not in (None, ()):
            raise bad_request(f"The query parameter {name} is not supported with $apply.", UNSUPPORTED_QUERY)


def _check_size(session: Session, source: Source) -> None:
    limit = session.settings.aggregate_limit
    (found,) = session.connection.execute(
        f"SELECT count(*) FROM (SELECT 1 {source.sql()} LIMIT ?)",  # noqa: S608 - quoted names, bound values
        (*source.parameters, limit + 1),
    ).fetchone()
    if found > limit:
        message = "AggregateQueryRecordLimit exceeded. Cannot perform this operation."
        raise DataverseError(400, AGGREGATE_LIMIT, message)


def _group(source: Source, path: tuple[str, ...]) -> tuple[str, SqlColumn]:
    column = source.resolve(path)
    if column.kind in {"datetime", "date"}:
        raise bad_request(f"Grouping by '{'/'.join(path)}', a date, is not supported.", UNSUPPORTED_QUERY)
    name = path[0] if len(path) == 1 else f"{_target(source, path)}_{path[-1]}"
    return name, column


def _target(source: Source, path: tuple[str, ...]) -> str:
    """Name the table a path leads to."""
    table = source.table
    for name in path[:-1]:
        table = source.session.schema.tables[table.navigations[name][0].relationship.target]
    return table.logical_name


def _aggregate(source: Source, item: Aggregate) -> tuple[str, str, Callable[[Any], Any]]:
    if item.method is None:
        return item.alias, "count(*)", _same
    column = source.resolve(item.path)
    if item.method == "countdistinct":
        return item.alias, f"count(DISTINCT {column.expression})", _same
    if item.method in {"min", "max"}:
        return item.alias, f"{item.method}({column.expression})", _READERS.get(column.kind, _same)
    if column.kind not in _NUMBERS:
        raise bad_request(
            f"The aggregation method '{item.method}' needs a number, not '{'/'.join(item.path)}'.",
            UNSUPPORTED_QUERY,
        )
    digits = source.session.settings.average_digits if item.method == "average" else None
    return item.alias, _sum_or_average(item.method, column), _reader(column.kind, digits)


def _sum_or_average(method: str, column: SqlColumn) -> str:
    if column.kind == "decimal":
        return f"odata_{method}({column.expression})"
    return f"{'sum' if method == 'sum' else 'avg'}({column.expression})"


def _reader(kind: ColumnKind, digits: int | None) -> Callable[[Any], Any]:
    if kind != "decimal":
        return _same
    if digits is None:
        return Decimal
    step = Decimal(1).scaleb(-digits)
    return lambda text: Decimal(text).quantize(step, context=_EXACT)


def _same(value: Any) -> Any:
    return value


_READERS: dict[ColumnKind, Callable[[Any], Any]] = {"decimal": Decimal, "boolean": bool}
