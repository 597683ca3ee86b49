"""Parses `$apply`: a filter, a grouping and aggregates, in the form Dataverse knows.

Grammar (Dataverse: query/aggregate-data)::

    apply     = [ "filter(" filter ")" "/" ] ( group / aggregate )
    group     = "groupby((" path *( "," path ) ")" [ "," aggregate ] ")"
    aggregate = "aggregate(" item *( "," item ) ")"
    item      = path "with" method "as" NAME / "$count" "as" NAME
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, cast, get_args
from typing import Literal as OneOf

from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.parser import parse_filter
from dynamics_sandbox.odata.splitting import split_outside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.odata.nodes import Node

Method: TypeAlias = OneOf["sum", "average", "min", "max", "countdistinct"]
_METHODS: Final = get_args(Method)
_ITEM = re.compile(r"(\$count|[A-Za-z_][\w/]*)(?:\s+with\s+(\S+))?\s+as\s+([A-Za-z_]\w*)", re.ASCII)
_PATH = re.compile(r"[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate: the column's path (empty for `$count`), the method (None for `$count`), its name."""

    path: tuple[str, ...]
    method: Method | None
    alias: str


@dataclass(frozen=True, slots=True)
class Aggregation:
    """A whole `$apply`: which rows, grouped by which paths, with which aggregates."""

    filter: Node | None
    groups: tuple[tuple[str, ...], ...]
    aggregates: tuple[Aggregate, ...]


def parse_apply(text: str, aliases: Mapping[str, str]) -> Aggregation:
    """The aggregation in `text`, already percent-decoded.

    Raises:
        QueryError: it does not follow the grammar, or names one output twice.
    """
    *filters, last = [_transformation(part) for part in split_outside(text, "/", "$apply")]
    if len(filters) > 1 or any(name != "filter" for name, _ in filters):
        raise _refused(text)
    condition = parse_filter(filters[0][1], aliases=aliases) if filters else None
    name, inner = last
    if name == "groupby":
        groups, aggregates = _grouping(inner)
    elif name == "aggregate":
        groups, aggregates = (), _aggregates(inner)
    else:
        raise _refused(text)
    return Aggregation(condition, groups, aggregates)


def _refused(text: str) -> QueryError:
    return QueryError(f"The query parameter $apply cannot be read near '{text}'.", option="$apply")


def _transformation(text: str) -> tuple[str, str]:
    name, opening, rest = text.partition("(")
    if not opening or not rest.endswith(")"):
        raise _refused(text)
    return name.strip(), rest[:-1]


def _grouping(text: str) -> tuple[tuple[tuple[str, ...], ...], tuple[Aggregate, ...]]:
    paths, *rest = split_outside(text, ",", "$apply")
    if not paths.startswith("(") or not paths.endswith(")") or len(rest) > 1:
        raise _refused(text)
    groups = split_outside(paths[1:-1], ",", "$apply")
    if not all(_PATH.fullmatch(path) for path in groups):
        raise _refused(text)
    aggregates: tuple[Aggregate, ...] = ()
    if rest:
        name, inner = _transformation(rest[0])
        if name != "aggregate":
            raise _refused(rest[0])
        aggregates = _aggregates(inner)
    return tuple(tuple(path.split("/")) for path in groups), aggregates


def _aggregates(text: str) -> tuple[Aggregate, ...]:
    items = tuple(_aggregate(part) for part in split_outside(text, ",", "$apply"))
    if len({item.alias for item in items}) < len(items):
        raise QueryError("The query parameter $apply gives one name to two aggregates.", option="$apply")
    return items


def _aggregate(text: str) -> Aggregate:
    match = _ITEM.fullmatch(text)
    if match is None:
        raise _refused(text)
    path, method, alias = match.groups()
    if path == "$count":
        if method is not None:
            raise _refused(text)
        return Aggregate((), None, alias)
    if method not in _METHODS:
        raise QueryError(f"The aggregation method '{method}' is not supported.", option="$apply")
    return Aggregate(tuple(path.split("/")), cast("Method", method), alias)
