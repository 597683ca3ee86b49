"""Metadata answers as the services write them, read into values; no sandbox, every field by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.errors import ProtocolError, UnknownNameError
from dynamics_odata.metadata.attributes import columns_from
from dynamics_odata.metadata.fno import FnoMetadata
from dynamics_odata.metadata.model import Option

if TYPE_CHECKING:
    from conftest import ScriptedServer
    from dynamics_odata.metadata.model import Column
    from dynamics_odata.transport import Transport


def attribute(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "LogicalName": name,
        "SchemaName": name.title(),
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "IsValidForRead": True,
        "IsValidForCreate": True,
        "IsValidForUpdate": True,
        "AttributeOf": None,
        "RequiredLevel": {"Value": "None"},
        "SourceType": 0,
        **more,
    }


def label(text: str) -> dict[str, Any]:
    return {"UserLocalizedLabel": {"Label": text, "LanguageCode": 1033}, "LocalizedLabels": []}


def column(row: dict[str, Any], **facet: Any) -> Column:
    columns = columns_from([row], {row["LogicalName"]: facet})
    (only,) = columns.values()
    return only


@pytest.mark.parametrize(
    ("kind", "name", "edm_type"),
    [
        ("Uniqueidentifier", "guid", "Edm.Guid"),
        ("String", "string", "Edm.String"),
        ("Memo", "memo", "Edm.String"),
        ("EntityName", "string", "Edm.String"),
        ("Integer", "integer", "Edm.Int32"),
        ("BigInt", "bigint", "Edm.Int64"),
        ("Decimal", "decimal", "Edm.Decimal"),
        ("Money", "money", "Edm.Decimal"),
        ("Double", "double", "Edm.Double"),
        ("Boolean", "boolean", "Edm.Boolean"),
        ("DateTime", "datetime", "Edm.DateTimeOffset"),
        ("Picklist", "choice", "Edm.Int32"),
        ("State", "state", "Edm.Int32"),
        ("Status", "status", "Edm.Int32"),
        ("MultiSelectPicklist", "choices", "Edm.String"),
        ("Image", "image", "Edm.Binary"),
        ("File", "file", "Edm.Guid"),
        ("Lookup", "lookup", "Edm.Guid"),
        ("Customer", "lookup", "Edm.Guid"),
        ("Owner", "lookup", "Edm.Guid"),
    ],
)
def test_every_attribute_type(kind: str, name: str, edm_type: str) -> None:
    read = column(attribute("x", kind))
    assert (read.kind, read.edm_type) == (name, edm_type)
    assert read.name == ("_x_value" if name == "lookup" else "x")


@pytest.mark.parametrize(
    "row",
    [
        attribute("statecodename", "Virtual"),
        attribute("members", "PartyList"),
        attribute("rules", "CalendarRules"),
        attribute("iscustomizable", "ManagedProperty"),
        attribute("customeridname", "String", AttributeOf="customerid"),
        attribute("hidden", "String", IsValidForRead=False),
    ],
)
def test_attributes_that_are_no_properties_of_rows(row: dict[str, Any]) -> None:
    assert columns_from([row], {}) == {}


def test_older_services_name_only_the_attribute_type() -> None:
    row = attribute("x", "Money")
    del row["AttributeTypeName"]
    assert column(row).kind == "money"


def test_facets_of_numbers_and_strings() -> None:
    assert column(attribute("name", "String"), MaxLength=160).max_length == 160
    rate = column(
        attribute("rate", "Decimal"), Precision=10, MinValue=Decimal("0.0000000001"), MaxValue=100000000000
    )
    assert (rate.scale, rate.minimum, rate.maximum) == (10, Decimal("0.0000000001"), Decimal(100000000000))


@pytest.mark.parametrize(("source", "precision", "scale"), [(0, 2, 2), (1, 2, 4), (2, 2, 4)])
def test_money_may_show_four_digits_unless_the_column_says_otherwise(
    source: int, precision: int, scale: int
) -> None:
    assert column(attribute("price", "Money"), Precision=precision, PrecisionSource=source).scale == scale


@pytest.mark.parametrize(
    ("behaviour", "edm_type", "date_only"),
    [
        ("UserLocal", "Edm.DateTimeOffset", False),
        ("TimeZoneIndependent", "Edm.DateTimeOffset", False),
        ("DateOnly", "Edm.Date", True),
    ],
)
def test_only_the_behaviour_makes_a_date(behaviour: str, edm_type: str, *, date_only: bool) -> None:
    # A UserLocal column with the format DateOnly still travels as an instant.
    read = column(attribute("x", "DateTime"), DateTimeBehavior={"Value": behaviour}, Format="DateOnly")
    assert (read.edm_type, read.date_only) == (edm_type, date_only)


def test_options_of_the_column_or_of_a_global_choice() -> None:
    options = {"Options": [{"Value": 3, "Label": label("Three")}, {"Value": 1, "Label": label("One")}]}
    expected = (Option(3, "Three"), Option(1, "One"))
    assert column(attribute("x", "Picklist"), OptionSet=options, GlobalOptionSet=None).options == expected
    assert column(attribute("x", "Picklist"), OptionSet=None, GlobalOptionSet=options).options == expected


def test_a_boolean_has_two_options() -> None:
    options = {
        "TrueOption": {"Value": 1, "Label": label("Ja")},
        "FalseOption": {"Value": 0, "Label": {"LocalizedLabels": [{"Label": "Nein"}]}},
    }
    assert column(attribute("x", "Boolean"), OptionSet=options).options == (
        Option(0, "Nein"),
        Option(1, "Ja"),
    )


def test_rights_and_descriptions() -> None:
    read = column(
        attribute(
            "total",
            "Money",
            IsValidForCreate=False,
            IsValidForUpdate=False,
            SourceType=1,
            RequiredLevel={"Value": "SystemRequired"},
            DisplayName=label("Total"),
            Description={"UserLocalizedLabel": None, "LocalizedLabels": []},
        )
    )
    assert (read.creatable, read.updatable, read.calculated, read.required) == (False, False, True, True)
    assert read.description == "Total"
    assert not column(attribute("x", "String", RequiredLevel={"Value": "ApplicationRequired"})).required


# --- F&O


ENTITY = {
    "Name": "CustCustomerGroupEntity",
    "PublicEntityName": "CustomerGroup",
    "PublicCollectionName": "CustomerGroups",
    "DataServiceEnabled": True,
    "IsReadOnly": False,
}
PUBLIC = {
    "Name": "CustomerGroup",
    "EntitySetName": "CustomerGroups",
    "IsReadOnly": False,
    "Properties": [
        {"Name": "dataAreaId", "TypeName": "Edm.String", "DataType": "String", "IsKey": True,
         "IsMandatory": True, "AllowEdit": False, "AllowEditOnCreate": True},
        {"Name": "CustomerGroupId", "TypeName": "Edm.String", "DataType": "String", "IsKey": True,
         "IsMandatory": True, "AllowEdit": False, "AllowEditOnCreate": True},
        {"Name": "IsSalesTaxIncludedInPrice", "TypeName": "Microsoft.Dynamics.DataEntities.NoYes",
         "DataType": "Enum", "IsKey": False, "IsMandatory": False, "AllowEdit": True,
         "AllowEditOnCreate": True},
        {"Name": "ValidFrom", "TypeName": "Edm.DateTimeOffset", "DataType": "Date", "IsKey": False,
         "IsMandatory": False, "AllowEdit": True, "AllowEditOnCreate": False},
    ],
}  # fmt: skip
NO_YES = {"Name": "NoYes", "Members": [{"Name": "Yes", "Value": 1}, {"Name": "No", "Value": 0}]}


def test_an_entity_of_fno(server: ScriptedServer, transport: Transport) -> None:
    for answer in ({"value": [ENTITY]}, PUBLIC, NO_YES):
        server.reply(200, json.dumps(answer))
    metadata = FnoMetadata(transport)
    entity = metadata.entity("CustomerGroups")

    assert (entity.name, entity.aot_name) == ("CustomerGroup", "CustCustomerGroupEntity")
    assert entity.keys == ("dataAreaId", "CustomerGroupId")
    taxed = entity.properties["IsSalesTaxIncludedInPrice"]
    assert (taxed.ax_type, taxed.enum_type, taxed.enum_members) == ("Enum", "NoYes", ("No", "Yes"))
    valid = entity.properties["ValidFrom"]
    assert (valid.edm_type, valid.ax_type, valid.enum_members) == ("Edm.DateTimeOffset", "Date", ())
    assert (valid.allow_edit, valid.allow_edit_on_create) == (True, False)
    key = entity.properties["dataAreaId"]
    assert (key.is_key, key.mandatory, key.allow_edit) == (True, True, False)

    assert metadata.entity("CustomerGroups") is entity
    assert [seen.target.partition("?")[0] for seen in server.seen] == [
        "/metadata/DataEntities",
        "/metadata/PublicEntities('CustomerGroup')",
        "/metadata/PublicEnumerations('NoYes')",
    ]


def test_an_unknown_entity_set_of_fno_names_its_neighbours(
    server: ScriptedServer, transport: Transport
) -> None:
    server.reply(200, json.dumps({"value": []}))
    hidden = {**ENTITY, "PublicCollectionName": "CustomerGroupsX", "DataServiceEnabled": False}
    server.reply(200, json.dumps({"value": [ENTITY, hidden]}))
    with pytest.raises(UnknownNameError) as caught:
        FnoMetadata(transport).entity("CustomerGroup")
    assert caught.value.nearest == ("CustomerGroups",)
    assert "has no entity set named 'CustomerGroup'. Nearest names: CustomerGroups." in str(caught.value)


def test_a_metadata_answer_without_rows(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, "{}")
    with pytest.raises(ProtocolError, match="no list of rows"):
        FnoMetadata(transport).entity("CustomerGroups")
