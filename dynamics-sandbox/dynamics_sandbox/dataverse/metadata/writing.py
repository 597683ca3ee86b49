"""Writing metadata: new tables, columns, alternate keys and relationships, and changes to the first two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import bad_request, method_not_allowed, not_in_sandbox
from dynamics_sandbox.dataverse.metadata.attribute_names import check_new_column, check_new_table
from dynamics_sandbox.dataverse.metadata.definitions import (
    attribute_from,
    base_attribute,
    changed_attribute,
    custom_schema_name,
)
from dynamics_sandbox.dataverse.metadata.deletion import delete_attribute, delete_relationship
from dynamics_sandbox.dataverse.metadata.facets import metadata_id
from dynamics_sandbox.dataverse.metadata.key_writing import create_key, delete_key, duplicate
from dynamics_sandbox.dataverse.metadata.messages import register_messages
from dynamics_sandbox.dataverse.metadata.payloads import (
    ColumnDefinition,
    RelationshipDefinition,
    TableDefinition,
    definition,
)
from dynamics_sandbox.dataverse.metadata.reading import find_attribute, find_table
from dynamics_sandbox.dataverse.protocol.calls import no_content
from dynamics_sandbox.dataverse.schema import storage
from dynamics_sandbox.dataverse.schema.columns import Relationship
from dynamics_sandbox.dataverse.schema.model import Table
from dynamics_sandbox.dataverse.schema.system import completed, with_money_companions

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.calls import Answer, Call
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.session import Session

_ON_DELETE = frozenset({"RemoveLink", "Cascade", "Restrict", "NoCascade"})
_TABLE, _COLLECTION = 1, 2


def metadata_write(session: Session, call: Call) -> Answer:
    """Answer a POST, PUT or DELETE on EntityDefinitions or RelationshipDefinitions."""
    _check_solution(session, call)
    names = [segment.name for segment in call.segments]
    if names == ["RelationshipDefinitions"] and call.method == "POST":
        return _create_relationship(session, call.json_object())
    if names == ["RelationshipDefinitions"] and call.method == "DELETE" and call.segments[0].key is not None:
        return delete_relationship(session, call.segments[0].key)
    if names == ["EntityDefinitions"] and call.segments[0].key is None and call.method == "POST":
        create_table(session, given := definition(call.json_object(), TableDefinition))
        return no_content(_table_url(session, session.schema.tables[given.schema_name.lower()]))
    if names[0] != "EntityDefinitions" or call.segments[0].key is None:
        raise method_not_allowed(call.method, call.path)
    table = find_table(session.schema, call.segments[0].key)
    if len(names) == _TABLE:
        return _change_table(session, call, table)
    cast = len(names) > _COLLECTION and call.method == "PUT" and names[2].endswith("AttributeMetadata")
    if len(names) == _COLLECTION + cast and names[1] in {"Attributes", "Keys"}:
        return _change_part(session, call, table)
    raise not_in_sandbox(f"{call.method} on '{call.path}'")


def _check_solution(session: Session, call: Call) -> None:
    name = call.headers.get("mscrm.solutionuniquename")
    if name is None:
        return
    found = session.connection.execute("SELECT 1 FROM solution WHERE uniquename = ?", (name,)).fetchone()
    if found is None:
        raise bad_request(f"The solution '{name}' of header MSCRM.SolutionUniqueName does not exist.")


def _change_table(session: Session, call: Call, table: Table) -> Answer:
    if call.method == "PUT":
        return _update_table(session, table, call.json_object())
    if call.method == "DELETE":
        return _delete_table(session, table)
    raise method_not_allowed(call.method, call.path)


def _change_part(session: Session, call: Call, table: Table) -> Answer:
    segment = call.segments[1]
    if call.method == "POST" and segment.key is None:
        create = _create_attribute if segment.name == "Attributes" else create_key
        made = create(session, table, call.json_object())
        # The answer names the table as the request did; clients take the last or the only GUID in it.
        return no_content(f"{session.root}/EntityDefinitions({call.segments[0].key})/{segment.name}({made})")
    if call.method == "PUT" and segment.name == "Attributes" and segment.key is not None:
        attribute = find_attribute(table, segment.key)
        changed = changed_attribute(attribute, definition(call.json_object(), ColumnDefinition))
        session.change_schema(table.with_attributes(changed))
        url = f"{_table_url(session, table)}/Attributes({metadata_id(table.logical_name, attribute.name)})"
        return no_content(url)
    if call.method == "DELETE" and segment.key is not None:
        if segment.name == "Keys":
            return delete_key(session, table, segment.key)
        return delete_attribute(session, table, find_attribute(table, segment.key))
    raise not_in_sandbox(f"{call.method} on '{call.path}'")


def create_table(session: Session, given: TableDefinition) -> str:
    """Create a table with its columns, storage and messages; gives its MetadataId.

    Raises:
        DataverseError: a name is taken or malformed, or a column cannot be made.
    """
    bare = _new_table(given)
    _check_new_table(session, bare)
    table = completed(bare)
    session.change_schema(table)
    storage.create_table(session.connection, table)
    register_messages(session, table)
    return metadata_id(table.logical_name)


def _new_table(given: TableDefinition) -> Table:
    schema_name = custom_schema_name(given.schema_name)
    name = schema_name.lower()
    primary = [item for item in given.attributes if item.is_primary_name]
    if len(primary) != 1:
        raise bad_request("The definition of a table needs exactly one attribute with IsPrimaryName true.")
    ownership = given.ownership_type or "UserOwned"
    if ownership not in {"UserOwned", "OrganizationOwned"}:
        raise bad_request(f"OwnershipType '{ownership}' is not valid; use UserOwned or OrganizationOwned.")
    return Table(
        logical_name=name,
        schema_name=schema_name,
        entity_set=_plain_name(given.entity_set_name, plural(name)).lower(),
        primary_id=f"{name}id",
        primary_name=primary[0].schema_name.lower(),
        display_name=given.display_name.text or schema_name,
        display_collection_name=given.display_collection_name.text or schema_name,
        description=given.description.text,
        ownership=ownership,
        change_tracking=bool(given.change_tracking_enabled),
        custom=True,
        attributes=tuple(attribute_from(item) for item in given.attributes),
    )


def _check_new_table(session: Session, table: Table) -> None:
    if table.logical_name in session.schema.tables:
        raise duplicate(session, f"An entity with the specified name {table.logical_name} already exists.")
    if session.table_of_set(table.entity_set) is not None:
        raise duplicate(session, f"An entity with the EntitySetName {table.entity_set} already exists.")
    check_new_table(session, table)


def _update_table(session: Session, table: Table, body: dict[str, Any]) -> Answer:
    given = definition(body, TableDefinition)
    if table.change_tracking and given.change_tracking_enabled is False:
        raise bad_request(f"Change tracking of '{table.logical_name}' cannot be turned off.")
    changed = replace(
        table,
        change_tracking=bool(given.change_tracking_enabled) or table.change_tracking,
        display_name=given.display_name.text or table.display_name,
        display_collection_name=given.display_collection_name.text or table.display_collection_name,
        description=given.description.text or table.description,
    )
    session.change_schema(changed)
    return no_content(_table_url(session, table))


def _delete_table(session: Session, table: Table) -> Answer:
    if not table.custom:
        raise bad_request(f"The entity {table.logical_name} is a system entity and cannot be deleted.")
    if any(incoming.table != table.logical_name for incoming in session.schema.incoming[table.logical_name]):
        raise bad_request(f"The entity {table.logical_name} is referenced by lookups of other entities.")
    session.connection.execute(
        "DELETE FROM sdkmessagefilter WHERE primaryobjecttypecode = ?", (table.logical_name,)
    )
    session.connection.execute("DELETE FROM _sandbox_deleted WHERE table_name = ?", (table.logical_name,))
    session.connection.execute(f"DROP TABLE {quoted(table.logical_name)}")
    session.remove_table(table)
    return no_content()


def _create_attribute(session: Session, table: Table, body: dict[str, Any]) -> str:
    """Create a column; gives its MetadataId."""
    attribute = attribute_from(definition(body, ColumnDefinition))
    check_new_column(session, table, attribute)
    _add_attribute(session, table, attribute)
    return metadata_id(table.logical_name, attribute.name)


def _add_attribute(session: Session, table: Table, attribute: Attribute) -> None:
    changed = with_money_companions(table.with_attributes(attribute))
    limit = session.settings.column_limit
    if len(changed.attributes) > limit:
        raise bad_request(f"{table.logical_name} cannot have more than {limit} columns.")
    for column in changed.attributes:
        if column.name not in table.columns:
            storage.add_column(session.connection, changed, column)
    # Rows that exist already get the column's default, as with a new column of the service.
    if attribute.default is not None:
        session.connection.execute(
            f"UPDATE {quoted(table.logical_name)} SET {quoted(attribute.name)} = ?",  # noqa: S608 - quoted names
            (changed.defaults[attribute.name],),
        )
    session.change_schema(changed)


def _create_relationship(session: Session, body: dict[str, Any]) -> Answer:
    given = definition(body, RelationshipDefinition)
    kind = given.type.removeprefix("#")
    if kind != "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata":
        raise not_in_sandbox(f"relationships of type '{kind}'")
    schema_name = custom_schema_name(given.schema_name)
    referencing = _named_table(session, given.referencing_entity)
    referenced = _named_table(session, given.referenced_entity)
    if given.referenced_attribute not in {None, referenced.primary_id}:
        raise bad_request(f"ReferencedAttribute must be '{referenced.primary_id}'.")
    lookup = base_attribute(given.lookup, "Lookup")
    branch = Relationship(
        schema_name=schema_name,
        target=referenced.logical_name,
        # Navigation properties of custom lookups bear the mixed-case SchemaName.
        navigation=_plain_name(given.referencing_entity_navigation_property_name, lookup.schema_name),
        collection=_plain_name(given.referenced_entity_navigation_property_name, schema_name),
        on_delete=_on_delete(given),
    )
    check_new_column(session, referencing, lookup)
    _check_relationship(session, referencing, referenced, branch)
    _add_attribute(session, referencing, replace(lookup, relationships=(branch,)))
    identifier = metadata_id("relationship", schema_name)
    return no_content(f"{session.root}/RelationshipDefinitions({identifier})")


def _named_table(session: Session, name: str) -> Table:
    table = session.schema.tables.get(name)
    if table is None:
        raise bad_request(f"'{name}' of the relationship is no table of this environment.")
    return table


def _plain_name(given: str | None, default: str) -> str:
    if given is None:
        return default
    if not (given.isascii() and given.isidentifier()):
        raise bad_request(f"The name '{given}' may hold letters, digits and underscores only.")
    return given


def _check_relationship(
    session: Session, referencing: Table, referenced: Table, branch: Relationship
) -> None:
    taken = {
        other.schema_name
        for table in session.schema.tables.values()
        for attribute in table.attributes
        for other in attribute.relationships
    }
    if branch.schema_name in taken:
        raise duplicate(session, f"A relationship with the name {branch.schema_name} already exists.")
    if branch.navigation in referencing.navigations or branch.navigation in referencing.properties:
        raise duplicate(session, f"{referencing.logical_name} has a property {branch.navigation} already.")
    if session.schema.collection(referenced, branch.collection) is not None:
        raise duplicate(session, f"{referenced.logical_name} has a property {branch.collection} already.")


def _on_delete(given: RelationshipDefinition) -> str:
    behavior = given.cascade_configuration.delete or "RemoveLink"
    if behavior not in _ON_DELETE:
        raise bad_request(f"CascadeConfiguration.Delete '{behavior}' is not valid.")
    return behavior


def _table_url(session: Session, table: Table) -> str:
    return f"{session.root}/EntityDefinitions({metadata_id(table.logical_name)})"


def plural(name: str) -> str:
    """Give the entity-set name the service makes of a logical name."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"
