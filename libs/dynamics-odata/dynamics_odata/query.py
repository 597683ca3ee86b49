"""Building OData addresses: literals, keys, filters and query strings, each encoded exactly once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from dynamics_odata.edm import date_text, decimal_text, guid_text, instant_text

__all__ = [
    "EnumMember",
    "Literal",
    "all_of",
    "any_of",
    "compare",
    "in_values",
    "key_segment",
    "literal",
    "one_of",
    "query_string",
    "unsafe_in_key",
]

# Dataverse: use-alternate-key-reference-record. Rows whose key value has one of these cannot be addressed
# by key.
KEY_UNSAFE = frozenset("/<>*%&:\\?+#")

# What may stand unencoded in the values of a query string, beside letters, digits and "-._~".
_QUERY_SAFE = "()',/*$=:"


class EnumMember(NamedTuple):
    """A member of an F&O enumeration; literals must name the type (F&O: odata)."""

    type_name: str
    member: str


Literal = str | int | Decimal | date | datetime | UUID | EnumMember | bool | None

_FNO_NAMESPACE = "Microsoft.Dynamics.DataEntities"


def literal(value: Literal) -> str:
    """A value as it stands in a filter or key, before percent-encoding.

    Raises:
        TypeError: for floats and other types that have no exact literal.
        ValueError: for datetimes without a time zone.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, EnumMember):
        name = value.type_name if "." in value.type_name else f"{_FNO_NAMESPACE}.{value.type_name}"
        return f"{name}'{value.member}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (int, Decimal)):
        return decimal_text(value)
    return _moment_or_guid(value)


def _moment_or_guid(value: date | UUID) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return date_text(value)
    if isinstance(value, UUID):
        return guid_text(value)
    raise TypeError(f"{type(value).__name__} has no exact OData literal")


def compare(column: str, operator: str, value: Literal) -> str:
    """One comparison, such as ``modifiedon ge 2024-05-01T00:00:00Z``; operators eq, ne, gt, ge, lt, le."""
    if operator not in {"eq", "ne", "gt", "ge", "lt", "le"}:
        raise ValueError(f"{operator!r} is no comparison operator")
    return f"{column} {operator} {literal(value)}"


def all_of(*conditions: str) -> str:
    """All conditions at once; empty ones are left out, one alone stands without brackets."""
    return _joined("and", conditions)


def any_of(*conditions: str) -> str:
    """Any of the conditions; empty ones are left out, one alone stands without brackets."""
    return _joined("or", conditions)


def one_of(column: str, values: Iterable[Literal]) -> str:
    """A column equal to any of the values, as a chain of ``or``: the form both services understand."""
    return any_of(*(compare(column, "eq", value) for value in values))


def in_values(column: str, values: Iterable[str]) -> str:
    """Dataverse's ``In`` function, shorter than a chain of ``or`` (Dataverse: filter-rows)."""
    listed = json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))
    return f"Microsoft.Dynamics.CRM.In(PropertyName={literal(column)},PropertyValues={listed})"


def _joined(word: str, conditions: Sequence[str]) -> str:
    given = [condition for condition in conditions if condition]
    if len(given) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(given)
    return f" {word} ".join(f"({condition})" for condition in given)


def key_segment(key: Mapping[str, Literal] | UUID | str) -> str:
    """The bracketed key of a row, percent-encoded: ``(accountnumber='A%27%271')``, or ``(<guid>)``.

    A plain string must be a GUID, the only nameless key both services know.

    Raises:
        ValueError: for an empty key, a null part (rows with null parts have no such address) or text that
            is no GUID.
    """
    if not isinstance(key, Mapping):
        return f"({guid_text(key)})"
    if not key:
        raise ValueError("a key needs at least one part")
    empty = [name for name, value in key.items() if value is None]
    if empty:
        raise ValueError(f"key part {empty[0]} is null: such a row cannot be addressed by key")
    return "(" + ",".join(f"{name}={_key_value(value)}" for name, value in key.items()) + ")"


def _key_value(value: Literal) -> str:
    text = literal(value)
    if text.startswith("'"):
        return "'" + quote(text[1:-1], safe="") + "'"
    return quote(text, safe="':")


def query_string(
    *,
    select: Iterable[str] = (),
    filter: str = "",  # noqa: A002 - the option's own name
    orderby: str | Iterable[str] = (),
    expand: str | Iterable[str] = (),
    top: int | None = None,
    cross_company: bool = False,
) -> str:
    """The query options as ``?…``, percent-encoded once, or the empty string when there are none.

    ``cross_company`` is F&O's switch for all companies the user may read (F&O: cross-company-behavior).
    """
    options = {
        "cross-company": "true" if cross_company else "",
        "$select": ",".join(select),
        "$filter": filter,
        "$orderby": orderby if isinstance(orderby, str) else ",".join(orderby),
        "$expand": expand if isinstance(expand, str) else ",".join(expand),
        "$top": "" if top is None else str(top),
    }
    given = [f"{name}={quote(value, safe=_QUERY_SAFE)}" for name, value in options.items() if value]
    return f"?{'&'.join(given)}" if given else ""


def unsafe_in_key(text: str) -> bool:
    """Whether a key value has a character with which Dataverse cannot address a row by alternate key."""
    return not KEY_UNSAFE.isdisjoint(text)
