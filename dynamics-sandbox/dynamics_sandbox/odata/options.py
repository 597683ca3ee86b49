"""Reads the query options of a request from its raw query string.

The string is cut at ``&`` first and percent-decoded afterwards, once, with ``+`` as a blank: that is how both
services read it, and why a plus sign has to travel as ``%2B``. Option names are case-sensitive (Dataverse:
query/overview).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from dynamics_sandbox.odata.aggregation import Aggregation, parse_apply
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.parser import OrderItem, parse_filter, parse_orderby
from dynamics_sandbox.odata.splitting import split_outside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dynamics_sandbox.odata.nodes import Node

__all__ = ["ExpandItem", "OrderItem", "QueryOptions", "parse_options", "replace_option"]

#: Options that may stand inside the parentheses of ``$expand``, when the request allows them at all.
EXPAND_OPTIONS: Final = frozenset({"$select", "$filter", "$orderby", "$top", "$expand"})
_MAX_EXPAND_DEPTH: Final = 12
#: The services count rows in 32 bits.
_LARGEST_COUNT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """The options of one request, or of one expanded navigation property.

    Attributes:
        select: property names in the order asked for, without repetition; None when there is no ``$select``.
        filter: the parsed filter.
        orderby: sort criteria, the first one counts most.
        expand: navigation properties to bring along, with their own options.
        top: the largest number of rows wanted.
        skip: rows to leave out at the start.
        count: whether the number of rows was asked for.
        skiptoken: continuation of a paged read, percent-decoded.
        deltatoken: where a change-tracking read goes on, percent-decoded.
        apply: groups and aggregates asked for instead of rows.
        custom: options without a dollar sign, such as ``cross-company``, by name.
        aliases: parameter aliases (``@p1``) with their unparsed values.
    """

    select: tuple[str, ...] | None = None
    filter: Node | None = None
    orderby: tuple[OrderItem, ...] = ()
    expand: tuple[ExpandItem, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool = False
    skiptoken: str | None = None
    deltatoken: str | None = None
    apply: Aggregation | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExpandItem:
    """One navigation property of ``$expand``; ``reference`` for ``nav/$ref``."""

    name: str
    options: QueryOptions
    reference: bool = False


def parse_options(
    raw_query_string: str, *, allowed: Collection[str], allowed_in_expand: Collection[str] = EXPAND_OPTIONS
) -> QueryOptions:
    """The options of a request.

    Args:
        raw_query_string: what follows the question mark, still percent-encoded.
        allowed: the dollar options the service accepts here; ``$format`` is accepted as ``json`` only.
        allowed_in_expand: the ones it accepts inside ``$expand``.

    Raises:
        QueryError: an option that is not allowed, given twice, or malformed; ``option`` names it.
    """
    given = dict(_pairs(raw_query_string))
    aliases = {name: value for name, value in given.items() if name.startswith("@")}
    custom = {name: value for name, value in given.items() if name[:1] not in {"$", "@"}}
    dollar = {name: value for name, value in given.items() if name.startswith("$")}
    return _Reader(allowed_in_expand).read(dollar, allowed, custom=custom, aliases=aliases)


def replace_option(raw_query_string: str, name: str, value: str | None) -> str:
    """The raw query string with one option replaced, added at the end, or (None) removed.

    Everything else stays letter for letter, which next links need. ``value`` is already percent-encoded.
    """
    parts = [
        part for part in raw_query_string.split("&") if part and unquote_plus(part.partition("=")[0]) != name
    ]
    if value is not None:
        parts.append(f"{name}={value}")
    return "&".join(parts)


def _pairs(raw: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        try:
            decoded = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            raise QueryError(
                f"The query option '{name}' is not UTF-8 after percent-decoding.", option=name
            ) from None
        if decoded[0] in seen:
            raise _refused(decoded[0], "is given more than once")
        seen.add(decoded[0])
        yield decoded


def _refused(name: str, problem: str) -> QueryError:
    return QueryError(f"The query parameter {name} {problem}.", option=name)


class _Reader:
    """Turns decoded options into QueryOptions, downwards through ``$expand``."""

    def __init__(self, allowed_in_expand: Collection[str]) -> None:
        self._allowed_in_expand = allowed_in_expand

    def read(
        self,
        dollar: Mapping[str, str],
        allowed: Collection[str],
        *,
        custom: Mapping[str, str] | None = None,
        aliases: Mapping[str, str] | None = None,
        depth: int = 0,
    ) -> QueryOptions:
        """The options of one level; aliases are None inside ``$expand``, where they do not work."""
        for name, value in dollar.items():
            if name not in allowed:
                raise _refused(name, "is not supported")
            if name == "$format" and value != "json" and not value.startswith("application/json"):
                raise _refused(name, f"does not know the format '{value}'")
        try:
            parsed = parse_filter(dollar["$filter"], aliases=aliases) if "$filter" in dollar else None
        except QueryError as error:
            raise QueryError(error.message, option="$filter") from None
        return QueryOptions(
            select=_select(dollar["$select"]) if "$select" in dollar else None,
            filter=parsed,
            orderby=_orderby(dollar["$orderby"], aliases) if "$orderby" in dollar else (),
            expand=self._expand(dollar["$expand"], depth) if "$expand" in dollar else (),
            top=_whole_number(dollar, "$top"),
            skip=_whole_number(dollar, "$skip"),
            count=_flag(dollar, "$count"),
            skiptoken=dollar.get("$skiptoken"),
            deltatoken=dollar.get("$deltatoken"),
            apply=parse_apply(dollar["$apply"], aliases or {}) if "$apply" in dollar else None,
            custom=custom or {},
            aliases=aliases or {},
        )

    def _expand(self, text: str, depth: int) -> tuple[ExpandItem, ...]:
        if depth >= _MAX_EXPAND_DEPTH:
            raise _refused("$expand", "nests too deeply")
        return tuple(self._expand_item(item, depth) for item in split_outside(text, ",", "$expand"))

    def _expand_item(self, text: str, depth: int) -> ExpandItem:
        name, opening, rest = text.partition("(")
        name, slash, suffix = name.strip().partition("/")
        if not name or (slash and suffix != "$ref") or (opening and not rest.endswith(")")):
            raise _refused("$expand", f"cannot be read near '{text}'")
        pairs = (
            [self._inner_option(part) for part in split_outside(rest[:-1], ";", "$expand")] if opening else []
        )
        inner = dict(pairs)
        if len(inner) < len(pairs):
            raise _refused("$expand", f"gives an option twice near '{text}'")
        options = self.read(inner, self._allowed_in_expand, depth=depth + 1)
        return ExpandItem(name, options, reference=bool(slash))

    @staticmethod
    def _inner_option(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not equals or not name.strip().startswith("$"):
            raise _refused("$expand", f"cannot be read near '{text}'")
        return name.strip(), value.strip()


def _select(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise _refused("$select", f"cannot be read: '{text}' holds an empty name")
    return tuple(dict.fromkeys(names))


def _orderby(text: str, aliases: Mapping[str, str] | None) -> tuple[OrderItem, ...]:
    try:
        return parse_orderby(text, aliases=aliases)
    except QueryError as error:
        raise QueryError(error.message, option="$orderby") from None


def _whole_number(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not (text.isascii() and text.isdigit()):
        raise _refused(name, f"needs a whole number of 0 or more, not '{text}'")
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(_LARGEST_COUNT)) or int(digits) > _LARGEST_COUNT:
        raise _refused(name, f"exceeds {_LARGEST_COUNT}")
    return int(digits)


def _flag(given: Mapping[str, str], name: str) -> bool:
    if given.get(name, "false") not in {"true", "false"}:
        raise _refused(name, f"needs true or false, not '{given[name]}'")
    return given.get(name) == "true"
