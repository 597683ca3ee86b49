"""Reading metadata: EntityDefinitions with columns, keys and relationships, and RelationshipDefinitions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.dataverse.errors import UNEXPECTED, DataverseError, not_in_sandbox, unknown_segment
from dynamics_sandbox.dataverse.metadata.documents import (
    attribute_documents,
    incoming_document,
    key_document,
    relationship_document,
    table_document,
)
from dynamics_sandbox.dataverse.metadata.facets import NAMESPACE, Document, metadata_id
from dynamics_sandbox.dataverse.metadata.query import matches, selected_members, unknown_member
from dynamics_sandbox.dataverse.protocol.calls import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamics_sandbox.dataverse.protocol.address import Segment
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Schema, Table
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.odata.options import QueryOptions

OPTIONS = frozenset({"$select", "$filter", "$expand", "$count"})
ONE_OPTIONS = frozenset({"$select", "$expand"})

# Place of a segment behind table, collection and cast.
_MEMBER = 3
_NAMED = re.compile(r"(?:LogicalName|SchemaName|Name)='([^']+)'")
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_OPTION_SETS = ("OptionSet", "GlobalOptionSet")
# Members that only the derived types have: selecting them needs a cast in the path.
_DERIVED = frozenset(
    {
        "MaxLength", "Format", "FormatName", "ImeMode", "IsLocalizable", "DatabaseLength", "MinValue",
        "MaxValue", "Precision", "PrecisionSource", "IsBaseCurrency", "CalculationOf", "DateTimeBehavior",
        "DefaultValue", "DefaultFormValue", "Targets",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection of definitions: how to list it, and the type its errors name."""

    documents: Callable[[Schema, Table], Iterator[Document]]
    type_name: str


def _attributes(_: Schema, table: Table) -> Iterator[Document]:
    return attribute_documents(table)


def _keys(_: Schema, table: Table) -> Iterator[Document]:
    return (key_document(table, key) for key in table.keys)


def _many_to_one(schema: Schema, table: Table) -> Iterator[Document]:
    for attribute in table.attributes:
        for branch in attribute.navigable:
            yield relationship_document(table, attribute, branch, schema.tables[branch.target])


def _one_to_many(schema: Schema, table: Table) -> Iterator[Document]:
    for incoming in schema.incoming[table.logical_name]:
        yield incoming_document(incoming, schema.tables[incoming.table], table)


def _many_to_many(_: Schema, __: Table) -> Iterator[Document]:
    return iter(())


COLLECTIONS = {
    "Attributes": Collection(_attributes, "AttributeMetadata"),
    "Keys": Collection(_keys, "EntityKeyMetadata"),
    "ManyToOneRelationships": Collection(_many_to_one, "OneToManyRelationshipMetadata"),
    "OneToManyRelationships": Collection(_one_to_many, "OneToManyRelationshipMetadata"),
    "ManyToManyRelationships": Collection(_many_to_many, "ManyToManyRelationshipMetadata"),
}


def metadata_call(session: Session, call: Call) -> Answer:
    """Answer a GET on EntityDefinitions or RelationshipDefinitions."""
    first = call.segments[0]
    if first.name == "RelationshipDefinitions":
        return _relationships(session, call, first)
    if first.name != "EntityDefinitions":
        raise not_in_sandbox(f"'{first.name}'")
    if first.key is None:
        return _tables(session, call)
    table = find_table(session.schema, first.key)
    if len(call.segments) == 1:
        return _one(session, call, _table(session, table, call.options(ONE_OPTIONS)), "EntityDefinitions")
    return _part(session, call, table)


def find_table(schema: Schema, key: str) -> Table:
    """Find the table a key of EntityDefinitions names: `LogicalName='x'` or a MetadataId."""
    for table in schema.tables.values():
        if key.strip() in {f"LogicalName='{table.logical_name}'", metadata_id(table.logical_name)}:
            return table
    match = _NAMED.search(key)
    name = match.group(1) if match else key
    raise DataverseError(404, UNEXPECTED, f"Could not find an entity with name {name} and id {key}.")


def find_attribute(table: Table, key: str) -> Attribute:
    """Find the column a key of Attributes names: `LogicalName='x'` or a MetadataId."""
    for attribute in table.attributes:
        if key.strip() in {
            f"LogicalName='{attribute.name}'",
            metadata_id(table.logical_name, attribute.name),
        }:
            return attribute
    raise DataverseError(404, UNEXPECTED, f"Could not find an attribute with {key} in {table.logical_name}.")


def _tables(session: Session, call: Call) -> Answer:
    if len(call.segments) > 1:
        raise unknown_segment(call.segments[1].name)
    options = call.options(OPTIONS)
    passing = [
        table
        for table in session.schema.tables.values()
        if matches(options.filter, table_document(table), "EntityMetadata")
    ]
    return _many(
        session, [_table(session, table, options) for table in passing], "EntityDefinitions", options
    )


def _table(session: Session, table: Table, options: QueryOptions) -> Document:
    document = selected_members(table_document(table), options, (), "EntityMetadata")
    for item in options.expand:
        collection = COLLECTIONS.get(item.name)
        if collection is None:
            raise unknown_member(item.name, "EntityMetadata")
        document[item.name] = _listed(collection, collection.documents(session.schema, table), item.options)
    return document


def _part(session: Session, call: Call, table: Table) -> Answer:
    """Answer `EntityDefinitions(…)/Attributes…`, `/Keys…`, the relationships, or one member of the table."""
    segment = call.segments[1]
    collection = COLLECTIONS.get(segment.name)
    if collection is None:
        document = table_document(table)
        if segment.name not in document:
            raise unknown_segment(segment.name)
        return json_answer(
            {"@odata.context": f"{session.root}/$metadata#Edm.Any", "value": document[segment.name]}
        )
    documents = list(collection.documents(session.schema, table))
    type_name = collection.type_name
    cast = call.segments[2].name.removeprefix(f"{NAMESPACE}.") if len(call.segments) > 2 else ""  # noqa: PLR2004 - table, collection, cast
    if cast:
        documents = [item for item in documents if item.get("@odata.type") == f"#{NAMESPACE}.{cast}"]
        type_name = cast
    name = f"EntityDefinitions('{table.logical_name}')/{segment.name}{f'/{NAMESPACE}.{cast}' if cast else ''}"
    if segment.key is not None:
        found = _named(documents, segment.key)
        options = call.options(ONE_OPTIONS)
        for member in call.segments[_MEMBER:]:
            if not isinstance(found.get(member.name), dict) or member.key is not None:
                raise unknown_segment(member.name)
            found, type_name, name = found[member.name], "OptionSetMetadata", f"{name}/{member.name}"
        return _one(session, call, _chosen(found, options, type_name, cast=bool(cast)), name)
    if len(call.segments) > _MEMBER:
        raise unknown_segment(call.segments[_MEMBER].name)
    options = call.options(OPTIONS)
    cast_collection = Collection(collection.documents, type_name)
    return _many(session, _listed(cast_collection, iter(documents), options, cast=bool(cast)), name, options)


def _listed(
    collection: Collection, documents: Iterator[Document], options: QueryOptions, *, cast: bool = False
) -> list[Document]:
    return [
        _chosen(document, options, collection.type_name, cast=cast)
        for document in documents
        if matches(options.filter, document, collection.type_name)
    ]


def _chosen(document: Document, options: QueryOptions, type_name: str, *, cast: bool) -> Document:
    """Give the selected members, option sets when they are expanded."""
    if (
        options.select is not None
        and not cast
        and _DERIVED.intersection(options.select)
        and type_name == "AttributeMetadata"
    ):
        raise unknown_member(min(_DERIVED.intersection(options.select)), type_name)
    chosen = selected_members(document, options, _OPTION_SETS, type_name)
    for item in options.expand:
        if item.name not in _OPTION_SETS or not cast:
            raise unknown_member(item.name, type_name)
        nested = document.get(item.name)
        chosen[item.name] = (
            None if nested is None else selected_members(nested, item.options, (), "OptionSetMetadata")
        )
    return chosen


def _named(documents: list[Document], key: str) -> Document:
    match = _NAMED.fullmatch(key.strip())
    for document in documents:
        names = {document.get("LogicalName"), document["SchemaName"]}
        if (match and match.group(1) in names) or document["MetadataId"] == key.strip():
            return document
    raise DataverseError(404, UNEXPECTED, f"Could not find a definition with {key}.")


def _relationships(session: Session, call: Call, first: Segment) -> Answer:
    schema = session.schema
    documents = [item for table in schema.tables.values() for item in _many_to_one(schema, table)]
    if first.key is not None:
        options = call.options(ONE_OPTIONS)
        found = _named(documents, first.key)
        return _one(
            session, call, selected_members(found, options, (), "RelationshipMetadataBase"), first.name
        )
    options = call.options(OPTIONS)
    collection = Collection(_many_to_one, "OneToManyRelationshipMetadata")
    return _many(session, _listed(collection, iter(documents), options), first.name, options)


def _one(session: Session, _: Call, document: Document, name: str) -> Answer:
    context = f"{session.root}/$metadata#{name}/$entity"
    return json_answer(_ENCODER.encode({"@odata.context": context, **document}))


def _many(session: Session, documents: list[Document], name: str, options: QueryOptions) -> Answer:
    content: dict[str, Any] = {"@odata.context": f"{session.root}/$metadata#{name}"}
    if options.count:
        content["@odata.count"] = len(documents)
    return json_answer(_ENCODER.encode({**content, "value": documents}))
