"""The whole wire against the sandbox: sign-in, metadata, paging and batches over real TLS."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from dynamics_odata.batch import BatchPart, ChangeSet, send_batch
from dynamics_odata.errors import (
    CertificateError,
    RefusedError,
    SignInError,
    UnavailableError,
    UnknownNameError,
    UnreachableError,
)
from dynamics_odata.metadata.dataverse import DataverseMetadata
from dynamics_odata.metadata.fno import FnoMetadata
from dynamics_odata.paging import pages
from dynamics_odata.query import key_segment, query_string
from dynamics_odata.services import dataverse, fno
from dynamics_odata.settings import Connection
from dynamics_odata.transport import Request
from dynamics_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_odata.transport import Transport
    from dynamics_sandbox.testing import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), seed="demo") as process:
        yield process


@pytest.fixture(scope="module")
def sales(sandbox: Sandbox) -> Iterator[Transport]:
    with dataverse(Connection.from_config(sandbox.config("sales"))) as transport:
        yield transport


@pytest.fixture(scope="module")
def finance(sandbox: Sandbox) -> Iterator[Transport]:
    with fno(Connection.from_config(sandbox.config("fno"))) as transport:
        yield transport


@pytest.fixture(scope="module")
def tables(sales: Transport) -> DataverseMetadata:
    return DataverseMetadata(sales)


# --- sign-in


def test_one_sign_in_serves_many_requests(sandbox: Sandbox) -> None:
    before = sandbox.sign_ins()
    with dataverse(Connection.from_config(sandbox.config("sales"))) as transport:
        assert set(transport.get("WhoAmI").json()) >= {"BusinessUnitId", "UserId", "OrganizationId"}
        transport.get("WhoAmI")
    assert sandbox.sign_ins() == before + 1


def test_a_refused_token_leads_to_a_second_sign_in(sandbox: Sandbox) -> None:
    before = sandbox.sign_ins()
    with dataverse(Connection.from_config(sandbox.config("sales"))) as transport:
        transport.get("WhoAmI")
        sandbox.faults(environment="sales", method="GET", path=".*WhoAmI.*", times=1, status=401)
        assert transport.get("WhoAmI").status == 200
    assert sandbox.sign_ins() == before + 2


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("client_secret", "wrong-secret", "AADSTS7000215"),
        ("client_id", "99999999-0000-0000-0000-000000000000", "AADSTS700016"),
        ("tenant_id", "99999999-0000-0000-0000-000000000000", ""),
    ],
)
def test_a_wrong_setting_is_named(sandbox: Sandbox, setting: str, value: str, code: str) -> None:
    config = {**sandbox.config("sales"), setting: value}
    with dataverse(Connection.from_config(config)) as transport, pytest.raises(SignInError) as caught:
        transport.get("WhoAmI")
    assert (caught.value.setting, caught.value.code) == (setting, code)
    assert f"`{setting}`" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_authority_out_of_order_is_no_wrong_setting(sandbox: Sandbox) -> None:
    sandbox.faults(environment="sign-in", method="POST", path=".*token", times=1, status=503)
    config = {**sandbox.config("sales"), "max_retries": 0}
    with (
        dataverse(Connection.from_config(config)) as transport,
        pytest.raises(UnavailableError, match="answers 503"),
    ):
        transport.get("WhoAmI")


def test_without_the_ca_bundle_the_authority_is_not_trusted(sandbox: Sandbox) -> None:
    config = {**sandbox.config("sales"), "ca_bundle": "", "max_retries": 0}
    with (
        dataverse(Connection.from_config(config)) as transport,
        pytest.raises(CertificateError, match="`ca_bundle`"),
    ):
        transport.get("WhoAmI")


def test_an_unreachable_authority_is_named_within_seconds(sandbox: Sandbox) -> None:
    config = {**sandbox.config("sales"), "authority_host": "https://localhost:9"}
    began = time.monotonic()
    with (
        dataverse(Connection.from_config(config)) as transport,
        pytest.raises(UnreachableError, match=r"localhost:9 refuses.*`authority_host`"),
    ):
        transport.get("WhoAmI")
    assert time.monotonic() - began < 15


# --- reading


def test_pages_bring_every_row_once(sales: Transport) -> None:
    whole = [row for page in pages(sales, "accounts?$select=name") for row in page.rows]
    paged = list(pages(sales, "accounts?$select=name", headers={"Prefer": "odata.maxpagesize=5"}))
    rows = [msgspec.json.decode(row) for page in paged for row in page.rows]
    assert len(paged) > 1
    assert all(len(page.rows) <= 5 for page in paged)
    assert len({row["accountid"] for row in rows}) == len(rows) == len(whole)
    assert all("$skiptoken=" in (page.next_link or "") for page in paged[:-1])


def test_filters_find_names_with_every_awkward_character(sales: Transport) -> None:
    name = 'O\'Brien & Söhne + #1 50% "x" / ; ='
    created = sales.send(
        Request("POST", "accounts", {"Prefer": "return=representation"},
                msgspec.json.encode({"name": name, "creditlimit": msgspec.Raw(b"100000000.10")}))
    ).json()  # fmt: skip
    query = query_string(select=["name", "creditlimit"], filter="name eq '" + name.replace("'", "''") + "'")
    (row,) = sales.get(f"accounts{query}").json()["value"]
    assert row["name"] == name
    assert row["creditlimit"] == Decimal("100000000.10")
    sales.send(Request("DELETE", f"accounts{key_segment(created['accountid'])}"))


def test_a_refusal_carries_code_and_request_id(sales: Transport) -> None:
    with pytest.raises(RefusedError) as caught:
        sales.get("accounts(99999999-0000-0000-0000-000000000000)")
    assert (caught.value.status, caught.value.code) == (404, "0x80040217")
    assert caught.value.request_id


def test_throttling_is_waited_out(sandbox: Sandbox) -> None:
    with dataverse(Connection.from_config(sandbox.config("sales"))) as transport:
        sandbox.faults(
            environment="sales", method="GET", path=".*accounts.*", times=1, status=429,
            headers={"Retry-After": "1"},
        )  # fmt: skip
        transport.get("accounts?$top=1")
        assert transport.statistics.retries == 1
        assert 0.5 < transport.statistics.throttled_seconds <= 1


def test_a_connection_dropped_after_the_write_does_no_harm_to_an_upsert(
    sandbox: Sandbox, sales: Transport
) -> None:
    guid = "aaaaaaaa-0000-0000-0000-000000000001"
    sandbox.faults(environment="sales", method="PATCH", path=".*", times=1, drop=True, after_commit=True)
    answer = sales.send(Request("PATCH", f"accounts({guid})", body=b'{"name":"Dropped"}'))
    assert answer.status == 204
    assert sales.get(f"accounts({guid})?$select=name").json()["name"] == "Dropped"
    sales.send(Request("DELETE", f"accounts({guid})"))


# --- batches


def test_a_batch_gives_each_row_its_verdict(sales: Transport) -> None:
    good, missing = "aaaaaaaa-0000-0000-0000-000000000002", "99999999-0000-0000-0000-000000000000"
    replies = send_batch(
        sales,
        [
            ChangeSet([BatchPart("PATCH", f"accounts({good})", body='{"name":"Käse"}'.encode())]),
            ChangeSet(
                [
                    BatchPart("PATCH", f"accounts({good})", body=b'{"name":"undone"}'),
                    BatchPart("PATCH", f"accounts({missing})", {"If-Match": "*"}, b'{"name":"x"}'),
                ]
            ),
            BatchPart("GET", f"accounts({good})?$select=name"),
            BatchPart("GET", f"accounts({missing})"),
            BatchPart("DELETE", f"accounts({good})"),
        ],
        continue_on_error=True,
    )
    assert [reply.ok for reply in replies] == [True, False, True, False, True]
    assert replies[2].reply.json()["name"] == "Käse"
    assert replies[3].reply.status == 404
    assert replies[1].failure is not None
    assert replies[1].failure.code == "0x80040217"


def test_without_continue_on_error_the_rest_is_not_run(sales: Transport) -> None:
    parts = [
        BatchPart("GET", "accounts?$top=1"),
        BatchPart("GET", "nosuchset"),
        BatchPart("GET", "accounts?$top=1"),
    ]
    replies = send_batch(sales, parts, continue_on_error=False)
    assert [(reply.ran, reply.ok) for reply in replies] == [(True, True), (True, False), (False, False)]


def test_a_batch_of_fno_reads_keys_and_refuses_one_row(finance: Transport) -> None:
    known = key_segment({"dataAreaId": "usmf", "CustomerAccount": "US-001"})
    absent = key_segment({"dataAreaId": "usmf", "CustomerAccount": "NO'SUCH"})
    customer = {"dataAreaId": "usmf", "CustomerAccount": "BAD-1", "OrganizationName": "Bad"}
    customer |= {"CustomerGroupId": "XX", "SalesCurrencyCode": "USD"}
    body = msgspec.json.encode(customer)
    replies = send_batch(
        finance,
        [
            BatchPart("GET", f"CustomersV3{known}?cross-company=true&$select=CustomerAccount"),
            BatchPart("GET", f"CustomersV3{absent}?cross-company=true&$select=CustomerAccount"),
            ChangeSet([BatchPart("POST", "CustomersV3", body=body)]),
        ],
        continue_on_error=True,
    )
    assert [reply.reply.status for reply in replies[:2]] == [200, 404]
    failure = replies[2].failure
    assert failure is not None
    assert "Customer group" in failure.detail
    assert "validateField" not in failure.detail
    assert "Infolog" not in failure.detail


# --- metadata


def test_one_request_per_table(sandbox: Sandbox) -> None:
    with dataverse(Connection.from_config(sandbox.config("sales"))) as transport:
        metadata = DataverseMetadata(transport)
        metadata.table_of_set("accounts")
        sent = transport.statistics.requests
        metadata.table_of_set("accounts")
        metadata.table("account")
        assert transport.statistics.requests == sent == 2


def test_the_account_table(tables: DataverseMetadata) -> None:
    account = tables.table_of_set("accounts")
    assert (account.logical_name, account.schema_name, account.entity_set) == (
        "account",
        "Account",
        "accounts",
    )
    assert (account.primary_id, account.primary_name) == ("accountid", "name")
    columns = account.columns
    assert (columns["accountid"].kind, columns["accountid"].edm_type) == ("guid", "Edm.Guid")
    assert (columns["name"].kind, columns["name"].max_length) == ("string", 160)
    assert columns["description"].kind == "memo"
    assert (columns["creditlimit"].kind, columns["creditlimit"].edm_type) == ("money", "Edm.Decimal")
    assert columns["modifiedon"].edm_type == "Edm.DateTimeOffset"
    assert columns["versionnumber"].edm_type == "Edm.Int64"
    assert columns["creditonhold"].kind == "boolean"
    assert [(option.value, option.label) for option in columns["statecode"].options] == [
        (0, "Active"),
        (1, "Inactive"),
    ]
    assert columns["industrycode"].kind == "choice"
    assert len(columns["industrycode"].options) > 10
    assert not columns["creditlimit_base"].updatable
    currency = columns["_transactioncurrencyid_value"]
    assert (currency.kind, currency.edm_type, currency.targets) == (
        "lookup",
        "Edm.Guid",
        ("transactioncurrency",),
    )
    assert "transactioncurrencyid" not in columns
    assert "transactioncurrencyidname" not in columns
    assert "statecodename" not in columns


def test_every_column_is_a_property_of_rows(tables: DataverseMetadata, sales: Transport) -> None:
    columns = tables.table_of_set("accounts").columns
    (row,) = sales.get(f"accounts{query_string(select=columns, top=1)}").json()["value"]
    assert {name for name in row if "@" not in name} == set(columns)


def test_polymorphic_lookups_have_one_way_per_target(tables: DataverseMetadata) -> None:
    contact = tables.table("contact")
    ways = {
        (lookup.navigation, lookup.target, lookup.target_set)
        for lookup in contact.lookups
        if lookup.column == "_parentcustomerid_value"
    }
    assert ways == {
        ("parentcustomerid_account", "account", "accounts"),
        ("parentcustomerid_contact", "contact", "contacts"),
    }
    assert set(contact.columns["_parentcustomerid_value"].targets) == {"account", "contact"}


@pytest.mark.parametrize(
    ("name", "nearest"), [("acount", "account"), ("Account", "account"), ("no such's table", "")]
)
def test_an_unknown_table_is_told_with_the_nearest(
    tables: DataverseMetadata, name: str, nearest: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        tables.table(name)
    assert (nearest in caught.value.nearest) if nearest else caught.value.nearest == ()
    assert repr(name) in str(caught.value)


def test_an_unknown_set_is_told_with_the_nearest(tables: DataverseMetadata) -> None:
    with pytest.raises(UnknownNameError, match=r"no entity set named 'Accounts'.*accounts"):
        tables.table_of_set("Accounts")


def test_a_table_made_meanwhile_is_seen_when_asked_strongly(sandbox: Sandbox) -> None:
    def label(text: str) -> dict[str, Any]:
        return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}

    typed = "Microsoft.Dynamics.CRM"
    definition = {
        "@odata.type": f"{typed}.EntityMetadata",
        "SchemaName": "cdm_Thing",
        "DisplayName": label("Thing"),
        "DisplayCollectionName": label("Things"),
        "Description": label("A thing"),
        "OwnershipType": "OrganizationOwned",
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": True,
        "Attributes": [
            {
                "@odata.type": f"{typed}.StringAttributeMetadata",
                "SchemaName": "cdm_Name",
                "IsPrimaryName": True,
                "MaxLength": 100,
                "FormatName": {"Value": "Text"},
                "RequiredLevel": {"Value": "None"},
                "DisplayName": label("Name"),
            }
        ],
    }
    amount = {
        "@odata.type": f"{typed}.DecimalAttributeMetadata",
        "SchemaName": "cdm_Amount",
        "Precision": 3,
        "MinValue": -5,
        "MaxValue": 100000000000,
        "RequiredLevel": {"Value": "None"},
        "DisplayName": label("Amount"),
    }
    day = {
        "@odata.type": f"{typed}.DateTimeAttributeMetadata",
        "SchemaName": "cdm_Day",
        "Format": "DateOnly",
        "DateTimeBehavior": {"Value": "DateOnly"},
        "RequiredLevel": {"Value": "None"},
        "DisplayName": label("Day"),
    }
    with dataverse(Connection.from_config(sandbox.config("cds"))) as transport:
        metadata = DataverseMetadata(transport)
        with pytest.raises(UnknownNameError):
            metadata.table("cdm_thing")
        transport.send(Request("POST", "EntityDefinitions", body=msgspec.json.encode(definition)))
        attributes = "EntityDefinitions(LogicalName='cdm_thing')/Attributes"
        for attribute in (amount, day):
            transport.send(Request("POST", attributes, body=msgspec.json.encode(attribute)))
        thing = metadata.table("cdm_thing", strong=True)
        assert metadata.table_of_set(thing.entity_set).logical_name == "cdm_thing"
    assert (thing.schema_name, thing.primary_id, thing.change_tracking) == ("cdm_Thing", "cdm_thingid", True)
    assert thing.description == "A thing"
    column = thing.columns["cdm_amount"]
    assert (column.kind, column.scale) == ("decimal", 3)
    assert (column.minimum, column.maximum) == (Decimal(-5), Decimal(100000000000))
    assert (thing.columns["cdm_day"].edm_type, thing.columns["cdm_day"].date_only) == ("Edm.Date", True)


def test_the_customers_entity(finance: Transport) -> None:
    metadata = FnoMetadata(finance)
    customers = metadata.entity("CustomersV3")
    assert (customers.name, customers.aot_name) == ("CustomerV3", "CustCustomerV3Entity")
    assert customers.keys == ("dataAreaId", "CustomerAccount")
    assert not customers.read_only
    assert len(customers.properties) == 305
    group = customers.properties["CustomerGroupId"]
    assert (group.edm_type, group.ax_type, group.is_key) == ("Edm.String", "String", False)
    surcharge = customers.properties["IsFuelSurchargeApplied"]
    assert (surcharge.ax_type, surcharge.enum_type) == ("Enum", "NoYes")
    assert surcharge.enum_members == ("No", "Yes")
    assert metadata.enum_members("NoYes") == ("No", "Yes")
    assert metadata.entity("CustomersV3") is customers


def test_an_unknown_fno_entity_is_told_with_the_nearest(finance: Transport) -> None:
    with pytest.raises(UnknownNameError, match=r"'customersv3'.*CustomersV3"):
        FnoMetadata(finance).entity("customersv3")
