"""Resource paths: `accounts(accountnumber='A1')/primarycontactid`, cut into segments and resolved to rows.

A path is percent-decoded before it is cut, as the service does it: an encoded slash inside a key value
cuts it too, which is why such values cannot be addressed by key (Dataverse: define-alternate-keys-entity).
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import missing_key, missing_row, syntax_error, undeclared_key
from dynamics_sandbox.dataverse.writing.values import ValueReader, instant_text
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.keys import parse_key
from dynamics_sandbox.odata.nodes import Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.dataverse.errors import DataverseError
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Key, Table
    from dynamics_sandbox.dataverse.session import Session

UNSAFE_IN_KEYS = frozenset("/<>*%&:\\?+#")
"""Characters that values of alternate keys cannot carry in an address."""

_SEGMENT = re.compile(r"([$@\w.]+)(?:\((.*)\))?", re.DOTALL)
_STRING = re.compile(r"'(?:[^']|'')*'")
_STRING_OR_ALIAS = re.compile(r"'(?:[^']|'')*'|=@\w+")


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path: its name, and what stands in its parentheses (None without any)."""

    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class RowAddress:
    """One row of a table, by id or by the values of an alternate key; it need not exist."""

    table: Table
    row_id: str | None = None
    key: Key | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def missing(self) -> DataverseError:
        """Say that there is no such row."""
        name = self.table.logical_name
        return missing_key(name) if self.row_id is None else missing_row(name, self.row_id)


def segments(encoded_path: str) -> list[Segment]:
    """Cut a path, still percent-encoded, into its segments.

    Raises:
        DataverseError: a segment is malformed, or a key value holds a character that keys cannot carry.
    """
    return [_segment(part) for part in unquote(encoded_path).strip("/").split("/") if part]


def _segment(text: str) -> Segment:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise syntax_error()
    name, key = match.groups()
    if key is not None and any(UNSAFE_IN_KEYS & set(value) for value in _STRING.findall(key)):
        raise syntax_error()
    return Segment(name, key)


def row_address(
    session: Session, table: Table, key: str, aliases: Mapping[str, str] | None = None
) -> RowAddress:
    """Read what stands in the parentheses behind an entity set.

    Raises:
        DataverseError: malformed, or its columns are neither the id nor an active alternate key.
    """
    try:
        parsed = parse_key(_with_aliases(session, key, aliases or {}))
    except QueryError:
        raise syntax_error() from None
    if isinstance(parsed, Literal):
        return RowAddress(table, row_id=_guid(parsed))
    if set(parsed) == {table.primary_id} and not table.principal:
        return RowAddress(table, row_id=_guid(parsed[table.primary_id]))
    return _by_key(session, table, parsed)


def find_row(session: Session, address: RowAddress) -> str | None:
    """Give the id of the addressed row, or None when there is none."""
    if address.row_id is not None:
        return address.row_id if session.exists(address.table, address.row_id) else None
    table = address.table
    condition = " AND ".join(f"{quoted(column)} = ?" for column in address.values)
    row = session.connection.execute(
        f"SELECT {quoted(table.primary_id)} FROM {quoted(table.logical_name)} WHERE {condition}",  # noqa: S608 - quoted names
        tuple(address.values.values()),
    ).fetchone()
    return None if row is None else str(row[0])


def existing_row(session: Session, address: RowAddress) -> str:
    """Give the id of the addressed row.

    Raises:
        DataverseError: 404 when there is none.
    """
    row_id = find_row(session, address)
    if row_id is None:
        raise address.missing()
    return row_id


def _with_aliases(session: Session, key: str, aliases: Mapping[str, str]) -> str:
    if not aliases or not session.settings.key_parameter_aliases:
        return key
    return _STRING_OR_ALIAS.sub(lambda match: _alias_value(match.group(), aliases), key)


def _alias_value(text: str, aliases: Mapping[str, str]) -> str:
    return f"={aliases[text[1:]]}" if text.startswith("=") and text[1:] in aliases else text


def _guid(literal: Literal) -> str:
    if not isinstance(literal.value, uuid.UUID):
        raise syntax_error()
    return str(literal.value)


def _by_key(session: Session, table: Table, parsed: Mapping[str, Literal]) -> RowAddress:
    key = table.active_keys.get(frozenset(parsed))
    if key is None:
        raise undeclared_key(table.logical_name)
    reader = ValueReader(table, session.settings)
    values = {}
    for name, literal in parsed.items():
        attribute = table.properties[name]
        values[attribute.name] = reader.read(attribute, _json_value(attribute, literal))
    return RowAddress(table, key=key, values=values)


def _json_value(attribute: Attribute, literal: Literal) -> Any:
    """Give the literal of a key as JSON would carry it."""
    value = literal.value
    if value is None:
        raise syntax_error()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return instant_text(value)
    if isinstance(value, dt.date):
        return value.isoformat() if attribute.kind == "date" else f"{value.isoformat()}T00:00:00Z"
    return Decimal(value) if attribute.kind == "decimal" and isinstance(value, int) else value
