"""The hub read back under its own names, from tables made through the Web API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HUB = {"env": "cds", "publisher_prefix": "cdm", "streams": ["Account", "Contact"]}


def label(text: str) -> dict[str, Any]:
    localized = {
        "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel",
        "Label": text,
        "LanguageCode": 1033,
    }
    return {"@odata.type": "Microsoft.Dynamics.CRM.Label", "LocalizedLabels": [localized]}


def text(schema_name: str, *, primary: bool = False) -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "AttributeType": "String",
        "AttributeTypeName": {"Value": "StringType"},
        "SchemaName": schema_name,
        "MaxLength": 100,
        "FormatName": {"Value": "Text"},
        "RequiredLevel": {"Value": "None"},
        "DisplayName": label(schema_name),
        **({"IsPrimaryName": True} if primary else {}),
    }


def money(schema_name: str) -> dict[str, Any]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.MoneyAttributeMetadata",
        "AttributeType": "Money",
        "AttributeTypeName": {"Value": "MoneyType"},
        "SchemaName": schema_name,
        "Precision": 4,
        "PrecisionSource": 0,
        "RequiredLevel": {"Value": "None"},
        "DisplayName": label(schema_name),
    }


def create_table(bench: Any, name: str, *attributes: dict[str, Any]) -> None:
    table = {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
        "SchemaName": f"cdm_{name}",
        "DisplayName": label(name),
        "DisplayCollectionName": label(f"{name}s"),
        "OwnershipType": "OrganizationOwned",
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": True,
        "Attributes": [text(f"cdm_{name}_{name}Id", primary=True), *attributes],
    }
    bench.call("POST", "EntityDefinitions", table, env="cds")


def create_lookup(bench: Any, child: str, parent: str) -> None:
    lookup = {
        "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
        "AttributeType": "Lookup",
        "AttributeTypeName": {"Value": "LookupType"},
        "SchemaName": f"cdm_{parent}Id",
        "DisplayName": label(parent),
        "RequiredLevel": {"Value": "None"},
    }
    relation = {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": f"cdm_{parent.lower()}_{child.lower()}",
        "ReferencedEntity": f"cdm_{parent.lower()}",
        "ReferencingEntity": f"cdm_{child.lower()}",
        "Lookup": lookup,
    }
    bench.call("POST", "RelationshipDefinitions", relation, env="cds")


def create_key(bench: Any, table: str, *columns: str) -> None:
    key = {"SchemaName": f"cdm_{table}Key", "DisplayName": label("Key"), "KeyAttributes": list(columns)}
    path = f"EntityDefinitions(LogicalName='cdm_{table.lower()}')/Keys"
    bench.call("POST", path, key, env="cds")
    for _ in range(100):  # the index of a key is built in the background
        _, _, keys = bench.sandbox.call("GET", "cds", path, headers={"Consistency": "Strong"})
        if keys["value"][0]["EntityKeyIndexStatus"] == "Active":
            return
        time.sleep(0.1)
    pytest.fail("the key's index was not built in 10 seconds")


@pytest.fixture
def hub_bench(bench: Any) -> Any:
    """A hub with an organization, two accounts and a contact."""
    create_table(bench, "Organization")
    create_table(bench, "Account", text("cdm_OrganizationName"), money("cdm_CreditLimit"))
    create_table(bench, "Contact", text("cdm_FullName"))
    create_lookup(bench, "Account", "Organization")
    create_lookup(bench, "Contact", "Account")
    create_key(bench, "Organization", "cdm_organization_organizationid")
    create_key(bench, "Account", "cdm_organizationid", "cdm_account_accountid")
    create_key(bench, "Contact", "cdm_accountid", "cdm_contact_contactid")
    organization = row(bench, "cdm_organizations", {"cdm_organization_organizationid": "ORG001"})
    account = row(bench, "cdm_accounts", fields("A1", "Müller", organization))
    row(bench, "cdm_accounts", fields("A2", "B's Beverages", None))
    contact = {
        "cdm_contact_contactid": "C1",
        "cdm_fullname": "Jo",
        "cdm_AccountId@odata.bind": f"/cdm_accounts({account['cdm_accountid']})",
    }
    row(bench, "cdm_contacts", contact)
    return bench


def row(bench: Any, table: str, content: dict[str, Any]) -> dict[str, Any]:
    created: dict[str, Any] = bench.call("POST", table, content, env="cds")
    return created


def fields(key: str, name: str, organization: dict[str, Any] | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "cdm_account_accountid": key,
        "cdm_organizationname": name,
        "cdm_creditlimit": 1234567890.12,
    }
    if organization:
        reference = f"/cdm_organizations({organization['cdm_organizationid']})"
        content["cdm_OrganizationId@odata.bind"] = reference
    return content


ORG = {"OrganizationId": "ORG001"}


def test_hub_rows_bear_hub_names_and_business_keys_by_every_method(hub_bench: Any) -> None:
    for method in ("changes", "modified", "full"):
        assert_hub_rows(hub_bench, method)


def assert_hub_rows(hub_bench: Any, method: str) -> None:
    select = {"Account": ["OrganizationName", "CreditLimit"]}
    done = hub_bench.sync(**HUB, replication={"Account": method, "Contact": method}, select=select)
    accounts = sorted(done.records("Account"), key=lambda record: record["AccountId"])
    assert [list(record) for record in accounts] == [
        ["Organization", "AccountId", "OrganizationName", "CreditLimit"]
        + (["modifiedon"] if method == "modified" else [])
    ] * 2
    assert [record["Organization"] for record in accounts] == [ORG, None]
    assert [record["OrganizationName"] for record in accounts] == ["Müller", "B's Beverages"]
    assert done.text.count('"CreditLimit":1234567890.1200') == 2
    assert done.schema("Account")["key_properties"] == ["Organization", "AccountId"]
    [contact] = done.records("Contact")
    assert contact["Account"] == {"Organization": ORG, "AccountId": "A1"}
    assert done.schema("Contact")["key_properties"] == ["Account", "ContactId"]


def test_deletions_in_the_hub_are_sent_under_the_business_key(hub_bench: Any) -> None:
    first = hub_bench.run(**HUB)
    assert first.code == 0
    gone = hub_bench.call("GET", "cdm_contacts?$select=cdm_contactid", env="cds")["value"][0]["cdm_contactid"]
    hub_bench.call("DELETE", f"cdm_contacts({gone})", env="cds")
    second = hub_bench.sync(**HUB, state=first.states()[-1])
    [record] = second.records("Contact")
    assert record.pop("_sdc_deleted_at")
    assert record == {"Account": {"Organization": ORG, "AccountId": "A1"}, "ContactId": "C1"}


def test_without_the_known_keys_deletions_in_the_hub_are_counted(hub_bench: Any, tmp_path: Path) -> None:
    first = hub_bench.sync(**HUB)
    gone = hub_bench.call("GET", "cdm_contacts?$select=cdm_contactid", env="cds")["value"][0]["cdm_contactid"]
    hub_bench.call("DELETE", f"cdm_contacts({gone})", env="cds")
    second = hub_bench.sync(**HUB, state=first.states()[-1], data_dir=str(tmp_path / "elsewhere"))
    assert second.records("Contact") == []
    assert "1 deletions not sent" in second.log


def test_a_row_made_anew_under_a_deleted_rows_key_stays(hub_bench: Any) -> None:
    first = hub_bench.sync(**HUB)
    listed = hub_bench.call("GET", "cdm_contacts?$select=cdm_contactid,_cdm_accountid_value", env="cds")
    old = listed["value"][0]
    hub_bench.call("DELETE", f"cdm_contacts({old['cdm_contactid']})", env="cds")
    anew = {
        "cdm_contact_contactid": "C1",
        "cdm_AccountId@odata.bind": f"/cdm_accounts({old['_cdm_accountid_value']})",
    }
    hub_bench.call("POST", "cdm_contacts", anew, env="cds")
    second = hub_bench.sync(**HUB, state=first.states()[-1])
    assert ["_sdc_deleted_at" in record for record in second.records("Contact")] == [False]


def test_a_quiet_hub_sends_nothing(hub_bench: Any) -> None:
    first = hub_bench.sync(**HUB)
    second = hub_bench.sync(**HUB, state=first.states()[-1])
    assert {message["type"] for message in second.messages} == {"SCHEMA", "STATE"}


def test_without_streams_the_whole_hub_is_offered(hub_bench: Any) -> None:
    tap = hub_bench.tap(**{**HUB, "streams": None})
    assert set(tap.streams) == {"Account", "Contact", "Organization"}
