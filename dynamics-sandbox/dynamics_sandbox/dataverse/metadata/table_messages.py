"""CreateEntities and RetrieveMetadataChanges: metadata as messages, with the Complex… types of definitions.

Dataverse: retrievemetadatachanges and its EntityQueryExpression. CreateEntities has no page of its own; its
body is what Microsoft's Python client sends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.dataverse.errors import bad_request, not_in_sandbox
from dynamics_sandbox.dataverse.metadata.documents import attribute_documents, table_document
from dynamics_sandbox.dataverse.metadata.facets import NAMESPACE, Document
from dynamics_sandbox.dataverse.metadata.payloads import (
    EntitiesDefinition,
    MetadataCriteria,
    MetadataProperties,
    MetadataQuery,
    definition,
)
from dynamics_sandbox.dataverse.metadata.writing import create_table
from dynamics_sandbox.dataverse.protocol.calls import json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dynamics_sandbox.dataverse.metadata.payloads import MetadataCondition
    from dynamics_sandbox.dataverse.protocol.calls import Answer, Call
    from dynamics_sandbox.dataverse.session import Session

_COMPLEX = "Complex"
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda value, given: value == given,
    "NotEquals": lambda value, given: value != given,
    "In": lambda value, given: value in given,
    "NotIn": lambda value, given: value not in given,
}


def create_entities(session: Session, call: Call) -> Answer:
    """Create tables with their columns: all of them or none."""
    given = definition(_plain(call.json_object()), EntitiesDefinition)
    if not given.entities:
        raise bad_request("CreateEntities needs at least one definition in Entities.")
    ids = [create_table(session, table) for table in given.entities]
    context = f"{session.root}/$metadata#{NAMESPACE}.CreateEntitiesResponse"
    return json_answer({"@odata.context": context, "EntityIds": ids})


def retrieve_metadata_changes(session: Session, call: Call) -> Answer:
    """Give the chosen members of the tables and columns that a query names."""
    query = _query(call)
    tables = []
    for table in session.schema.tables.values():
        document = table_document(table)
        if not _passes(query.criteria, document):
            continue
        shown = _chosen(query.properties, document)
        if query.attribute_query is not None and _wanted(query.properties, "Attributes"):
            shown["Attributes"] = [
                _complex(_chosen(query.attribute_query.properties, each))
                for each in attribute_documents(table)
                if _passes(query.attribute_query.criteria, each)
            ]
        tables.append(shown)
    content = {
        "@odata.context": f"{session.root}/$metadata#{NAMESPACE}.RetrieveMetadataChangesResponse",
        "ServerVersionStamp": str(session.schema.version),
        "DeletedMetadata": None,
        "EntityMetadata": tables,
    }
    return json_answer(_ENCODER.encode(content))


def _query(call: Call) -> MetadataQuery:
    """Read `Query=@alias`, the alias holding the JSON of an EntityQueryExpression."""
    name, _, text = (call.segments[0].key or "").partition("=")
    if name.strip() != "Query":
        raise not_in_sandbox(f"RetrieveMetadataChanges with '{name}'; give Query alone")
    if text.startswith("@"):
        text = call.options(()).aliases.get(text, "")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise bad_request("Query must be the JSON object of an EntityQueryExpression.")
    query = definition(content, MetadataQuery)
    for part in ("RelationshipQuery", "KeyQuery", "LabelQuery"):
        if content.get(part) is not None:
            raise not_in_sandbox(f"{part} of RetrieveMetadataChanges")
    return query


def _passes(criteria: MetadataCriteria | None, document: Document) -> bool:
    if criteria is None:
        return True
    verdicts = [_holds(condition, document) for condition in criteria.conditions]
    verdicts += [_passes(inner, document) for inner in criteria.filters]
    return any(verdicts) if criteria.filter_operator == "Or" else all(verdicts)


def _holds(condition: MetadataCondition, document: Document) -> bool:
    compare = _OPERATORS.get(condition.condition_operator)
    if compare is None:
        raise not_in_sandbox(f"the ConditionOperator '{condition.condition_operator}' on metadata")
    if condition.property_name not in document:
        return False
    return compare(document[condition.property_name], condition.value.value)


def _wanted(properties: MetadataProperties, name: str) -> bool:
    return properties.all_properties or name in properties.property_names


def _chosen(properties: MetadataProperties, document: Document) -> Document:
    always = ("@odata.type", "MetadataId")
    return {name: document[name] for name in document if name in always or _wanted(properties, name)}


def _complex(document: Document) -> Document:
    kind = document["@odata.type"].rpartition(".")[2]
    return document | {"@odata.type": f"#{NAMESPACE}.{_COMPLEX}{kind}"}


def _plain(value: Any) -> Any:
    """Give definitions the names of the types that EntityDefinitions uses."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _plain_type(item) if name == "@odata.type" else _plain(item) for name, item in value.items()
    }


def _plain_type(name: Any) -> Any:
    return name.replace(f".{_COMPLEX}", ".") if isinstance(name, str) else name
