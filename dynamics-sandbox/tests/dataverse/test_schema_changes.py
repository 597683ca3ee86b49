"""Tables, columns, keys and lookups made by clients, and rows in them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CRM = "Microsoft.Dynamics.CRM."
TABLE = "EntityDefinitions(LogicalName='cdm_account')"


def label(text: str) -> dict[str, Any]:
    localized = {"@odata.type": CRM + "LocalizedLabel", "Label": text, "LanguageCode": 1033}
    return {"@odata.type": CRM + "Label", "LocalizedLabels": [localized]}


def column(kind: str, schema_name: str, **facets: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}{kind}AttributeMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(schema_name),
        "RequiredLevel": {"Value": "None", "CanBeChanged": True},
        **facets,
    }


def table(schema_name: str, primary: str, **more: Any) -> dict[str, Any]:
    return {
        "@odata.type": CRM + "EntityMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(schema_name),
        "DisplayCollectionName": label(schema_name + "s"),
        "Description": label("made by a test"),
        "OwnershipType": "OrganizationOwned",
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": True,
        "Attributes": [
            column("String", primary, IsPrimaryName=True, MaxLength=100, FormatName={"Value": "Text"})
        ],
        **more,
    }


@pytest.fixture
def hub(cds: Any) -> Any:
    """A hub with Organization and Account, the latter keyed by its own id and its organization."""
    for body in (
        table("cdm_Organization", "cdm_Organization_OrganizationId"),
        table("cdm_Account", "cdm_Account_AccountId"),
    ):
        reply = cds.post("EntityDefinitions", body)
        assert reply.status == 204, reply.body
        assert "/EntityDefinitions(" in reply.headers["odata-entityid"]
    for definition in (
        column("String", "cdm_OrganizationName", MaxLength=128),
        column("Memo", "cdm_Notes", MaxLength=4000),
        column("Integer", "cdm_EmployeeCount", MinValue=0, MaxValue=1000000),
        column("BigInt", "cdm_SourceVersion"),
        column("Decimal", "cdm_Rate", Precision=10),
        column("Money", "cdm_CreditLimitAmount", Precision=4, PrecisionSource=0),
        column("Double", "cdm_Latitude", Precision=5, MinValue=-90, MaxValue=90),
        column("Boolean", "cdm_IsActive", DefaultValue=True),
        column("DateTime", "cdm_SeenOn", Format="DateAndTime"),
        column("DateTime", "cdm_Founded", Format="DateOnly", DateTimeBehavior={"Value": "DateOnly"}),
        column(
            "Picklist",
            "cdm_Size",
            OptionSet={
                "IsGlobal": False,
                "Options": [{"Value": 10, "Label": label("Small")}, {"Value": 20, "Label": label("Large")}],
            },
        ),
    ):
        reply = cds.post(f"{TABLE}/Attributes", definition)
        assert reply.status == 204, reply.body
    relationship = {
        "@odata.type": CRM + "OneToManyRelationshipMetadata",
        "SchemaName": "cdm_organization_account",
        "ReferencedEntity": "cdm_organization",
        "ReferencingEntity": "cdm_account",
        "Lookup": column("Lookup", "cdm_OrganizationId"),
        "CascadeConfiguration": {"Delete": "Restrict"},
    }
    assert cds.post("RelationshipDefinitions", relationship).status == 204
    for entity, columns in (
        ("cdm_organization", ["cdm_organization_organizationid"]),
        ("cdm_account", ["cdm_organizationid", "cdm_account_accountid"]),
    ):
        key = {"SchemaName": "cdm_key", "DisplayName": label("Key"), "KeyAttributes": columns}
        assert cds.post(f"EntityDefinitions(LogicalName='{entity}')/Keys", key).status == 204
    return cds


def statuses(client: Any, url: str = TABLE) -> list[str]:
    return [
        key["EntityKeyIndexStatus"] for key in client.get(f"{url}/Keys?$select=EntityKeyIndexStatus").rows
    ]


def activate(client: Any) -> None:
    while statuses(client) != ["Active"]:
        pass


def test_what_was_made_can_be_read(hub: Any) -> None:
    made = hub.get(
        f"{TABLE}?$select=EntitySetName,PrimaryNameAttribute,PrimaryIdAttribute,ChangeTrackingEnabled,"
        "IsCustomEntity,OwnershipType"
    ).json
    assert made["EntitySetName"] == "cdm_accounts"
    assert made["PrimaryIdAttribute"] == "cdm_accountid"
    assert made["PrimaryNameAttribute"] == "cdm_account_accountid"
    assert made["ChangeTrackingEnabled"] is True
    assert made["IsCustomEntity"] is True
    assert made["OwnershipType"] == "OrganizationOwned"
    rows = hub.get(
        f"{TABLE}/Attributes?$select=LogicalName,SchemaName,AttributeType"
        "&$filter=startswith(LogicalName,'cdm_')%20and%20AttributeOf%20eq%20null"
    ).rows
    kinds = {row["SchemaName"]: row["AttributeType"] for row in rows}
    assert kinds["cdm_OrganizationId"] == "Lookup"
    assert kinds["cdm_CreditLimitAmount"] == "Money"
    assert kinds["cdm_CreditLimitAmount_Base"] == "Money"
    (relationship,) = hub.get(
        f"{TABLE}/ManyToOneRelationships?$filter=ReferencingAttribute%20eq%20'cdm_organizationid'"
    ).rows
    assert relationship["ReferencingEntityNavigationPropertyName"] == "cdm_OrganizationId"
    assert relationship["ReferencedEntity"] == "cdm_organization"
    assert "cdm_accounts" in hub.get("$metadata").body.decode()
    columns = {row["LogicalName"] for row in hub.get(f"{TABLE}/Attributes?$select=LogicalName").rows}
    assert {"createdon", "versionnumber", "statecode", "transactioncurrencyid", "exchangerate"} <= columns


def test_keys_are_pending_then_active(hub: Any) -> None:
    assert statuses(hub) == ["Pending"]
    assert statuses(hub) == ["Active"]
    assert "cdm_account_accountid" in hub.get("$metadata").body.decode()


def test_keys_wait_for_their_time(open_client: Callable[..., Any]) -> None:
    client = open_client("cds", key_activation_reads=0, key_activation_seconds=30)
    client.post("EntityDefinitions", table("cdm_Account", "cdm_Name"))
    client.post(f"{TABLE}/Keys", {"SchemaName": "cdm_key", "KeyAttributes": ["cdm_name"]})
    assert statuses(client) == ["Pending"]
    assert client.get("cdm_accounts(cdm_name='x')").error == (400, "0x8006088a")
    client.clock.forward(seconds=29)
    assert statuses(client) == ["Pending"]
    client.clock.forward(seconds=2)
    assert client.get("cdm_accounts(cdm_name='x')").error == (404, "0x80060891")
    assert statuses(client) == ["Active"]


def test_a_key_that_the_rows_violate_fails(open_client: Callable[..., Any]) -> None:
    client = open_client("cds")
    client.post("EntityDefinitions", table("cdm_Account", "cdm_Name"))
    for name in ("same", "SAME "):
        assert client.post("cdm_accounts", {"cdm_name": name}).status == 204
    client.post(f"{TABLE}/Keys", {"SchemaName": "cdm_key", "KeyAttributes": ["cdm_name"]})
    assert [statuses(client)[0] for _ in range(3)] == ["Pending", "Failed", "Failed"]
    assert client.delete(f"{TABLE}/Keys(LogicalName='cdm_key')").status == 204
    assert statuses(client) == []


def test_rows_in_a_made_table_have_the_whole_protocol(hub: Any) -> None:
    activate(hub)
    hub.post("cdm_organizations", {"cdm_organization_organizationid": "ORG001"})
    parent = hub.get("cdm_organizations?$select=cdm_organization_organizationid").rows[0][
        "cdm_organizationid"
    ]
    body = (
        b'{"Targets":[{"@odata.type":"Microsoft.Dynamics.CRM.cdm_account",'
        b'"@odata.id":"cdm_accounts(_cdm_organizationid_value=%b,cdm_account_accountid=\'C 1\')",'
        b'"cdm_organizationname":"M\xc3\xbcller","cdm_creditlimitamount":922337203685477.5807,'
        b'"cdm_rate":0.1234567891,'
        b'"cdm_latitude":48.13743,"cdm_isactive":false,"cdm_seenon":"2024-01-02T03:04:05.678+02:00",'
        b'"cdm_founded":"1999-12-31","cdm_size":20,"cdm_employeecount":7,'
        b'"cdm_sourceversion":9007199254740993}]}'
    ) % parent.encode()
    # Money columns end at 922337203685477; the limit is checked to the last digit.
    action = "cdm_accounts/Microsoft.Dynamics.CRM.UpsertMultiple"
    headers = {"content-type": "application/json"}
    assert hub("POST", action, body=body, headers=headers).error == (400, "0x80044330")
    assert hub("POST", action, body=body.replace(b"477.5807", b"476.5807"), headers=headers).status == 204
    (row,) = hub.get(
        "cdm_accounts?$filter=cdm_OrganizationId/cdm_organization_organizationid%20eq%20'org001'"
    ).rows
    assert row["cdm_account_accountid"] == "C 1"
    assert row["_cdm_organizationid_value"] == parent
    assert row["cdm_creditlimitamount"] == Decimal("922337203685476.5807")
    assert str(row["cdm_rate"]) == "0.1234567891"
    assert row["cdm_latitude"] == Decimal("48.13743")
    assert row["cdm_isactive"] is False
    assert row["cdm_seenon"] == "2024-01-02T01:04:05Z"
    assert row["cdm_founded"] == "1999-12-31"
    assert (row["cdm_size"], row["cdm_employeecount"], row["cdm_sourceversion"]) == (20, 7, 9007199254740993)
    link = hub.get("cdm_accounts?$select=cdm_organizationname", prefer="odata.track-changes").json[
        "@odata.deltaLink"
    ]
    key = f"cdm_accounts(cdm_account_accountid='C%201',_cdm_organizationid_value={parent})"
    assert hub.patch(key, {"cdm_organizationname": "Mueller"}, headers={"if-match": "*"}).status == 204
    assert [entry["cdm_organizationname"] for entry in hub.get(link).rows] == ["Mueller"]
    assert hub.delete(f"cdm_organizations({parent})").error == (405, "0x80040227")
    expanded = hub.get(
        "cdm_accounts?$select=cdm_size&$expand=cdm_OrganizationId($select=cdm_organization_organizationid)"
    ).rows
    assert expanded[0]["cdm_OrganizationId"]["cdm_organization_organizationid"] == "ORG001"
    back = hub.get("cdm_organizations?$expand=cdm_organization_account($select=cdm_size)").rows
    assert [item["cdm_size"] for item in back[0]["cdm_organization_account"]] == [20]


def test_custom_lookups_are_bound_by_their_mixed_case_name(hub: Any) -> None:
    activate(hub)
    bind = "/cdm_organizations(cdm_organization_organizationid='ORG001')"
    missing = hub.post("cdm_accounts", {"cdm_OrganizationId@odata.bind": bind})
    assert missing.error == (404, "0x80060891")
    hub.post("cdm_organizations", {"cdm_organization_organizationid": "ORG001"})
    assert hub.post("cdm_accounts", {"cdm_organizationid@odata.bind": bind}).error == (400, "0x80048d19")
    assert hub.post("cdm_accounts", {"cdm_OrganizationId@odata.bind": bind}).status == 204


def test_messages_of_a_made_table(hub: Any) -> None:
    url = (
        "sdkmessagefilters?$select=name&$filter=primaryobjecttypecode%20eq%20'cdm_account'"
        "%20and%20sdkmessageid/name%20eq%20'UpsertMultiple'"
    )
    assert len(hub.get(url).rows) == 1


def test_defaults_of_new_columns_reach_rows_that_exist(cds: Any) -> None:
    cds.post("EntityDefinitions", table("cdm_Account", "cdm_Name"))
    row = cds.post("cdm_accounts", {"cdm_name": "A"}).entity_id
    assert cds.post(f"{TABLE}/Attributes", column("Boolean", "cdm_Flag", DefaultValue=True)).status == 204
    assert cds.get(f"cdm_accounts({row})?$select=cdm_flag").json["cdm_flag"] is True


def test_columns_can_be_widened_and_not_shortened(sales: Any) -> None:
    url = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='accountnumber')"
    wide = column("String", "AccountNumber", MaxLength=40, LogicalName="accountnumber")
    assert sales("PUT", url, wide).status == 204
    assert sales.get(f"{url}/{CRM}StringAttributeMetadata?$select=MaxLength").json["MaxLength"] == 40
    assert sales.post("accounts", {"name": "A", "accountnumber": "x" * 40}).status == 204
    assert sales.post("accounts", {"name": "A", "accountnumber": "x" * 41}).error == (400, "0x80044331")
    assert sales("PUT", url, {**wide, "MaxLength": 10}).status == 501
    assert sales("PUT", url, {**wide, "@odata.type": CRM + "MemoAttributeMetadata"}).status == 400


def test_change_tracking_is_turned_on_and_not_off(cds: Any) -> None:
    cds.post("EntityDefinitions", table("cdm_Account", "cdm_Name", ChangeTrackingEnabled=False))
    assert cds.get("cdm_accounts", prefer="odata.track-changes").error == (400, "0x80040216")
    assert cds("PUT", TABLE, {"ChangeTrackingEnabled": True}).status == 204
    assert cds.get("cdm_accounts", prefer="odata.track-changes").status == 200
    assert cds("PUT", TABLE, {"ChangeTrackingEnabled": False}).status == 400


def test_tables_can_be_deleted_when_nothing_points_at_them(hub: Any) -> None:
    assert hub.delete("EntityDefinitions(LogicalName='cdm_organization')").status == 400
    assert hub.delete(TABLE).status == 204
    assert hub.get(TABLE).status == 404
    assert hub.get("cdm_accounts").status == 404
    assert hub.delete("EntityDefinitions(LogicalName='cdm_organization')").status == 204
    assert hub.delete("EntityDefinitions(LogicalName='team')").status == 400
    assert hub.post("EntityDefinitions", table("cdm_Account", "cdm_Name")).status == 204


@pytest.mark.parametrize(
    ("schema_name", "entity_set"),
    [
        ("cdm_Company", "cdm_companies"),
        ("cdm_Day", "cdm_days"),
        ("cdm_Tax", "cdm_taxes"),
        ("cdm_Address", "cdm_addresses"),
    ],
)
def test_entity_set_names_are_plurals(cds: Any, schema_name: str, entity_set: str) -> None:
    assert cds.post("EntityDefinitions", table(schema_name, "cdm_Name")).status == 204
    assert cds.get(entity_set).rows == []


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("EntityDefinitions", table("cdm_Account", "cdm_Name")),
        ("EntityDefinitions", table("Account", "cdm_Name")),
        ("EntityDefinitions", {**table("cdm_New", "cdm_Name"), "Attributes": []}),
        ("EntityDefinitions", table("cdm_New", "cdm_NewId")),
        ("EntityDefinitions", table("cdm_New", "cdm_Name", OwnershipType="Nobody")),
        (f"{TABLE}/Attributes", column("String", "cdm_Account_AccountId", MaxLength=10)),
        (f"{TABLE}/Attributes", column("String", "NoPrefix", MaxLength=10)),
        (f"{TABLE}/Attributes", column("String", "cdm_Long", MaxLength=4001)),
        (f"{TABLE}/Attributes", column("Decimal", "cdm_D", Precision=11)),
        (f"{TABLE}/Attributes", column("Picklist", "cdm_P")),
        (f"{TABLE}/Attributes", column("String", "cdm_S", RequiredLevel={"Value": "SystemRequired"})),
        (f"{TABLE}/Attributes", {"SchemaName": "cdm_Untyped"}),
        (f"{TABLE}/Attributes", column("Integer", "cdm_I", MinValue="low")),
        (f"{TABLE}/Attributes", column("Picklist", "cdm_P", OptionSet={"Options": [{"Value": "1"}]})),
        (f"{TABLE}/Attributes", column("String", "cdm_S", MaxLength=True)),
        ("EntityDefinitions", {**table("cdm_New", "cdm_Name"), "Attributes": "none"}),
        ("EntityDefinitions", table("cdm_New", "cdm_Name", EntitySetName="a b")),
        (f"{TABLE}/Keys", {"SchemaName": "cdm_k", "KeyAttributes": 5}),
        (f"{TABLE}/Keys", {"SchemaName": "cdm_k", "KeyAttributes": []}),
        (f"{TABLE}/Keys", {"SchemaName": "cdm_k", "KeyAttributes": ["cdm_nothing"]}),
        (f"{TABLE}/Keys", {"SchemaName": "cdm_k", "KeyAttributes": ["cdm_notes"]}),
        (f"{TABLE}/Keys", {"SchemaName": "cdm_key", "KeyAttributes": ["cdm_size"]}),
        (
            "RelationshipDefinitions",
            {
                "@odata.type": CRM + "OneToManyRelationshipMetadata",
                "SchemaName": "cdm_r",
                "ReferencedEntity": "nothing",
                "ReferencingEntity": "cdm_account",
            },
        ),
    ],
)
def test_refused_definitions_change_nothing(hub: Any, url: str, body: dict[str, Any]) -> None:
    before = hub.get("$metadata").body
    assert hub.post(url, body).status == 400
    assert hub.get("$metadata").body == before


def lookup(schema_name: str, relationship: str = "cdm_r") -> dict[str, Any]:
    return {
        "@odata.type": CRM + "OneToManyRelationshipMetadata",
        "SchemaName": relationship,
        "ReferencedEntity": "cdm_organization",
        "ReferencingEntity": "cdm_account",
        "Lookup": column("Lookup", schema_name),
    }


ATTRIBUTES = f"{TABLE}/Attributes"


@pytest.mark.parametrize(
    ("url", "body", "taken"),
    [
        # the name of a column, of a lookup, of the primary key
        (ATTRIBUTES, column("Memo", "cdm_ORGANIZATIONNAME"), "cdm_organizationname"),
        (ATTRIBUTES, column("String", "cdm_OrganizationId"), "cdm_organizationid"),
        (ATTRIBUTES, column("String", "cdm_AccountId"), "cdm_accountid"),
        # the name of a companion: of a lookup, a choice, yes/no, an amount
        (ATTRIBUTES, column("String", "cdm_OrganizationIdName"), "cdm_organizationidname"),
        (ATTRIBUTES, column("String", "cdm_OrganizationIdYomiName"), "cdm_organizationidyominame"),
        (ATTRIBUTES, column("String", "cdm_SizeName"), "cdm_sizename"),
        (ATTRIBUTES, column("String", "cdm_IsActiveName"), "cdm_isactivename"),
        (ATTRIBUTES, column("Decimal", "cdm_CreditLimitAmount_Base"), "cdm_creditlimitamount_base"),
        # a companion of its own that would bear the name of a column or of another companion
        (ATTRIBUTES, column("Boolean", "cdm_Organization"), "cdm_organizationname"),
        (ATTRIBUTES, column("Money", "cdm_Budget"), "cdm_budget_base"),
        # lookups: by their own name and by their companion's
        ("RelationshipDefinitions", lookup("cdm_AccountId"), "cdm_accountid"),
        ("RelationshipDefinitions", lookup("cdm_Notes"), "cdm_notes"),
        ("RelationshipDefinitions", lookup("cdm_OrganizationId"), "cdm_organizationid"),
        ("RelationshipDefinitions", lookup("cdm_Organization"), "cdm_organizationname"),
    ],
)
def test_a_name_belongs_to_one_attribute_of_its_table(
    hub: Any, url: str, body: dict[str, Any], taken: str
) -> None:
    assert hub.post(ATTRIBUTES, column("Decimal", "cdm_Budget_Base")).status == 204
    before = hub.get("$metadata").body
    reply = hub.post(url, body)
    assert reply.error == (400, "0x80047013")
    assert f"name {taken} already exists" in reply.json["error"]["message"]
    assert hub.get("$metadata").body == before


@pytest.mark.parametrize(
    ("columns", "taken"),
    [
        ([column("String", "cdm_NewId")], "cdm_newid"),
        ([column("String", "cdm_NAME")], "cdm_name"),
        ([column("Boolean", "cdm_Old"), column("String", "cdm_OldName")], "cdm_oldname"),
        ([column("String", "cdm_OldName"), column("Boolean", "cdm_Old")], "cdm_oldname"),
    ],
)
def test_a_new_table_has_no_name_twice(cds: Any, columns: list[dict[str, Any]], taken: str) -> None:
    body = table("cdm_New", "cdm_Name")
    body["Attributes"] += columns
    reply = cds.post("EntityDefinitions", body)
    assert reply.error == (400, "0x80047013")
    assert f"name {taken} already exists" in reply.json["error"]["message"]
    assert cds.get("EntityDefinitions(LogicalName='cdm_new')").status == 404


def test_what_the_sandbox_cannot_make_is_refused_loudly(hub: Any) -> None:
    many = {"@odata.type": CRM + "ManyToManyRelationshipMetadata", "SchemaName": "cdm_nn"}
    for url, body in (
        ("RelationshipDefinitions", many),
        (f"{TABLE}/Attributes", column("Image", "cdm_Picture")),
    ):
        reply = hub.post(url, body)
        assert reply.status == 501
        assert "sandbox does not support" in reply.json["error"]["message"]


def test_the_solution_of_the_header_must_exist(cds: Any) -> None:
    body = table("cdm_Account", "cdm_Name")
    assert cds.post("EntityDefinitions", body, headers={"mscrm.solutionuniquename": "nothing"}).status == 400
    assert cds.post("EntityDefinitions", body, headers={"mscrm.solutionuniquename": "Default"}).status == 204
    assert cds.post("PublishAllXml", {}).status == 204


def test_made_tables_survive_a_restart(hub: Any, open_client: Callable[..., Any]) -> None:
    activate(hub)
    hub.post("cdm_organizations", {"cdm_organization_organizationid": "ORG001"})
    hub.environment.close()
    again = open_client("cds", seed=None)
    url = (
        "cdm_organizations(cdm_organization_organizationid='ORG001')?$select=cdm_organization_organizationid"
    )
    assert again.get(url).status == 200
    assert statuses(again) == ["Active"]
