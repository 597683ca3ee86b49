"""Metadata: the service document, CSDL and the JSON metadata service (…/data-entities/services-home-page)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from defusedxml import ElementTree
from dynamics_sandbox.fno.model_files import load_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Client
    from dynamics_sandbox.fno.model import Model

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
CATEGORY = "Microsoft.Dynamics.Metadata.EntityCategory"
CORE = "Microsoft.Dynamics.OData.Core.V1"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def test_the_service_document_lists_public_sets(fno: Client) -> None:
    answer = fno.get("/data/")
    assert answer.json["@odata.context"] == "https://fno.example.com/data/$metadata"
    names = [row["name"] for row in answer.rows]
    assert {"name": "CustomersV3", "kind": "EntitySet", "url": "CustomersV3"} in answer.rows
    assert names == sorted(names)
    assert "LanguageTable" not in names


def test_the_schema_document(fno: Client, model: Model) -> None:
    answer = fno.get("/data/$metadata")
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.body)
    core, schema = root.iter(f"{EDM}Schema")
    assert (core.get("Namespace"), schema.get("Namespace")) == (CORE, "Microsoft.Dynamics.DataEntities")
    types = {item.get("Name"): item for item in schema.findall(f"{EDM}EntityType")}
    customer = types["CustomerV3"]
    assert [ref.get("Name") for ref in customer.iter(f"{EDM}PropertyRef")] == [
        "dataAreaId",
        "CustomerAccount",
    ]
    properties = {item.get("Name"): item for item in customer.findall(f"{EDM}Property")}
    assert len(properties) == 305
    kinds = {name: (item.get("Type"), item.get("Nullable")) for name, item in properties.items()}
    assert kinds["CustomerAccount"] == ("Edm.String", "false")
    assert kinds["OrganizationName"] == ("Edm.String", None)
    assert kinds["CreditLimit"] == ("Edm.Decimal", "false")
    assert kinds["CredManCustomerSince"] == ("Edm.DateTimeOffset", "false")
    assert kinds["AddressRecordId"] == ("Edm.Int64", "false")
    assert kinds["IsExternallyMaintained"] == ("Microsoft.Dynamics.DataEntities.NoYes", None)
    assert "MaxLength" not in {name for item in properties.values() for name in item.attrib}
    assert terms(properties["CredManCustomerSince"])["AXType"] == f"{CORE}.AXType/Date"
    assert terms(properties["AddressValidFrom"])["AXType"] == f"{CORE}.AXType/UtcDateTime"
    assert terms(properties["CustomerAccount"])["AllowEdit"] == "false"
    assert terms(properties["CustomerGroupId"])["IsRequired"] == "true"
    assert terms(properties["FullPrimaryAddress"])["AllowEditOnCreate"] == "false"
    (container,) = schema.findall(f"{EDM}EntityContainer")
    sets = {item.get("Name"): item.get("EntityType") for item in container}
    assert container.get("Name") == "Resources"
    assert sets["CustomersV3"] == "Microsoft.Dynamics.DataEntities.CustomerV3"
    assert sets.keys() == model.public.keys()
    enums = {item.get("Name") for item in schema.findall(f"{EDM}EnumType")}
    used = {kind.rsplit(".", 1)[1] for item in types.values() for kind in enum_types(item)}
    assert used == enums


def terms(item: Any) -> dict[str, str]:
    found = {}
    for annotation in item.findall(f"{EDM}Annotation"):
        member = annotation.find(f"{EDM}EnumMember")
        value = annotation.get("Bool") or annotation.get("String") or member.text
        found[annotation.get("Term").removeprefix(f"{CORE}.")] = value
    return found


def enum_types(entity: Any) -> Iterator[str]:
    kinds = (item.get("Type") for item in entity.findall(f"{EDM}Property"))
    return (kind for kind in kinds if kind.startswith("Microsoft."))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$filter=PublicEntityName eq 'CustomerV3'", ["CustCustomerV3Entity"]),
        ("$filter=PublicCollectionName eq 'customersv3'", ["CustCustomerV3Entity"]),
        ("$filter=DataServiceEnabled eq false and Name eq 'Lang*'", ["LanguageTable"]),
        (
            "$filter=contains(tolower(Name),'custcust')",
            ["CustCustomerGroupEntity", "CustCustomerV2Entity", "CustCustomerV3Entity"],
        ),
        (
            f"$filter=EntityCategory eq {CATEGORY}'Configuration'&$orderby=Name desc",
            ["SysAADClientEntity", "CustCustomerGroupEntity"],
        ),
        ("$filter=IsReadOnly eq true and Name eq 'C*' and not (Name eq '*Bi*')", ["CompanyInfoEntity"]),
    ],
)
def test_data_entities_can_be_filtered(fno: Client, query: str, expected: Any) -> None:
    answer = fno.get(f"/metadata/DataEntities?{query}&$count=true&$select=Name")
    assert [row["Name"] for row in answer.rows] == expected
    assert answer.json["@odata.count"] == len(expected)
    assert list(answer.rows[0]) == ["Name"]


def test_data_entities_page_and_key(fno: Client, model: Model) -> None:
    rows = fno.get("/metadata/DataEntities").rows
    assert len(rows) == len(model.entities)
    assert fno.get("/Metadata/DataEntities?$top=2&$skip=1").rows == rows[1:3]
    one = fno.get("/metadata/DataEntities('CustCustomerV3Entity')").json
    del one["@odata.context"]
    assert one == {
        "Name": "CustCustomerV3Entity",
        "PublicEntityName": "CustomerV3",
        "PublicCollectionName": "CustomersV3",
        "LabelId": "@Sandbox:CustCustomerV3Entity",
        "DataServiceEnabled": True,
        "DataManagementEnabled": True,
        "EntityCategory": "Master",
        "IsReadOnly": False,
    }


def test_public_entities_are_found_by_type_name_only(fno: Client) -> None:
    answer = fno.get("/metadata/PublicEntities('CustomerV3')")
    properties = {item["Name"]: item for item in answer.json["Properties"]}
    assert (answer.json["EntitySetName"], len(properties)) == ("CustomersV3", 305)
    expected = {
        "dataAreaId": ("Edm.String", "String", True, True, False, True),
        "CustomerGroupId": ("Edm.String", "String", False, True, True, True),
        "PartyNumber": ("Edm.String", "String", False, False, False, True),
        "FullPrimaryAddress": ("Edm.String", "String", False, False, False, False),
        "CreditLimit": ("Edm.Decimal", "Real", False, False, True, True),
        "CredManCustomerSince": ("Edm.DateTimeOffset", "Date", False, False, True, True),
        "AddressValidFrom": ("Edm.DateTimeOffset", "UtcDateTime", False, False, True, True),
        "IsExternallyMaintained": ("Microsoft.Dynamics.DataEntities.NoYes", "Enum", False, False, True, True),
    }
    names = ("TypeName", "DataType", "IsKey", "IsMandatory", "AllowEdit", "AllowEditOnCreate")
    assert {name: tuple(properties[name][item] for item in names) for name in expected} == expected
    (navigation,) = answer.json["NavigationProperties"]
    assert (navigation["Name"], navigation["RelatedEntity"], navigation["Cardinality"]) == (
        "Warehouses",
        "Warehouse",
        "Multiple",
    )
    assert fno.get("/metadata/PublicEntities('CustomersV3')").status == 404


def test_public_enumerations(fno: Client) -> None:
    members = fno.get("/metadata/PublicEnumerations('CustVendorBlocked')").json["Members"]
    assert [(member["Name"], member["Value"]) for member in members] == [
        ("No", 0),
        ("Invoice", 1),
        ("All", 2),
        ("Payment", 3),
        ("Requisition", 4),
        ("Never", 5),
        ("PurchOrder", 6),
    ]
    names = [row["Name"] for row in fno.get("/metadata/PublicEnumerations?$select=Name").rows]
    assert {"NoYes", "Gender", "Timezone"} <= set(names)


def test_labels_are_read_one_by_one(fno: Client) -> None:
    for item in fno.get("/metadata/PublicEntities('CustomerGroup')").json["Properties"]:
        label = fno.get(f"/metadata/Labels(Id='{item['LabelId']}',Language='de')").json
        assert (label["Id"], label["Language"]) == (item["LabelId"], "de")
        assert label["Value"]
    assert fno.get("/metadata/Labels").status == 400
    assert fno.get("/metadata/Labels(Id='@Nothing:1',Language='en-us')").status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/metadata/Nothing", 404),
        ("/metadata/DataEntities('Nothing')", 404),
        ("/metadata/DataEntities?$filter=Nothing eq 1", 400),
        ("/metadata/DataEntities?$select=Nothing", 400),
        ("/metadata/DataEntities('CustCustomerV3Entity')/Name", 501),
        ("/metadata/", 200),
    ],
)
def test_other_metadata_addresses(fno: Client, path: str, status: int) -> None:
    assert fno.get(path).status == status
    assert fno.post(path, {}).status == 405
