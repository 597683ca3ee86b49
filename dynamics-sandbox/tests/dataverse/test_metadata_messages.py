"""CreateEntities, RetrieveMetadataChanges, and the removal of columns and relationships."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

CRM = "Microsoft.Dynamics.CRM."
TICKET = "EntityDefinitions(LogicalName='new_ticket')"


def _column(kind: str, schema_name: str, **facets: Any) -> dict[str, Any]:
    return {"@odata.type": f"{CRM}Complex{kind}AttributeMetadata", "SchemaName": schema_name, **facets}


def _table(schema_name: str, *columns: dict[str, Any]) -> dict[str, Any]:
    primary = _column("String", "new_Title", IsPrimaryName=True, MaxLength=80)
    return {
        "@odata.type": f"{CRM}ComplexEntityMetadata",
        "SchemaName": schema_name,
        "Attributes": [primary, *columns],
    }


@pytest.fixture
def tickets(cds: Any) -> Any:
    """An environment with a table made by CreateEntities."""
    columns = (
        _column("Integer", "new_Grade", MinValue=1, MaxValue=5),
        _column("String", "new_Code", MaxLength=12),
    )
    assert cds.post("CreateEntities", {"Entities": [_table("new_Ticket", *columns)]}).status == 200
    return cds


def _changes(client: Any, **query: Any) -> Any:
    return client("GET", f"RetrieveMetadataChanges(Query=@q)?@q={quote(json.dumps(query))}")


def _named(name: str) -> dict[str, Any]:
    value = {"Type": "System.String", "Value": name}
    return {"Conditions": [{"PropertyName": "LogicalName", "ConditionOperator": "Equals", "Value": value}]}


def test_tables_of_create_entities_take_rows(tickets: Any) -> None:
    assert (
        tickets.post("new_tickets", {"new_title": "Smoke", "new_grade": 5, "new_code": "A-1"}).status == 204
    )
    assert tickets("GET", "new_tickets?$select=new_title,new_grade").rows[0]["new_grade"] == 5
    assert tickets.post("new_tickets", {"new_title": "Fire", "new_grade": 6}).status == 400


def test_create_entities_makes_all_tables_or_none(cds: Any) -> None:
    tables = [_table("new_First"), _table("new_Second"), _table("new_First")]
    assert cds.post("CreateEntities", {"Entities": tables}).status == 400
    assert (
        cds("GET", "EntityDefinitions?$select=LogicalName&$filter=startswith(LogicalName,'new_')").rows == []
    )
    assert cds.post("CreateEntities", {"Entities": []}).status == 400


def test_metadata_query_gives_the_named_members_of_columns_with_those_of_their_types(tickets: Any) -> None:
    reply = _changes(
        tickets,
        Properties={"PropertyNames": ["LogicalName", "Attributes"]},
        Criteria=_named("new_ticket"),
        AttributeQuery={
            "Properties": {"PropertyNames": ["LogicalName", "MaxLength", "MaxValue"]},
            "Criteria": {"FilterOperator": "Or", "Filters": [_named("new_grade"), _named("new_code")]},
        },
    )
    (entity,) = reply.json["EntityMetadata"]
    grade, code = entity["Attributes"]
    assert (entity["LogicalName"], "SchemaName" in entity) == ("new_ticket", False)
    assert (grade["LogicalName"], grade["MaxValue"], "MaxLength" in grade) == ("new_grade", 5, False)
    assert (code["@odata.type"], code["MaxLength"]) == (f"#{CRM}ComplexStringAttributeMetadata", 12)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"Criteria": _named("new_nothing")}, 200),
        ({"KeyQuery": {"Properties": {"AllProperties": True}}}, 501),
        (
            {
                "Criteria": {
                    "Conditions": [{"PropertyName": "LogicalName", "ConditionOperator": "GreaterThan"}]
                }
            },
            501,
        ),
        ({"Criteria": []}, 400),
    ],
)
def test_metadata_queries_that_find_nothing_or_cannot_be_answered(
    tickets: Any, query: Any, status: int
) -> None:
    reply = _changes(tickets, Properties={"AllProperties": True}, **query)
    assert reply.status == status
    assert status != 200 or reply.json["EntityMetadata"] == []


def test_a_deleted_column_is_gone_from_metadata_and_rows(tickets: Any) -> None:
    tickets.post("new_tickets", {"new_title": "Smoke", "new_grade": 5})
    assert tickets("DELETE", f"{TICKET}/Attributes(LogicalName='new_grade')").status == 204
    assert tickets("GET", "new_tickets?$select=new_grade").status == 400
    assert tickets("GET", "new_tickets?$select=new_title").rows[0]["new_title"] == "Smoke"
    assert (
        tickets.post(
            f"{TICKET}/Attributes",
            {**_column("Integer", "new_Grade"), "@odata.type": f"{CRM}IntegerAttributeMetadata"},
        ).status
        == 204
    )
    assert tickets("GET", "new_tickets?$select=new_grade").rows[0]["new_grade"] is None


@pytest.mark.parametrize("name", ["new_title", "createdon", "new_ticketid"])
def test_columns_that_cannot_be_deleted(tickets: Any, name: str) -> None:
    assert tickets("DELETE", f"{TICKET}/Attributes(LogicalName='{name}')").status == 400


def test_a_column_of_a_key_cannot_be_deleted(tickets: Any) -> None:
    assert (
        tickets.post(f"{TICKET}/Keys", {"SchemaName": "new_k", "KeyAttributes": ["new_code"]}).status == 204
    )
    assert tickets("DELETE", f"{TICKET}/Attributes(LogicalName='new_code')").status == 400


def test_a_deleted_relationship_takes_its_lookup_column_along(tickets: Any) -> None:
    relationship = {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
        "SchemaName": "new_parent",
        "ReferencedEntity": "new_ticket",
        "ReferencingEntity": "new_ticket",
        "Lookup": {"@odata.type": f"{CRM}LookupAttributeMetadata", "SchemaName": "new_ParentId"},
    }
    made = tickets.post("RelationshipDefinitions", relationship)
    assert tickets("DELETE", f"RelationshipDefinitions({made.entity_id})").status == 204
    assert tickets("GET", "new_tickets?$expand=new_ParentId").status == 400
    assert tickets("DELETE", f"RelationshipDefinitions({made.entity_id})").status == 404


def test_the_address_of_a_new_part_names_the_table_as_the_request_did(tickets: Any) -> None:
    made = tickets.post(f"{TICKET}/Keys", {"SchemaName": "new_k", "KeyAttributes": ["new_code"]})
    assert f"/{TICKET}/Keys(" in made.headers["odata-entityid"]


def test_a_column_is_changed_through_the_cast_of_its_type_too(tickets: Any) -> None:
    path = f"{TICKET}/Attributes(LogicalName='new_code')/{CRM}StringAttributeMetadata"
    changed = {"@odata.type": f"{CRM}StringAttributeMetadata", "SchemaName": "new_Code", "MaxLength": 30}
    assert tickets("PUT", path, changed).status == 204
    assert tickets("GET", path).json["MaxLength"] == 30
