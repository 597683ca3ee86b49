"""The hub made from SCHEMAs and filled: real processes over real HTTPS, read back without our own client."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_dynamics_cds.column_kinds import ColumnKind
from target_dynamics_cds.definitions import column_definition, lookup_definition, table_definition

if TYPE_CHECKING:
    from conftest import TargetProcess

ORGANIZATION = {
    "type": ["object", "null"],
    "x-lookup": ["Organization"],
    "properties": {"OrganizationId": {"type": "string", "maxLength": 20}},
}


def definition(target: TargetProcess, logical_name: str, path: str = "") -> Any:
    status, _headers, found = target.sandbox.call(
        "GET", "cds", f"EntityDefinitions(LogicalName='{logical_name}'){path}"
    )
    assert status == 200, found
    return found


def typed(target: TargetProcess, logical_name: str, kind: str) -> dict[str, dict[str, Any]]:
    found = definition(target, logical_name, f"/Attributes/Microsoft.Dynamics.CRM.{kind}AttributeMetadata")
    return {one["LogicalName"]: one for one in found["value"] if not one.get("AttributeOf")}


def test_the_hub_is_made_from_the_schema_alone(target: TargetProcess, accounts: list[str]) -> None:
    done = target.run(accounts[:1])
    assert done.code == 0, done.log

    account = definition(target, "cdm_account")
    assert account["SchemaName"] == "cdm_Account"
    assert account["EntitySetName"] == "cdm_accounts"
    assert account["OwnershipType"] == "OrganizationOwned"
    assert account["ChangeTrackingEnabled"] is True
    assert account["PrimaryNameAttribute"] == "cdm_account_accountid"

    texts = typed(target, "cdm_account", "String")
    assert texts["cdm_account_accountid"]["MaxLength"] == 20
    assert texts["cdm_account_accountid"]["RequiredLevel"]["Value"] == "ApplicationRequired"
    assert texts["cdm_organizationname"]["MaxLength"] == 128
    assert texts["cdm_sourceid"]["MaxLength"] == 36
    assert "cdm_description" in typed(target, "cdm_account", "Memo")
    money = typed(target, "cdm_account", "Money")["cdm_creditlimitamount"]
    assert (money["Precision"], money["PrecisionSource"]) == (4, 0)
    assert typed(target, "cdm_account", "Decimal")["cdm_discountpercentage"]["Precision"] == 5
    assert "cdm_employeecount" in typed(target, "cdm_account", "Integer")
    assert "cdm_isemailcontactallowed" in typed(target, "cdm_account", "Boolean")
    dates = typed(target, "cdm_account", "DateTime")
    assert dates["cdm_customersince"]["DateTimeBehavior"]["Value"] == "DateOnly"
    assert dates["cdm_lastcontactedat"]["DateTimeBehavior"]["Value"] == "UserLocal"

    (way,) = [
        one
        for one in definition(target, "cdm_account", "/ManyToOneRelationships")["value"]
        if one["ReferencingAttribute"] == "cdm_organizationid"
    ]
    assert way["ReferencedEntity"] == "cdm_organization"
    assert way["ReferencingEntityNavigationPropertyName"] == "cdm_OrganizationId"

    for table, columns in {
        "cdm_account": ["cdm_organizationid", "cdm_account_accountid"],
        "cdm_organization": ["cdm_organization_organizationid"],
    }.items():
        (key,) = definition(target, table, "/Keys")["value"]
        assert sorted(key["KeyAttributes"]) == sorted(columns)
        assert key["EntityKeyIndexStatus"] == "Active"


def test_rows_arrive_with_every_digit_and_character(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    done = target.run([*organizations, *accounts])
    assert done.code == 0, done.log
    assert done.rejects == []
    assert done.states[-1] == {"bookmarks": {"accounts": {"modifiedon": "2024-05-01T10:00:00Z"}}}

    rows = {row["cdm_account_accountid"]: row for row in target.rows("cdm_accounts")}
    sent = {
        one["record"]["AccountId"]: one["record"]
        for one in (json.loads(line, parse_float=Decimal) for line in accounts)
        if one["type"] == "RECORD"
    }
    assert rows.keys() == sent.keys()
    for number, row in rows.items():
        assert row["cdm_organizationname"] == sent[number]["OrganizationName"]
        assert row["cdm_mailingpostaladdress_city"] == (sent[number].get("MailingPostalAddress_City") or None)
        assert row["cdm_creditlimitamount"] == sent[number].get("CreditLimitAmount")
        assert row["cdm_lastwrittenby"] == "accounts-to-cds"
    assert rows["LINES"]["cdm_description"] == sent["LINES"]["Description"]
    assert rows["MONEY"]["cdm_creditlimitamount"] == Decimal("922337203685476.5807")
    assert rows["MONEY"]["cdm_discountpercentage"] == Decimal("0.00001")
    assert rows["007"]["cdm_lastcontactedat"] == "2024-12-31T21:30:00Z"
    assert rows["007"]["cdm_employeecount"] == 0
    assert rows["ALFKI"]["cdm_customersince"] == "1998-02-28"
    assert rows["O'NEIL"]["cdm_isemailcontactallowed"] is False

    (organization,) = target.rows("cdm_organizations", "?$filter=cdm_organization_organizationid eq 'ORG001'")
    assert {row["_cdm_organizationid_value"] for row in rows.values()} == {organization["cdm_organizationid"]}
    (summary,) = [one for one in done.summary if one["stream"] == "Account"]
    assert (summary["read"], summary["written"], summary["rejected"]) == (12, 12, 0)


def test_a_second_run_writes_nothing(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    more = [
        {
            "type": "RECORD",
            "stream": "Account",
            "record": {
                "Organization": {"OrganizationId": "org001"},
                "AccountId": f"N{number:03}",
                "OrganizationName": f"Company {number}",
                "CreditLimitAmount": number * 10,
            },
        }
        for number in range(79)
    ]
    lines = [*organizations, *accounts, *more]
    first = target.run(lines, skip_unchanged=True)
    assert first.code == 0, first.log
    (summary,) = [one for one in first.summary if one["stream"] == "Account"]
    assert (summary["created"], summary["updated"], summary["unchanged"]) == (91, 0, 0)
    versions = {row["cdm_accountid"]: row["versionnumber"] for row in target.rows("cdm_accounts")}
    assert len(versions) == 91

    target.sandbox.forget_requests()
    second = target.run(lines, skip_unchanged=True)
    assert second.code == 0, second.log
    (summary,) = [one for one in second.summary if one["stream"] == "Account"]
    assert (summary["created"], summary["updated"], summary["unchanged"]) == (0, 0, 91)
    assert {row["cdm_accountid"]: row["versionnumber"] for row in target.rows("cdm_accounts")} == versions
    assert target.messages() == []
    assert "PATCH" not in {one["method"] for one in target.sandbox.requests("cds")}

    lines[3 + 4] = lines[3 + 4].replace("Königlich Essen", "Königlich Speisen")
    third = target.run_here(lines, skip_unchanged=True)
    assert target.messages() == []  # a single row needs no bulk message
    (summary,) = [one for one in third.summary if one["stream"] == "Account"]
    assert (summary["updated"], summary["unchanged"]) == (1, 90)
    moved = {row["cdm_account_accountid"]: row for row in target.rows("cdm_accounts")}
    assert [
        number for number, row in moved.items() if row["versionnumber"] != versions[row["cdm_accountid"]]
    ] == ["ÄÖÜß-1"]
    assert moved["ÄÖÜß-1"]["cdm_organizationname"] == "Königlich Speisen"


def test_without_comparison_good_rows_take_one_write(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    plain = [
        accounts[0],
        *(line for line in accounts if any(f'"{number}"' in line for number in ("ALFKI", "BSBEV", "007"))),
    ]
    target.run_here([*organizations, *plain])
    target.sandbox.forget_requests()
    done = target.run_here(plain, create_missing=False)
    assert done.code == 0, done.log
    assert target.messages() == ["UpsertMultiple"]


def test_a_grown_schema_adds_a_column_and_keeps_the_rows(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    target.run_here([*organizations, *accounts])
    grown = json.loads(accounts[0])
    grown["schema"]["properties"]["WebsiteURL"] = {"type": ["string", "null"], "maxLength": 255}
    row = {
        "Organization": {"OrganizationId": "ORG001"},
        "AccountId": "ALFKI",
        "WebsiteURL": "https://alfki.example",
    }
    done = target.run_here([grown, {"type": "RECORD", "stream": "Account", "record": row}])
    assert done.code == 0, done.log
    rows = {one["cdm_account_accountid"]: one for one in target.rows("cdm_accounts")}
    assert rows["ALFKI"]["cdm_websiteurl"] == "https://alfki.example"
    assert rows["ALFKI"]["cdm_organizationname"] == "Alfreds Futterkiste"
    assert len(rows) == 12
    assert typed(target, "cdm_account", "String")["cdm_websiteurl"]["MaxLength"] == 255


def test_the_minimal_parent_gets_its_columns_when_its_own_stream_comes(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    done = target.run_here([accounts[0], *organizations])
    assert done.code == 0, done.log
    rows = {row["cdm_organization_organizationid"]: row for row in target.rows("cdm_organizations")}
    assert rows["ORG001"]["cdm_organizationname"] == "Contoso"
    assert rows["ORG002"]["cdm_status"] == "Inactive"
    assert len(definition(target, "cdm_organization", "/Keys")["value"]) == 1


def test_parents_that_come_earlier_in_the_run_are_found(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    schema = {
        "type": "SCHEMA",
        "stream": "SalesOrder",
        "schema": {
            "properties": {
                "Organization": ORGANIZATION,
                "SalesOrderId": {"type": "string", "maxLength": 20},
                "Account": {
                    "type": ["object", "null"],
                    "x-lookup": ["Account"],
                    "properties": {
                        "Organization": ORGANIZATION,
                        "AccountId": {"type": "string", "maxLength": 20},
                    },
                },
            }
        },
        "key_properties": ["Organization", "SalesOrderId"],
    }
    organization = {"OrganizationId": "ORG001"}
    orders = [
        {
            "type": "RECORD",
            "stream": "SalesOrder",
            "record": {
                "Organization": organization,
                "SalesOrderId": f"SO-{number}",
                "Account": {"Organization": organization, "AccountId": customer},
            },
        }
        for number, customer in enumerate(["ALFKI", "a/b", "Nobody"])
    ]
    orders.append(
        {
            "type": "RECORD",
            "stream": "SalesOrder",
            "record": {"Organization": organization, "SalesOrderId": "SO-9", "Account": None},
        }
    )
    done = target.run_here([*organizations, *accounts, schema, *orders])
    assert done.code == 0, done.log
    ids = {row["cdm_account_accountid"]: row["cdm_accountid"] for row in target.rows("cdm_accounts")}
    bound = {
        row["cdm_salesorder_salesorderid"]: row["_cdm_accountid_value"]
        for row in target.rows("cdm_salesorders")
    }
    assert bound == {"SO-0": ids["ALFKI"], "SO-1": ids["A/B"], "SO-9": None}
    (reject,) = done.rejects
    assert reject["record"]["SalesOrderId"] == "SO-2"
    assert reject["code"] == "parent_missing"
    assert reject["reason"].startswith(
        "Account with Organization (OrganizationId 'ORG001') and AccountId 'Nobody' does not exist in "
    )

    orders[0]["record"]["Account"] = None
    target.run_here([schema, orders[0]])
    (cleared,) = target.rows("cdm_salesorders", "?$filter=cdm_salesorder_salesorderid eq 'SO-0'")
    assert cleared["_cdm_accountid_value"] is None


def test_parents_in_the_same_table_and_batch_come_first(
    target: TargetProcess, organizations: list[str], accounts: list[str]
) -> None:
    schema = json.loads(accounts[0])
    parent = {"Organization": ORGANIZATION, "AccountId": {"type": "string", "maxLength": 20}}
    schema["schema"]["properties"]["ParentAccount"] = {
        "type": ["object", "null"],
        "x-lookup": ["Account"],
        "properties": parent,
    }
    organization = {"OrganizationId": "ORG001"}
    rows = [
        {
            "type": "RECORD",
            "stream": "Account",
            "record": {
                "Organization": organization,
                "AccountId": number,
                "ParentAccount": above and {"Organization": organization, "AccountId": above},
            },
        }
        for number, above in (("LEAF", "BRANCH"), ("BRANCH", "ROOT"), ("ROOT", None), ("LOST", "NOBODY"))
    ]
    done = target.run_here([*organizations, schema, *rows])
    assert done.code == 0, done.log
    assert [one["record"]["AccountId"] for one in done.rejects] == ["LOST"]
    found = {row["cdm_account_accountid"]: row for row in target.rows("cdm_accounts")}
    assert found["LEAF"]["_cdm_parentaccountid_value"] == found["BRANCH"]["cdm_accountid"]
    assert found["BRANCH"]["_cdm_parentaccountid_value"] == found["ROOT"]["cdm_accountid"]
    assert found["ROOT"]["_cdm_parentaccountid_value"] is None


def test_a_lookup_that_others_made_without_id_is_taken_as_it_is(
    target: TargetProcess, organizations: list[str]
) -> None:
    target.run_here(organizations)
    name = column_definition("cdm_Site_SiteId", ColumnKind("String", {"MaxLength": 20}), display="SiteId")
    lookup = lookup_definition(
        "cdm_Organization",
        table="cdm_site",
        target=("cdm_organization", "cdm_organizationid"),
        display="Organization",
    )
    for url, body in (
        ("EntityDefinitions", table_definition("cdm_Site", name, [], display="Site")),
        ("RelationshipDefinitions", lookup),
    ):
        status, _headers, answer = target.sandbox.call("POST", "cds", url, json=body)
        assert status == 204, answer
    site = {
        "type": "SCHEMA",
        "stream": "Site",
        "schema": {"properties": {"Organization": ORGANIZATION, "SiteId": {"type": "string"}}},
        "key_properties": ["Organization", "SiteId"],
    }
    row = {"Organization": {"OrganizationId": "ORG001"}, "SiteId": "1"}
    done = target.run_here([site, {"type": "RECORD", "stream": "Site", "record": row}])
    assert done.code == 0, done.log
    (key,) = definition(target, "cdm_site", "/Keys")["value"]
    assert sorted(key["KeyAttributes"]) == ["cdm_organization", "cdm_site_siteid"]
    (found,) = target.rows("cdm_sites")
    assert found["_cdm_organization_value"]
    assert "_cdm_organizationid_value" not in found


def test_two_processes_may_make_the_same_hub_at_once(target: TargetProcess, accounts: list[str]) -> None:
    folders = [target.folder / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda folder: replace(target, folder=folder).run(accounts[:1]), folders))
    assert [one.code for one in runs] == [0, 0], "\n".join(one.log for one in runs)
    assert len(definition(target, "cdm_account", "/Keys")["value"]) == 1
    target.sandbox.forget_requests()
    assert target.run_here(accounts[:1]).code == 0
    made = [one["path"] for one in target.sandbox.requests("cds") if one["method"] == "POST"]
    assert {path.rpartition("/")[2] for path in made} <= {"$batch"}
