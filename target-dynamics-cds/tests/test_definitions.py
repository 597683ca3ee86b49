"""The JSON that creates tables, columns, lookups and keys, in the shapes Microsoft documents."""

from __future__ import annotations

from target_dynamics_cds.column_kinds import ColumnKind
from target_dynamics_cds.definitions import (
    column_definition,
    key_definition,
    lookup_definition,
    table_definition,
)


def test_a_string_column() -> None:
    definition = column_definition(
        "cdm_OrganizationName",
        ColumnKind("String", {"MaxLength": 128}),
        display="OrganizationName",
        language=1031,
    )
    assert definition == {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "AttributeType": "String",
        "AttributeTypeName": {"Value": "StringType"},
        "SchemaName": "cdm_OrganizationName",
        "DisplayName": {
            "@odata.type": "Microsoft.Dynamics.CRM.Label",
            "LocalizedLabels": [
                {
                    "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel",
                    "Label": "Organization Name",
                    "LanguageCode": 1031,
                }
            ],
        },
        "RequiredLevel": {
            "Value": "None",
            "CanBeChanged": True,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
        "MaxLength": 128,
    }


def test_a_boolean_column_names_both_options() -> None:
    definition = column_definition("cdm_IsStocked", ColumnKind("Boolean", {}), display="IsStocked")
    assert definition["OptionSet"]["TrueOption"]["Value"] == 1
    assert definition["OptionSet"]["FalseOption"]["Value"] == 0


def test_a_table_tracks_changes_and_starts_with_its_name_column() -> None:
    name = column_definition(
        "cdm_Account_AccountId", ColumnKind("String", {"MaxLength": 20}), display="AccountId", required=True
    )
    status = column_definition("cdm_Status", ColumnKind("String", {"MaxLength": 20}), display="Status")
    definition = table_definition("cdm_Account", name, [status], display="Account")
    assert definition["@odata.type"] == "Microsoft.Dynamics.CRM.EntityMetadata"
    assert definition["OwnershipType"] == "OrganizationOwned"
    assert definition["ChangeTrackingEnabled"] is True
    assert [one["SchemaName"] for one in definition["Attributes"]] == ["cdm_Account_AccountId", "cdm_Status"]
    assert definition["Attributes"][0]["IsPrimaryName"] is True
    assert definition["Attributes"][0]["RequiredLevel"]["Value"] == "ApplicationRequired"


def test_a_lookup_of_the_key_keeps_its_parent() -> None:
    definition = lookup_definition(
        "cdm_OrganizationId",
        table="cdm_account",
        target=("cdm_organization", "cdm_organizationid"),
        display="Organization",
        required=True,
    )
    assert definition["@odata.type"] == "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"
    assert definition["SchemaName"] == "cdm_organization_account_OrganizationId"
    assert definition["ReferencedEntity"] == "cdm_organization"
    assert definition["ReferencedAttribute"] == "cdm_organizationid"
    assert definition["ReferencingEntity"] == "cdm_account"
    assert definition["CascadeConfiguration"]["Delete"] == "Restrict"
    assert definition["Lookup"]["SchemaName"] == "cdm_OrganizationId"
    assert definition["Lookup"]["RequiredLevel"]["Value"] == "ApplicationRequired"


def test_another_lookup_is_cleared_when_its_parent_goes() -> None:
    definition = lookup_definition(
        "cdm_ParentAccountId",
        table="cdm_account",
        target=("cdm_account", "cdm_accountid"),
        display="ParentAccount",
    )
    assert definition["CascadeConfiguration"]["Delete"] == "RemoveLink"
    assert definition["SchemaName"] == "cdm_account_account_ParentAccountId"


def test_a_key_lists_its_columns() -> None:
    definition = key_definition(
        "cdm_Account_Key", ["cdm_organizationid", "cdm_account_accountid"], display="Account key"
    )
    assert definition["KeyAttributes"] == ["cdm_organizationid", "cdm_account_accountid"]
    assert definition["SchemaName"] == "cdm_Account_Key"
