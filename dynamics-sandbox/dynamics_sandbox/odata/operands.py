"""Values inside a compiled filter: columns, constants, arithmetic, and how two of them compare in SQL."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.literals import instant, number
from dynamics_sandbox.odata.nodes import ComparisonOperator, EnumMember, Literal
from dynamics_sandbox.odata.sqlite import DECIMAL_COLLATION, TEXT_COLLATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.odata.dialects import Dialect

#: How a column's values lie in SQLite: ``string`` text; ``integer``; ``decimal`` text with exact digits;
#: ``double`` real; ``boolean`` 0 or 1; ``guid`` lower-case text; ``datetime`` text ``YYYY-MM-DDTHH:MM:SSZ``;
#: ``date`` text ``YYYY-MM-DD``; ``enum`` whatever ``members`` says, the member's name by default.
ColumnKind: TypeAlias = OneOf[
    "string", "integer", "decimal", "double", "boolean", "guid", "datetime", "date", "enum"
]
SqlValue: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A property as SQL.

    Attributes:
        expression: a column reference or any other SQL expression without parameters.
        kind: how its values are stored.
        enum_type: full name of the enum type, for ``enum``; empty to accept any.
        members: stored value of each enum member; empty where the member's name itself is stored.
    """

    expression: str
    kind: ColumnKind
    enum_type: str = ""
    members: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL with its parameters."""

    sql: str
    params: tuple[SqlValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of a comparison: kind ``null`` for the constant null, ``constant`` set for literals."""

    sql: Fragment
    kind: ColumnKind | OneOf["null"]
    column: SqlColumn | None = None
    constant: Literal | None = None


_SQL_OPERATORS: Final[dict[ComparisonOperator, str]] = {
    "eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<=",
}  # fmt: skip
_OPERATOR_KINDS: Final[dict[ComparisonOperator, str]] = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
_FLIPPED: Final[dict[ComparisonOperator, ComparisonOperator]] = {
    "eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge",
}  # fmt: skip
_EDM: Final = {
    "string": "Edm.String",
    "integer": "Edm.Int32",
    "decimal": "Edm.Decimal",
    "double": "Edm.Double",
    "boolean": "Edm.Boolean",
    "guid": "Edm.Guid",
    "datetime": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "null": "null",
}
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_NUMBERS: Final = frozenset({"integer", "decimal", "double"})
_INT64: Final = range(-(2**63), 2**63)


def constant(literal: Literal) -> Operand:  # noqa: PLR0911 - one return per kind of literal
    """A literal as an operand, stored the way a column of its kind stores it."""
    value = literal.value
    if isinstance(value, bool):
        return Operand(Fragment("?", (int(value),)), "boolean", constant=literal)
    if isinstance(value, (int, Decimal)):
        whole = isinstance(value, int) and value in _INT64
        stored: SqlValue = int(value) if whole else format(Decimal(value), "f")
        return Operand(Fragment("?", (stored,)), "integer" if whole else "decimal", constant=literal)
    if isinstance(value, uuid.UUID):
        return Operand(Fragment("?", (str(value),)), "guid", constant=literal)
    if isinstance(value, dt.datetime):
        return Operand(Fragment("?", (_stored_instant(value),)), "datetime", constant=literal)
    if isinstance(value, dt.date):
        return Operand(Fragment("?", (value.isoformat(),)), "date", constant=literal)
    if isinstance(value, EnumMember):
        return Operand(Fragment("?", (value.member,)), "enum", constant=literal)
    return Operand(Fragment("?", (value,)), "null" if value is None else "string", constant=literal)


def _stored_instant(value: dt.datetime) -> str:
    return f"{value.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def constant_like(column: SqlColumn, text: str) -> Operand:
    """A constant given as text and meant as the column is: arguments of ``Microsoft.Dynamics.CRM.In``."""
    try:
        return constant(_literal_like(column.kind, text))
    except (ValueError, KeyError, InvalidOperation):
        raise QueryError(
            f"The value '{text}' does not fit a property of type '{_EDM.get(column.kind)}'."
        ) from None


def _literal_like(kind: ColumnKind, text: str) -> Literal:  # noqa: PLR0911 - one return per kind of column
    if kind == "integer":
        return Literal(int(text), "number")
    if kind in _NUMBERS:
        return Literal(Decimal(number(text)), "number")
    if kind == "guid":
        return Literal(uuid.UUID(text), "guid")
    if kind == "datetime":
        return Literal(instant(text), "datetime")
    if kind == "date":
        return Literal(dt.date.fromisoformat(text), "date")
    if kind == "boolean":
        return Literal(_BOOLEANS[text.lower()], "boolean")
    return Literal(text, "string")


def compare(op: ComparisonOperator, left: Operand, right: Operand, dialect: Dialect) -> Fragment:
    """``left op right`` in SQL; a null value on either side makes it neither true nor false.

    Raises:
        QueryError: the two kinds cannot be compared.
    """
    if "null" in {left.kind, right.kind}:
        return _compare_with_null(op, left, right)
    if left.column is None and right.column is not None:
        left, right, op = right, left, _FLIPPED[op]
    left, right = _agree(op, left, right, dialect)
    if right.kind == "string" and dialect.star_in_equals and op in {"eq", "ne"}:
        starred = _compare_starred(op, left, right)
        if starred is not None:
            return starred
    if right.kind == "datetime":
        return _compare_instants(op, left, right)
    return _join(left.sql, f"{_SQL_OPERATORS[op]}", right.sql, _collation(left.kind))


def _join(left: Fragment, operator: str, right: Fragment, collation: str = "") -> Fragment:
    return Fragment(f"({left.sql}{collation} {operator} {right.sql})", left.params + right.params)


def _collation(kind: str) -> str:
    names = {"string": f" COLLATE {TEXT_COLLATION}", "decimal": f" COLLATE {DECIMAL_COLLATION}"}
    return names.get(kind, "")


def _compare_with_null(op: ComparisonOperator, left: Operand, right: Operand) -> Fragment:
    other = left if right.kind == "null" else right
    if op not in {"eq", "ne"}:
        return Fragment("NULL")
    return Fragment(f"({other.sql.sql} IS {'NOT ' if op == 'ne' else ''}NULL)", other.sql.params)


def _agree(
    op: ComparisonOperator, left: Operand, right: Operand, dialect: Dialect
) -> tuple[Operand, Operand]:
    """The two sides brought to one kind."""
    if left.kind in _NUMBERS and right.kind in _NUMBERS:
        return _agree_numbers(left, right)
    if "enum" in {left.kind, right.kind}:
        return left, _enum_value(op, left, right, dialect)
    if left.kind == right.kind:
        return left, right
    if left.kind == "guid" and right.kind == "string" and right.constant and dialect.quoted_guids:
        return left, _guid_from_text(op, left, right)
    if left.kind == "datetime" and right.kind == "date":
        return left, Operand(Fragment(f"({right.sql.sql} || 'T00:00:00Z')", right.sql.params), "datetime")
    raise _incompatible(op, left, right)


def _incompatible(op: ComparisonOperator, left: Operand, right: Operand) -> QueryError:
    return QueryError(
        "A binary operator with incompatible types was detected. "
        f"Found operand types '{_type_name(left)}' and '{_type_name(right)}' "
        f"for operator kind '{_OPERATOR_KINDS[op]}'."
    )


def _type_name(operand: Operand) -> str:
    if operand.kind != "enum":
        return _EDM[operand.kind]
    value = operand.constant.value if operand.constant else None
    named = value.type_name if isinstance(value, EnumMember) else ""
    return named or (operand.column.enum_type if operand.column else "") or "Edm.EnumType"


def _agree_numbers(left: Operand, right: Operand) -> tuple[Operand, Operand]:
    if left.kind == right.kind:
        return left, right
    common: ColumnKind = "double" if "double" in {left.kind, right.kind} else "decimal"
    return _number_as(left, common), _number_as(right, common)


def _number_as(operand: Operand, kind: ColumnKind) -> Operand:
    if operand.kind == kind:
        return operand
    sql_type = "REAL" if kind == "double" else "TEXT"
    return Operand(
        Fragment(f"CAST({operand.sql.sql} AS {sql_type})", operand.sql.params), kind, operand.column
    )


def _guid_from_text(op: ComparisonOperator, left: Operand, right: Operand) -> Operand:
    try:
        return constant(Literal(uuid.UUID(str(right.constant.value if right.constant else "")), "guid"))
    except ValueError:
        raise _incompatible(op, left, right) from None


def _enum_value(op: ComparisonOperator, left: Operand, right: Operand, dialect: Dialect) -> Operand:
    """The right side as the left one's column stores it; enum constants must name the column's own type."""
    if left.kind != right.kind or left.column is None:
        raise _incompatible(op, left, right)
    if op not in {"eq", "ne"} and not dialect.enum_order:
        raise QueryError(f"Enum values can only be compared with eq and ne, not with {op}.")
    value = right.constant.value if right.constant else None
    if not isinstance(value, EnumMember):
        return right
    if left.column.enum_type not in {"", value.type_name}:
        raise _incompatible(op, left, right)
    if left.column.members and value.member not in left.column.members:
        raise QueryError(
            f"The string '{value.member}' is not a valid enumeration type constant of {value.type_name}."
        )
    return Operand(Fragment("?", (left.column.members.get(value.member, value.member),)), "enum")


def _compare_starred(op: ComparisonOperator, left: Operand, right: Operand) -> Fragment | None:
    pattern = right.sql.params[0] if right.constant else None
    if not isinstance(pattern, str) or "*" not in pattern:
        return None
    negation = "NOT " if op == "ne" else ""
    return Fragment(f"({negation}odata_star(?, {left.sql.sql}))", (pattern, *left.sql.params))


def _compare_instants(op: ComparisonOperator, left: Operand, right: Operand) -> Fragment:
    """Columns hold whole seconds: a constant with a fraction lies between two of them and equals none."""
    value = right.constant.value if right.constant else None
    if isinstance(value, dt.datetime) and value.microsecond:
        if op in {"eq", "ne"}:
            return Fragment(f"({left.sql.sql} IS {'NOT ' if op == 'ne' else ''}NULL AND {int(op == 'ne')})")
        op = "gt" if op in {"gt", "ge"} else "le"
    return _join(left.sql, _SQL_OPERATORS[op], right.sql)


def sort_expression(column: SqlColumn) -> str:
    """The column as SQL sorts it: text without case, decimals by value."""
    return f"{column.expression}{_collation(column.kind)}"


def membership(column: SqlColumn, values: list[Operand], *, negated: bool) -> Fragment:
    """``column IN (values)`` under the column's own rules of comparison."""
    marks = ", ".join("?" for _ in values)
    params = tuple(value.sql.params[0] for value in values)
    if column.kind == "double":
        params = tuple(float(param or 0) for param in params)
    return Fragment(f"({sort_expression(column)} {'NOT ' if negated else ''}IN ({marks}))", params)


def balanced(parts: list[Fragment], connective: str) -> Fragment:
    """The parts joined by AND or OR, halved again and again so that the tree stays flat."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = balanced(parts[:middle], connective), balanced(parts[middle:], connective)
    return Fragment(f"({left.sql} {connective} {right.sql})", left.params + right.params)
