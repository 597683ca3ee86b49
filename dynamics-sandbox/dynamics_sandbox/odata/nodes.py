"""The syntax tree of a filter: one small immutable class per kind of expression."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal as OneOf
from typing import TypeAlias

#: The kinds a literal can have, as written in the query (OData 4.0 ABNF, primitiveLiteral).
LiteralKind: TypeAlias = OneOf["string", "number", "boolean", "null", "guid", "datetime", "date", "enum"]
#: Comparison operators, in the spelling of the URL conventions.
ComparisonOperator: TypeAlias = OneOf["eq", "ne", "gt", "ge", "lt", "le"]
#: Arithmetic operators; only F&O knows them.
ArithmeticOperator: TypeAlias = OneOf["add", "sub", "mul", "div", "divby", "mod"]


@dataclass(frozen=True, slots=True)
class EnumMember:
    """An enum value such as ``Microsoft.Dynamics.DataEntities.NoYes'Yes'``: full type name and member."""

    type_name: str
    member: str


LiteralValue: TypeAlias = str | int | Decimal | bool | uuid.UUID | dt.datetime | dt.date | EnumMember | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: str, int or Decimal, bool, None, UUID, aware datetime in UTC, date or EnumMember."""

    value: LiteralValue
    kind: LiteralKind


@dataclass(frozen=True, slots=True)
class Path:
    """A property, or a property reached through navigation properties: ``primarycontactid/fullname``."""

    segments: tuple[str, ...]

    def __str__(self) -> str:
        """The path as written in a URL."""
        return "/".join(self.segments)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left op right``."""

    op: ComparisonOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class And:
    """Both sides are true."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Or:
    """At least one side is true."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Not:
    """The operand is false."""

    operand: Node


@dataclass(frozen=True, slots=True)
class NamedArgument:
    """``Name=value`` among the arguments of a function such as ``Microsoft.Dynamics.CRM.In``."""

    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Values:
    """A bracketed list of constants: ``["A1","A2"]``."""

    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; ``name`` as written, namespace included; arguments are positional or all named."""

    name: str
    args: tuple[Node, ...]

    def named(self) -> dict[str, Node]:
        """The named arguments by name; empty when they were given by position."""
        return {
            argument.name: argument.value for argument in self.args if isinstance(argument, NamedArgument)
        }


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left op right`` on numbers."""

    op: ArithmeticOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Lambda:
    """``path/any(variable:body)`` or ``path/all(...)``; a bare ``any()`` has neither variable nor body."""

    path: tuple[str, ...]
    kind: OneOf["any", "all"]
    variable: str
    body: Node | None


Node: TypeAlias = (
    Literal | Path | Comparison | And | Or | Not | NamedArgument | Values | Call | Arithmetic | Lambda
)
