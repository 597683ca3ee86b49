"""Removing columns, and relationships with their lookup columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import UNEXPECTED, DataverseError, bad_request
from dynamics_sandbox.dataverse.metadata.facets import metadata_id
from dynamics_sandbox.dataverse.protocol.calls import no_content
from dynamics_sandbox.dataverse.schema import storage

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.calls import Answer
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session


def delete_attribute(session: Session, table: Table, attribute: Attribute) -> Answer:
    """Remove a custom column with its values; a lookup takes its relationships along.

    Raises:
        DataverseError: the column is the service's own, the primary name, or part of an alternate key.
    """
    if not attribute.custom or attribute.base_of:
        raise bad_request(f"The attribute {attribute.name} of {table.logical_name} cannot be deleted.")
    if attribute.name == table.primary_name:
        raise bad_request(f"The primary name {attribute.name} of {table.logical_name} cannot be deleted.")
    for key in table.keys:
        if attribute.name in key.columns:
            raise bad_request(f"{attribute.name} is part of the key {key.schema_name}; delete the key first.")
    gone = [each for each in table.attributes if attribute.name in {each.name, each.base_of}]
    for each in gone:
        storage.drop_column(session.connection, table, each)
    session.change_schema(
        replace(table, attributes=tuple(each for each in table.attributes if each not in gone))
    )
    return no_content()


def delete_relationship(session: Session, key: str) -> Answer:
    """Remove the custom one-to-many relationship of a MetadataId or SchemaName, and its lookup column.

    Raises:
        DataverseError: there is no such relationship, or its column cannot be deleted.
    """
    for table in session.schema.tables.values():
        for attribute in table.attributes:
            for branch in attribute.relationships:
                identifier = metadata_id("relationship", branch.schema_name)
                if key.strip() in {identifier, f"SchemaName='{branch.schema_name}'"}:
                    return delete_attribute(session, table, attribute)
    raise DataverseError(404, UNEXPECTED, f"Could not find a relationship with {key}.")
