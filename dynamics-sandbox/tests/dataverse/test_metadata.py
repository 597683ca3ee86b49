"""EntityDefinitions and relatives, the service document, $metadata: as clients read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from defusedxml import ElementTree

TABLE = "EntityDefinitions(LogicalName='account')"
CAST = f"{TABLE}/Attributes/Microsoft.Dynamics.CRM."
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def named(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["LogicalName"]: row for row in rows}


def test_the_catalogue_of_tables(sales: Any) -> None:
    url = (
        "EntityDefinitions?$select=LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,"
        "ChangeTrackingEnabled,IsCustomEntity,OwnershipType,TableType,IsPrivate"
    )
    tables = named(sales.get(url).rows)
    account = tables["account"]
    assert account["SchemaName"] == "Account"
    assert account["EntitySetName"] == "accounts"
    assert account["PrimaryIdAttribute"] == "accountid"
    assert account["PrimaryNameAttribute"] == "name"
    assert account["ChangeTrackingEnabled"] is True
    assert account["IsCustomEntity"] is False
    assert account["OwnershipType"] == "UserOwned"
    assert set(account) == {*url.partition("=")[2].split(","), "MetadataId"}
    assert tables["transactioncurrency"]["EntitySetName"] == "transactioncurrencies"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("LogicalName%20eq%20'account'", {"account"}),
        ("EntitySetName%20eq%20'contacts'%20or%20LogicalName%20eq%20'team'", {"contact", "team"}),
        ("startswith(LogicalName,'sdk')", {"sdkmessage", "sdkmessagefilter"}),
        (
            "ChangeTrackingEnabled%20eq%20true%20and%20CanCreateAttributes/Value%20eq%20true",
            {"account", "contact", "product", "quote", "quotedetail"}
            | {"salesorder", "salesorderdetail", "invoice", "invoicedetail"},
        ),
        ("IsCustomEntity%20eq%20true", set()),
    ],
)
def test_filters_on_tables(sales: Any, condition: str, expected: set[str]) -> None:
    rows = sales.get(f"EntityDefinitions?$select=LogicalName&$filter={condition}").rows
    assert {row["LogicalName"] for row in rows} == expected


def test_one_table_with_parts_expanded(sales: Any) -> None:
    attributes = "Attributes($select=LogicalName;$filter=IsPrimaryName%20eq%20true)"
    url = f"{TABLE}?$select=LogicalName&$expand={attributes},Keys($select=SchemaName,KeyAttributes)"
    table = sales.get(url).json
    assert [item["LogicalName"] for item in table["Attributes"]] == ["name"]
    assert [(key["SchemaName"], key["KeyAttributes"]) for key in table["Keys"]] == [
        ("msdynce_AccountNumber", ["accountnumber"])
    ]
    by_id = sales.get(f"EntityDefinitions({table['MetadataId']})?$select=LogicalName").json
    assert by_id["LogicalName"] == "account"


def test_unknown_definitions(sales: Any) -> None:
    assert sales.get("EntityDefinitions(LogicalName='nothing')").status == 404
    assert sales.get(f"{TABLE}/Attributes(LogicalName='nothing')").status == 404
    assert sales.get(f"{TABLE}?$select=Nothing").error == (400, "0x80060888")
    assert sales.get(f"{TABLE}/Attributes?$select=MaxLength").status == 400  # needs the cast


def test_columns_and_their_companions(sales: Any) -> None:
    url = (
        f"{TABLE}/Attributes?$select=LogicalName,AttributeType,AttributeOf,IsValidForRead,IsValidForCreate,"
        "IsValidForUpdate,IsPrimaryId,RequiredLevel"
    )
    columns = named(sales.get(url).rows)
    assert columns["accountid"]["IsPrimaryId"] is True
    assert columns["accountid"]["RequiredLevel"]["Value"] == "SystemRequired"
    assert columns["name"]["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert columns["accountnumber"]["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert columns["ownerid"]["AttributeType"] == "Owner"
    assert columns["statecode"]["AttributeType"] == "State"
    assert columns["creditlimit_base"]["IsValidForCreate"] is False
    assert columns["modifiedon"]["IsValidForUpdate"] is False
    # Companions are readable columns of the metadata and no properties of rows.
    assert columns["industrycodename"]["AttributeOf"] == "industrycode"
    assert columns["industrycodename"]["IsValidForRead"] is True
    assert columns["owneridname"]["AttributeOf"] == "ownerid"
    assert sales.get("accounts?$select=industrycodename").status == 400
    (row,) = [sales.post("accounts?$select=name", {"name": "A"}, prefer="return=representation").json]
    full = sales.get(f"accounts({row['accountid']})").json
    properties = {name.removeprefix("_").removesuffix("_value") for name in full if not name.startswith("@")}
    assert properties == {name for name, column in columns.items() if column["AttributeOf"] is None}


def test_enum_filters_name_their_type(sales: Any) -> None:
    kind = "Microsoft.Dynamics.CRM.AttributeTypeCode'Money'"
    rows = sales.get(f"{TABLE}/Attributes?$select=LogicalName&$filter=AttributeType%20eq%20{kind}").rows
    assert {"creditlimit", "creditlimit_base", "revenue"} <= named(rows).keys()


def test_typed_facets(sales: Any) -> None:
    texts = named(sales.get(f"{CAST}StringAttributeMetadata?$select=LogicalName,MaxLength,FormatName").rows)
    lengths = {
        name: texts[name]["MaxLength"]
        for name in ("name", "accountnumber", "address1_line1", "address1_stateorprovince")
    }
    assert lengths == {
        "name": 160,
        "accountnumber": 20,
        "address1_line1": 250,
        "address1_stateorprovince": 50,
    }
    assert texts["emailaddress1"]["FormatName"] == {"Value": "Email"}
    assert (
        named(sales.get(f"{CAST}MemoAttributeMetadata?$select=LogicalName,MaxLength").rows)["description"][
            "MaxLength"
        ]
        == 2000
    )
    money = named(
        sales.get(
            f"{CAST}MoneyAttributeMetadata?$select=LogicalName,Precision,PrecisionSource,MinValue,MaxValue"
        ).rows
    )
    assert money["creditlimit"]["PrecisionSource"] == 2
    assert money["creditlimit"]["MaxValue"] == Decimal(100000000000000)
    rate = named(sales.get(f"{CAST}DecimalAttributeMetadata?$select=LogicalName,Precision").rows)[
        "exchangerate"
    ]
    assert rate["Precision"] == 12
    whole = named(sales.get(f"{CAST}IntegerAttributeMetadata?$select=LogicalName,MinValue,MaxValue").rows)
    assert (whole["numberofemployees"]["MinValue"], whole["numberofemployees"]["MaxValue"]) == (0, 1000000000)
    dates = named(
        sales.get(f"{CAST}DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format").rows
    )
    assert dates["createdon"]["DateTimeBehavior"] == {"Value": "UserLocal"}
    lookups = named(sales.get(f"{CAST}LookupAttributeMetadata?$select=LogicalName,Targets").rows)
    assert lookups["ownerid"]["Targets"] == ["systemuser", "team"]
    assert lookups["transactioncurrencyid"]["Targets"] == ["transactioncurrency"]


@pytest.mark.parametrize(
    ("kind", "column", "values"),
    [
        (
            "PicklistAttributeMetadata",
            "ownershipcode",
            {1: "Public", 2: "Private", 3: "Subsidiary", 4: "Other"},
        ),
        ("StateAttributeMetadata", "statecode", {0: "Active", 1: "Inactive"}),
        ("StatusAttributeMetadata", "statuscode", {1: "Active", 2: "Inactive"}),
    ],
)
def test_options(sales: Any, kind: str, column: str, values: dict[int, str]) -> None:
    rows = sales.get(f"{CAST}{kind}?$select=LogicalName&$expand=OptionSet,GlobalOptionSet").rows
    options = named(rows)[column]["OptionSet"]["Options"]
    assert {option["Value"]: option["Label"]["UserLocalizedLabel"]["Label"] for option in options} == values
    assert named(rows)[column]["GlobalOptionSet"] is None


def test_boolean_labels_and_one_column(sales: Any) -> None:
    cast = "Microsoft.Dynamics.CRM.BooleanAttributeMetadata"
    url = f"{TABLE}/Attributes(LogicalName='donotemail')/{cast}?$select=LogicalName&$expand=OptionSet"
    options = sales.get(url).json["OptionSet"]
    assert sales.get(url.partition("?")[0] + "/OptionSet?$select=Name").json["Name"] == "account_donotemail"
    assert sales.get(url.partition("?")[0] + "/Nothing").status == 404
    assert options["TrueOption"]["Label"]["UserLocalizedLabel"]["Label"] == "Do Not Allow"
    assert options["FalseOption"]["Value"] == 0


def test_relationships_from_both_sides(sales: Any) -> None:
    url = (
        "/ManyToOneRelationships?$select=SchemaName,ReferencingAttribute,ReferencedEntity,ReferencedAttribute,"
        "ReferencingEntityNavigationPropertyName"
    )
    rows = sales.get(f"EntityDefinitions(LogicalName='contact'){url}").rows
    parents = {
        row["ReferencingEntityNavigationPropertyName"]: row
        for row in rows
        if row["ReferencingAttribute"] == "parentcustomerid"
    }
    assert {name: row["ReferencedEntity"] for name, row in parents.items()} == {
        "parentcustomerid_account": "account",
        "parentcustomerid_contact": "contact",
    }
    outgoing = sales.get(f"{TABLE}/OneToManyRelationships?$filter=ReferencingEntity%20eq%20'contact'").rows
    assert [row["ReferencedEntityNavigationPropertyName"] for row in outgoing] == [
        "contact_customer_accounts"
    ]
    one = sales.get("RelationshipDefinitions(SchemaName='contact_customer_accounts')").json
    assert one["ReferencingEntity"] == "contact"
    assert sales.get(f"{TABLE}/ManyToManyRelationships").rows == []


def test_the_service_document_names_every_set(sales: Any) -> None:
    document = sales.get("").json
    assert {"name": "accounts", "kind": "EntitySet", "url": "accounts"} in document["value"]
    sets = {row["EntitySetName"] for row in sales.get("EntityDefinitions?$select=EntitySetName").rows}
    assert {entry["name"] for entry in document["value"]} == sets


def test_the_csdl_document(sales: Any) -> None:
    reply = sales.get("$metadata?annotations=true")
    assert reply.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(reply.body)
    types = {item.get("Name"): item for item in root.iter(f"{EDM}EntityType")}
    account = types["account"]
    properties = {item.get("Name"): item.get("Type") for item in account.iter(f"{EDM}Property")}
    assert properties["accountid"] == "Edm.Guid"
    assert properties["creditlimit"] == "Edm.Decimal"
    assert properties["versionnumber"] == "Edm.Int64"
    assert properties["createdon"] == "Edm.DateTimeOffset"
    assert properties["_primarycontactid_value"] == "Edm.Guid"
    assert "industrycodename" not in properties
    navigations = {item.get("Name"): item.get("Type") for item in account.iter(f"{EDM}NavigationProperty")}
    assert navigations["primarycontactid"] == "mscrm.contact"
    assert navigations["ownerid"] == "mscrm.principal"
    assert navigations["contact_customer_accounts"] == "Collection(mscrm.contact)"
    contact = {item.get("Name"): item.get("Type") for item in types["contact"].iter(f"{EDM}Property")}
    assert contact["birthdate"] == "Edm.Date"
    assert types["systemuser"].get("BaseType") == "mscrm.principal"
    (key,) = [item for item in account.iter(f"{EDM}PropertyValue") if item.get("Property") == "Alias"]
    assert key.get("String") == "accountnumber"
    assert "Org.OData.Capabilities.V1.ChangeTracking" in reply.body.decode()
    assert "Org.OData.Capabilities.V1.ChangeTracking" not in sales.get("$metadata").body.decode()
    sets = [str(item.get("Name")) for item in root.iter(f"{EDM}EntitySet")]
    assert sorted(sets) == sorted(entry["name"] for entry in sales.get("").json["value"])


def test_the_csdl_document_lists_functions_and_actions(sales: Any) -> None:
    schema = ElementTree.fromstring(sales.get("$metadata").body)[0][0]
    declared = {
        f"mscrm.{item.get('Name')}"
        for kind in ("EntityType", "ComplexType")
        for item in schema.iter(EDM + kind)
    }
    for item in (*schema.iter(f"{EDM}Parameter"), *schema.iter(f"{EDM}ReturnType")):
        kind = item.get("Type").removeprefix("Collection(").removesuffix(")")
        assert kind.startswith("Edm.") or kind in declared, kind

    def parameters(name: str, *, bound: bool) -> dict[str, str]:
        (found,) = [
            item
            for item in schema.iter(f"{EDM}Action")
            if item.get("Name") == name and (item.get("IsBound") == "true") is bound
        ]
        return {item.get("Name"): item.get("Type") for item in found.iter(f"{EDM}Parameter")}

    assert parameters("ReviseQuote", bound=False) == {"QuoteId": "Edm.Guid"}
    assert parameters("ReviseQuote", bound=True) == {"entity": "mscrm.quote"}
    accounts = [item for item in schema.iter(f"{EDM}Action") if item.get("Name") == "UpsertMultiple"]
    assert "Collection(mscrm.account)" in {item[1].get("Type") for item in accounts}
    assert "Collection(mscrm.productpricelevel)" not in {item[1].get("Type") for item in accounts}
    old = sales.get("/api/data/v8.2/$metadata").body
    assert b"UpsertMultiple" not in old


def test_what_the_csdl_document_lists_can_be_called(sales: Any) -> None:
    container = ElementTree.fromstring(sales.get("$metadata").body)[0][0]
    arguments = {
        "RetrieveTotalRecordCount": "(EntityNames=['account'])",
        "RetrieveMetadataChanges": "(Query=@q)?@q={}",
    }
    for item in container.iter(f"{EDM}FunctionImport"):
        name = item.get("Name")
        assert sales.get(name + arguments.get(name, "")).status == 200, name
    names = [item.get("Name") for item in container.iter(f"{EDM}ActionImport")]
    assert {"WinQuote", "RecalculatePrice", "CreateEntities", "PublishXml"} <= set(names)
    for name in names:  # without arguments most are refused, but none as unknown
        reply = sales("POST", name, {})
        assert reply.status in {204, 400}, name
