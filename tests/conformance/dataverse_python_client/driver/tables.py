"""Metadata: tables, columns, alternate keys and relationships, read and written."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PowerPlatform.Dataverse.models import (  # type: ignore[import-not-found]  # only in the peer's place
    CascadeConfiguration,
    Label,
    LocalizedLabel,
    LookupAttributeMetadata,
    ManyToManyRelationshipMetadata,
    OneToManyRelationshipMetadata,
)

from tests.conformance.dataverse_python_client.driver.calls import call, prepared

#: Schema name and logical name of the table these calls make and change.
_TABLE, _NAME = "new_Ticket", "new_ticket"
_MOST_POLLS = 50


class Urgency(IntEnum):
    """A choice of the client: member names become labels."""

    LOW = 1
    HIGH = 2


def _label(text: str) -> Any:
    return Label(localized_labels=[LocalizedLabel(label=text, language_code=1033)])


@call
def create_table(client: Any) -> Any:
    columns = {"new_Number": "string", "new_Hours": "decimal", "new_Urgency": Urgency, "new_Open": "bool"}
    made = client.tables.create(_TABLE, columns, primary_column="new_Title", display_name="Ticket")
    return [made.schema_name, made.logical_name, made.entity_set_name, made["columns_created"]]


@call
def create_table_with_limits(client: Any) -> Any:
    columns = {
        "new_Code": {"type": "string", "max_length": 12, "required": "ApplicationRequired"},
        "new_Grade": {"type": "int", "min_value": 1, "max_value": 5},
    }
    return client.tables.create("new_Part", columns).entity_set_name


@call
def create_table_that_exists(client: Any) -> Any:
    try:
        client.tables.create(_TABLE, {"new_X": "string"})
    except Exception as error:  # noqa: BLE001 - the client's own error is the result
        return type(error).__name__
    return None


@call
def get_table(client: Any) -> Any:
    found = client.tables.get(_TABLE)
    return [found.schema_name, found.logical_name, found.entity_set_name]


@call
def get_standard_table(client: Any) -> Any:
    found = client.tables.get("account")
    return [found.schema_name, found.entity_set_name]


@call
def get_missing_table(client: Any) -> Any:
    return client.tables.get("new_Nothing")


@call
def list_tables(client: Any) -> Any:
    found = client.tables.list(filter="startswith(SchemaName,'new_')", select=["LogicalName"])
    return sorted(each["LogicalName"] for each in found)


@call
def add_columns(client: Any) -> Any:
    columns = {"new_Notes": "memo", "new_Due": "datetime", "new_Count": "int", "new_Weight": "float"}
    return client.tables.add_columns(_TABLE, columns)


@call
def add_column_of_choices(client: Any) -> Any:
    return client.tables.add_columns(_TABLE, {"new_Severity": Urgency})


@call
def add_column_that_exists(client: Any) -> Any:
    return client.tables.add_columns(_TABLE, {"new_Number": "string"})


@call
def remove_columns(client: Any) -> Any:
    client.tables.add_columns(_TABLE, {"new_Short": "string", "new_Lived": "int"})
    return client.tables.remove_columns(_TABLE, ["new_Short", "new_Lived"])


@call
def update_column(client: Any) -> Any:
    return client.tables.update_column(_TABLE, "new_Notes", {"max_length": 4000, "display_name": "Remarks"})


@call
def update_columns(client: Any) -> Any:
    changes = {"new_Number": {"required": "Recommended"}, "new_Count": {"min_value": 0, "max_value": 99}}
    return client.tables.update_columns(_TABLE, changes)


@call
def get_column(client: Any) -> Any:
    found = client.tables.get_column(_TABLE, "new_Hours", select=["LogicalName", "AttributeType"])
    return [found["LogicalName"], found["AttributeType"]]


@call
def get_missing_column(client: Any) -> Any:
    return client.tables.get_column(_TABLE, "new_Nothing")


@call
def get_typed_column(client: Any) -> Any:
    found = client.tables.get_column("new_Part", "new_Grade", typed=True)
    return [found["MinValue"], found["MaxValue"]]


@call
def list_columns(client: Any) -> Any:
    chosen = client.tables.list_columns(_TABLE, select=["LogicalName"], filter="AttributeType eq 'Picklist'")
    return sorted(each["LogicalName"] for each in chosen)


@call
def list_typed_columns(client: Any) -> Any:
    columns = client.tables.list_columns("new_Part", typed=True)
    return {each["LogicalName"]: each["MaxLength"] for each in columns if each["LogicalName"] == "new_code"}


@call
def sql_columns(client: Any) -> Any:
    columns = client.query.sql_columns(_TABLE)
    return [[each["name"], each["type"], each["is_pk"], each["is_name"]] for each in columns[:2]]


@call
def create_lookup_field(client: Any) -> Any:
    made = client.tables.create_lookup_field(_NAME, "new_AccountId", "account", display_name="Customer")
    return [made.lookup_schema_name, made.relationship_schema_name]


@call
def create_one_to_many_relationship(client: Any) -> Any:
    lookup = LookupAttributeMetadata(schema_name="new_PartId", display_name=_label("Part"))
    relationship = OneToManyRelationshipMetadata(
        schema_name="new_Part_Ticket",
        referenced_entity="new_part",
        referencing_entity=_NAME,
        referenced_attribute="new_partid",
        cascade_configuration=CascadeConfiguration(delete="Restrict"),
    )
    made = client.tables.create_one_to_many_relationship(lookup, relationship)
    return [made.lookup_schema_name, made.referenced_entity, made.referencing_entity]


@call
def get_relationship(client: Any) -> Any:
    found = client.tables.get_relationship("new_Part_Ticket")
    return [found.referenced_entity, found.referencing_entity, found.relationship_type]


@call
def get_missing_relationship(client: Any) -> Any:
    return client.tables.get_relationship("new_No_Relationship")


@call
def list_relationships(client: Any) -> Any:
    found = client.tables.list_relationships(
        filter="SchemaName eq 'new_Part_Ticket'", select=["SchemaName", "ReferencedEntity"]
    )
    return [each["ReferencedEntity"] for each in found]


@call
def list_table_relationships(client: Any) -> Any:
    found = client.tables.list_table_relationships(_TABLE)
    return sorted(each["SchemaName"] for each in found if each["SchemaName"].startswith("new_Part"))


@call
def delete_relationship(client: Any) -> Any:
    made = client.tables.create_lookup_field(_NAME, "new_ContactId", "contact")
    return client.tables.delete_relationship(made.relationship_id)


@call
def create_many_to_many_relationship(client: Any) -> Any:
    relationship = ManyToManyRelationshipMetadata(
        schema_name="new_ticket_part", entity1_logical_name=_NAME, entity2_logical_name="new_part"
    )
    made = client.tables.create_many_to_many_relationship(relationship)
    return [made.relationship_schema_name, made.entity1_logical_name, made.entity2_logical_name]


@call
def create_alternate_key(client: Any) -> Any:
    made = client.tables.create_alternate_key(_TABLE, "new_ticket_number", ["new_number"])
    return [made.schema_name, made.key_attributes, made.status]


@call
def get_alternate_keys_until_active(client: Any) -> Any:
    for _ in range(_MOST_POLLS):
        keys = client.tables.get_alternate_keys(_TABLE)
        if keys[0].status == "Active":
            break
    return [[each.schema_name, each.key_attributes, each.status] for each in keys]


@call
def delete_alternate_key(client: Any) -> Any:
    made = client.tables.create_alternate_key("new_Part", "new_part_code", ["new_code"])
    return client.tables.delete_alternate_key("new_Part", made.metadata_id)


@call
def create_row_of_new_table(client: Any) -> Any:
    row = {"new_Title": "Drucker brennt", "new_Number": "T-1", "new_Hours": 1.25, "new_Urgency": "HIGH"}
    bind = {"new_AccountId@odata.bind": f"/accounts({prepared(1)})"}
    return client.records.create(_TABLE, {**row, "new_Open": True, **bind})


@call
def upsert_row_of_new_table(client: Any) -> Any:
    item = {"alternate_key": {"new_number": "T-2"}, "record": {"new_title": "By key", "new_count": 7}}
    return client.records.upsert(_TABLE, [item])


@call
def read_rows_of_new_table(client: Any) -> Any:
    rows = client.records.list(
        _TABLE,
        select=["new_title", "new_hours"],
        expand=["new_AccountId($select=name)"],
        filter="new_open eq true",
    )
    return [[row["new_title"], row["new_hours"], row["new_AccountId"]["name"]] for row in rows]


@call
def navigation_properties_of_table(client: Any) -> Any:
    found = client.query.odata_expands(_TABLE)
    return [
        [each["nav_property"], each["target_entity_set"]]
        for each in found
        if each["nav_property"].startswith("new_")
    ]


@call
def batch_of_table_changes(client: Any) -> Any:
    batch = client.batch.new()
    batch.tables.create("new_Batched", {"new_Text": "string"})
    batch.tables.add_columns("new_Part", {"new_Colour": "string"})
    return [each.status_code for each in batch.execute().responses]


@call
def delete_table(client: Any) -> Any:
    client.tables.create("new_Gone", {"new_Text": "string"})
    return client.tables.delete("new_Gone")


@call
def delete_missing_table(client: Any) -> Any:
    try:
        client.tables.delete("new_Nothing")
    except Exception as error:  # noqa: BLE001 - the client's own error is the result
        return type(error).__name__
    return None
