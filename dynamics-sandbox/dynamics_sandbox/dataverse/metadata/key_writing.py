"""New alternate keys, and their removal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import DataverseError, bad_request
from dynamics_sandbox.dataverse.metadata.definitions import custom_schema_name
from dynamics_sandbox.dataverse.metadata.facets import metadata_id
from dynamics_sandbox.dataverse.metadata.payloads import KeyDefinition, definition
from dynamics_sandbox.dataverse.protocol.calls import no_content
from dynamics_sandbox.dataverse.schema import storage
from dynamics_sandbox.dataverse.schema.model import Key

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.calls import Answer
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

_KEY_TYPES = frozenset(
    {"String", "Integer", "BigInt", "Decimal", "DateTime", "Lookup", "Customer", "Picklist"}
)
_BYTES = {
    "Integer": 4,
    "BigInt": 8,
    "Decimal": 17,
    "DateTime": 8,
    "Lookup": 16,
    "Customer": 16,
    "Picklist": 4,
}


def create_key(session: Session, table: Table, body: dict[str, Any]) -> str:
    """Ask for an alternate key, whose index is built later; gives its MetadataId."""
    given = definition(body, KeyDefinition)
    key = Key(
        schema_name=custom_schema_name(given.schema_name),
        columns=given.key_attributes,
        display_name=given.display_name.text,
        status="Pending",
        requested_at=session.now,
    )
    _check_key(session, table, key)
    session.change_schema(table.with_key(key))
    return metadata_id(table.logical_name, "keys", key.name)


def _check_key(session: Session, table: Table, key: Key) -> None:
    settings = session.settings
    if any(existing.name == key.name or set(existing.columns) == set(key.columns) for existing in table.keys):
        raise duplicate(
            session, f"A key {key.name}, or one on the same attributes, exists for {table.logical_name}."
        )
    if len(table.keys) >= settings.key_limit:
        raise bad_request(
            f"{table.logical_name} has {settings.key_limit} keys already, the most a table may have."
        )
    if not key.columns or len(key.columns) > settings.key_column_limit:
        raise bad_request(f"KeyAttributes must name 1 to {settings.key_column_limit} columns.")
    size = 0
    for name in key.columns:
        attribute = table.columns.get(name)
        if attribute is None or attribute.type not in _KEY_TYPES or attribute.is_polymorphic:
            raise bad_request(f"The attribute '{name}' does not exist or cannot be part of a key.")
        size += _BYTES.get(attribute.type) or 2 * (attribute.max_length or 0)
    if size > settings.key_byte_limit:
        raise bad_request(
            f"The key needs {size} bytes; {settings.key_byte_limit} is the most an index can hold."
        )


def delete_key(session: Session, table: Table, text: str) -> Answer:
    """Remove an alternate key with its index."""
    for key in table.keys:
        if text.strip() in {f"LogicalName='{key.name}'", metadata_id(table.logical_name, "keys", key.name)}:
            storage.drop_key(session.connection, table, key)
            session.change_schema(replace(table, keys=tuple(other for other in table.keys if other != key)))
            return no_content()
    raise bad_request(f"{table.logical_name} has no key {text}.")


def duplicate(session: Session, message: str) -> DataverseError:
    """Refuse a name that is taken."""
    return bad_request(message, session.settings.duplicate_definition_code)
