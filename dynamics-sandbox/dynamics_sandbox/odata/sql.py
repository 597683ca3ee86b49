"""Compiles a filter tree and sort criteria into SQL for SQLite.

Null follows SQL: a comparison with a null column is neither true nor false, and neither is its negation, so
such rows stay out of ``name ne 'X'`` and ``not contains(name,'X')`` (Dataverse: query/filter-rows); only ``eq
null`` and ``ne null`` see them. The connection needs ``sqlite.register``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from dynamics_sandbox.odata.dialects import DATAVERSE, FNO, Dialect
from dynamics_sandbox.odata.errors import QueryError, UnsupportedQueryError
from dynamics_sandbox.odata.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Lambda,
    Literal,
    Node,
    Not,
    Or,
    Path,
    Values,
)
from dynamics_sandbox.odata.operands import (
    ColumnKind,
    Fragment,
    Operand,
    SqlColumn,
    SqlValue,
    balanced,
    compare,
    constant,
    sort_expression,
)
from dynamics_sandbox.odata.query_functions import CRM_FUNCTIONS
from dynamics_sandbox.odata.relative_time import Calendar, is_relative, relative_test
from dynamics_sandbox.odata.sqlite import register

if TYPE_CHECKING:
    from dynamics_sandbox.odata.options import OrderItem

__all__ = [
    "DATAVERSE",
    "FNO",
    "CollectionResolver",
    "ColumnKind",
    "CompiledFilter",
    "Dialect",
    "Resolver",
    "SqlCollection",
    "SqlColumn",
    "compile_filter",
    "compile_orderby",
    "register",
]

#: Turns a property path into a column; raises QueryError for a name it does not know.
Resolver: TypeAlias = Callable[[tuple[str, ...]], SqlColumn]


@dataclass(frozen=True, slots=True)
class SqlCollection:
    """The rows behind a collection-valued navigation property, for ``any`` and ``all``.

    Attributes:
        source: what follows FROM, with an alias of its own: ``contact AS c1``.
        condition: how its rows belong to the outer one: ``c1.parentcustomerid = account.accountid``.
        resolve: finds columns of the related rows.
        collections: finds their own collections; None where lambdas may not nest.
    """

    source: str
    condition: str
    resolve: Resolver
    collections: CollectionResolver | None = None


CollectionResolver: TypeAlias = Callable[[tuple[str, ...]], SqlCollection]


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A condition for WHERE and its parameters, in order."""

    sql: str
    params: tuple[SqlValue, ...]


def compile_filter(
    node: Node,
    resolve: Resolver,
    *,
    dialect: Dialect = DATAVERSE,
    collections: CollectionResolver | None = None,
    today: Calendar | None = None,
) -> CompiledFilter:
    """The SQL condition of a filter.

    Args:
        node: the tree from ``parse_filter``.
        resolve: finds the column of a property path.
        dialect: the service whose rules apply.
        collections: finds the rows of a collection for ``any`` and ``all``; None refuses them.
        today: what query functions of relative time start from; None refuses them.

    Raises:
        UnsupportedQueryError: a query function of Dataverse that is not built here.
        QueryError: types that do not fit, a function or operator the dialect lacks, or what ``resolve``
            raises.
    """
    try:
        fragment = _Compiler(resolve, dialect, collections, today).predicate(node)
    except RecursionError:
        raise QueryError("The expression nests too deeply.", option="$filter") from None
    except QueryError as error:
        error.option = error.option or "$filter"
        raise
    return CompiledFilter(fragment.sql, fragment.params)


def compile_orderby(items: Iterable[OrderItem], resolve: Resolver) -> str:
    """What follows ORDER BY, without a tie-breaker; nulls come first ascending, as on SQL Server."""
    return ", ".join(
        f"{sort_expression(resolve(item.path))} {'DESC' if item.descending else 'ASC'}" for item in items
    )


class _Compiler:
    """Walks the tree; one instance per scope of range variables."""

    def __init__(
        self,
        resolve: Resolver,
        dialect: Dialect,
        collections: CollectionResolver | None,
        today: Calendar | None,
    ) -> None:
        self._resolve = resolve
        self._dialect = dialect
        self._collections = collections
        self._today = today

    def predicate(self, node: Node) -> Fragment:
        """A node that is true or false."""
        if isinstance(node, (And, Or)):
            return self._chain(node)
        if isinstance(node, Comparison):
            return compare(node.op, self.operand(node.left), self.operand(node.right), self._dialect)
        if isinstance(node, Not):
            inner = self.predicate(node.operand)
            return Fragment(f"(NOT {inner.sql})", inner.params)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Lambda):
            return self._lambda(node)
        operand = self.operand(node)
        if operand.kind != "boolean":
            raise QueryError("The filter expression must be of type 'Edm.Boolean'.")
        return Fragment(f"({operand.sql.sql} = 1)", operand.sql.params)

    def _chain(self, node: And | Or) -> Fragment:
        """A run of the same connective, halved again and again: SQLite refuses trees deeper than 1000."""
        kind = type(node)
        parts: list[Fragment] = []
        pending: list[Node] = [node]
        while pending:
            current = pending.pop()
            if isinstance(current, kind):
                pending += [current.right, current.left]
            else:
                parts.append(self.predicate(current))
        return balanced(parts, "AND" if kind is And else "OR")

    def operand(self, node: Node) -> Operand:
        """A node that has a value."""
        if isinstance(node, Literal):
            return constant(node)
        if isinstance(node, Path):
            column = self._resolve(node.segments)
            return Operand(Fragment(column.expression), column.kind, column)
        if isinstance(node, Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, (And, Or, Not, Comparison, Call, Lambda)):
            return Operand(self.predicate(node), "boolean")
        raise QueryError("A list of values can only be the argument of a function.")

    def _arithmetic(self, node: Arithmetic) -> Operand:
        if not self._dialect.arithmetic:
            raise QueryError(f"The arithmetic operator '{node.op}' is not supported.")
        left, right = self.operand(node.left), self.operand(node.right)
        if not {left.kind, right.kind} <= {"integer", "decimal", "double"}:
            raise QueryError(f"The operator '{node.op}' needs two numbers.")
        sql = f"odata_arithmetic('{node.op}', CAST({left.sql.sql} AS TEXT), CAST({right.sql.sql} AS TEXT))"
        # A column reference is kept so that the constant ends up on the right side of a comparison.
        return Operand(
            Fragment(sql, left.sql.params + right.sql.params), "decimal", left.column or right.column
        )

    def _lambda(self, node: Lambda) -> Fragment:
        if not self._dialect.lambdas or self._collections is None:
            raise QueryError(f"The lambda operator '{node.kind}' is not supported.")
        collection = self._collections(node.path)
        source, condition = collection.source, collection.condition
        exists = f"EXISTS (SELECT 1 FROM {source} WHERE {condition}"  # noqa: S608 - the service's own SQL
        if node.body is None:
            return Fragment(f"{exists})")

        def resolve(path: tuple[str, ...]) -> SqlColumn:
            if path[0] == node.variable and len(path) > 1:
                return collection.resolve(path[1:])
            return self._resolve(path)

        def collections(path: tuple[str, ...]) -> SqlCollection:
            if path[0] != node.variable or len(path) == 1 or collection.collections is None:
                raise QueryError(f"The lambda operator on '{'/'.join(path)}' is not supported.")
            return collection.collections(path[1:])

        body = _Compiler(resolve, self._dialect, collections, self._today).predicate(node.body)
        if node.kind == "any":
            return Fragment(f"{exists} AND {body.sql})", body.params)
        return Fragment(f"NOT {exists} AND NOT coalesce({body.sql}, 0))", body.params)

    def _call(self, node: Call) -> Fragment:
        prefix, _, name = node.name.rpartition(".")
        if prefix in {"Microsoft.Dynamics.CRM", "mscrm"} and self._dialect.crm_functions:
            return self._crm_function(node, name)
        if node.name not in self._dialect.functions or node.name not in _PATTERNS:
            raise QueryError(f"The function '{node.name}' is not supported.")
        if len(node.args) != 2:  # noqa: PLR2004 - the text searched and the text sought
            raise QueryError(f"The function '{node.name}' needs two arguments.")
        searched, sought = self.operand(node.args[0]), self.operand(node.args[1])
        text = sought.constant.value if sought.constant else None
        if searched.kind != "string" or not isinstance(text, str):
            raise QueryError(f"The function '{node.name}' needs a text property and a text constant.")
        escaped = text if self._dialect.like_wildcards else _without_wildcards(text)
        pattern = _PATTERNS[node.name].format(escaped)
        return Fragment(f"odata_like(?, {searched.sql.sql})", (pattern, *searched.sql.params))

    def _crm_function(self, node: Call, name: str) -> Fragment:
        arguments = node.named()
        property_name = arguments.get("PropertyName")
        relative = is_relative(name) and self._today is not None
        if name not in CRM_FUNCTIONS and not relative:
            raise UnsupportedQueryError(f"The sandbox does not support the query function '{node.name}'.")
        if not isinstance(property_name, Literal) or not isinstance(property_name.value, str):
            raise QueryError(f"The query function '{node.name}' needs PropertyName in apostrophes.")
        column = self._resolve(tuple(property_name.value.split("/")))
        given = arguments.get("PropertyValues", arguments.get("PropertyValue"))
        items = given.items if isinstance(given, Values) else (given,)
        texts = [str(item.value) for item in items if isinstance(item, Literal)]
        if self._today is not None and relative:
            return relative_test(name, column, texts, self._today)
        return CRM_FUNCTIONS[name](name, column, texts)


_PATTERNS: Final = {"contains": "%{}%", "startswith": "{}%", "endswith": "%{}"}


def _without_wildcards(text: str) -> str:
    return "".join(f"[{character}]" if character in "%_[" else character for character in text)
