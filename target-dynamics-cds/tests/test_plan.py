"""Plans: streams matched with tables, columns, lookups and keys, and what is said where that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.metadata.model import AlternateKey, Column, Lookup, Table
from dynamics_singer.target.schema import StreamSchema, parse_schema
from target_dynamics_cds.errors import MismatchError
from target_dynamics_cds.keys import key_mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_dynamics_cds.plan import Planner

TEXT = {"type": ["string", "null"]}
ORGANIZATION = {
    "type": ["object", "null"],
    "x-lookup": ["Organization"],
    "properties": {"OrganizationId": {"type": "string", "maxLength": 20}},
}
ACCOUNT = {
    "Organization": ORGANIZATION,
    "AccountId": TEXT,
    "OrganizationName": TEXT,
    "CreditLimitAmount": {"type": "number", "x-calculated": True},
}


def schema(stream: str, properties: dict[str, Any], *keys: str) -> StreamSchema:
    return parse_schema(stream, {"properties": properties}, keys, b"")


def test_a_hub_stream(hub: Planner) -> None:
    plan = hub.plan(schema("Account", ACCOUNT, "Organization", "AccountId"))
    assert plan.table.entity_set == "cdm_accounts"
    assert {one.field: one.column.name for one in plan.plain} == {
        "AccountId": "cdm_account_accountid",
        "OrganizationName": "cdm_organizationname",
        "CreditLimitAmount": "cdm_creditlimitamount",
    }
    assert [(one.column.name, one.branches[0].navigation) for one in plan.lookups] == [
        ("_cdm_organizationid_value", "cdm_OrganizationId")
    ]
    assert plan.mode == "alternate"
    assert [part.column.name for part in plan.key] == ["_cdm_organizationid_value", "cdm_account_accountid"]
    assert plan.calculated == {"cdm_creditlimitamount"}
    parent = plan.key[0].parent
    assert parent is not None
    assert [part.column.name for part in parent.parts] == ["cdm_organization_organizationid"]


def test_a_lookup_back_to_the_own_table_names_its_parent_within_the_parent(hub: Planner) -> None:
    parent = {
        "type": "object",
        "x-lookup": ["Account"],
        "properties": {"Organization": ORGANIZATION, "AccountId": TEXT},
    }
    plan = hub.plan(schema("Account", {**ACCOUNT, "ParentAccount": parent}, "Organization", "AccountId"))
    branch = plan.lookups[1].branches[0]
    assert branch.parent.table.logical_name == "cdm_account"
    assert [part.column.name for part in branch.parent.parts] == [
        "_cdm_organizationid_value",
        "cdm_account_accountid",
    ]
    assert branch.parent.parts[0].parent is not None


def without_id(account: Table) -> Table:
    """The account as others may have made it: its lookup is called cdm_Organization."""
    columns = dict(account.columns)
    del columns["_cdm_organizationid_value"]
    name = "_cdm_organization_value"
    columns[name] = Column(name, "cdm_Organization", "Edm.Guid", "lookup")
    return replace(
        account,
        columns=columns,
        lookups=(Lookup(name, "cdm_Organization", "cdm_organization", "cdm_organizations"),),
        keys=(AlternateKey("cdm_k", ("cdm_organization", "cdm_account_accountid"), active=True),),
    )


def test_a_lookup_that_others_named_without_id(
    planner: Callable[..., Planner], account: Table, organization: Table
) -> None:
    plan = planner("cdm", without_id(account), organization).plan(
        schema("Account", ACCOUNT, "Organization", "AccountId")
    )
    assert [(one.column.name, one.branches[0].navigation) for one in plan.lookups] == [
        ("_cdm_organization_value", "cdm_Organization")
    ]
    assert plan.mode == "alternate"


def test_text_that_is_called_like_a_lookup_or_its_column(
    planner: Callable[..., Planner], account: Table, organization: Table, hub: Planner
) -> None:
    text = Column("cdm_organization", "cdm_Organization", "Edm.String", "string", max_length=100)
    both = replace(account, columns={**account.columns, "cdm_organization": text})
    plan = planner("cdm", both, organization).plan(schema("Account", {"Organization": TEXT}))
    assert [one.column.name for one in plan.plain] == ["cdm_organization"]
    assert plan.lookups == ()
    with pytest.raises(MismatchError, match="no column for OrganizationId of stream 'Account'"):
        hub.plan(schema("Account", {**ACCOUNT, "OrganizationId": TEXT}))


def test_two_fields_that_mean_one_lookup(hub: Planner) -> None:
    with pytest.raises(
        MismatchError, match=r"'Organization' and 'OrganizationId' of stream 'Account'.*cdm_OrganizationId"
    ):
        hub.plan(schema("Account", {**ACCOUNT, "OrganizationId": ORGANIZATION}, "AccountId"))


def test_a_lookup_of_the_own_name_would_be_the_primary_key(hub: Planner) -> None:
    own = {"type": "object", "x-lookup": ["Account"], "properties": {"AccountId": TEXT}}
    with pytest.raises(
        MismatchError, match=r"'Account' of stream 'Account' would be the column cdm_accountid.*primary key"
    ):
        hub.plan(schema("Account", {**ACCOUNT, "Account": own}, "AccountId"))


def test_key_modes(account: Table) -> None:
    whole_key = ["cdm_account_accountid", "_cdm_organizationid_value"]
    assert key_mode(account, whole_key) == "alternate"
    assert key_mode(account, ["cdm_accountid"]) == "primary"
    assert key_mode(account, ["cdm_account_accountid"]) == "query"
    assert key_mode(account, []) == "none"
    pending = replace(account, keys=(replace(account.keys[0], active=False),))
    assert key_mode(pending, whole_key) == "query"


def test_unknown_table_names_the_nearest(hub: Planner) -> None:
    with pytest.raises(MismatchError, match=r"no table 'cdm_Acount'.*Nearest names: cdm_account"):
        hub.plan(schema("Acount", ACCOUNT))


def test_unknown_columns_are_all_named(hub: Planner) -> None:
    properties = {**ACCOUNT, "OrganisationName": TEXT, "Zzz": TEXT}
    with pytest.raises(MismatchError) as caught:
        hub.plan(schema("Account", properties))
    told = str(caught.value)
    assert "no column for OrganisationName, Zzz of stream 'Account'" in told
    assert "cdm_organizationname" in told
    assert "create_missing" in told


def test_what_singer_adds_is_no_column(hub: Planner) -> None:
    plan = hub.plan(schema("Account", {**ACCOUNT, "_sdc_deleted_at": TEXT}, "Organization", "AccountId"))
    assert all(one.field != "_sdc_deleted_at" for one in plan.plain)


def test_columns_nobody_may_write_are_left_out(planner: Callable[..., Planner]) -> None:
    columns = {
        "accountid": Column("accountid", "AccountId", "Edm.Guid", "guid", updatable=False),
        "name": Column("name", "Name", "Edm.String", "string", max_length=160),
        "modifiedon": Column(
            "modifiedon", "ModifiedOn", "Edm.DateTimeOffset", "datetime", creatable=False, updatable=False
        ),
    }
    table = Table(
        "account", "Account", "accounts", "accountid", "name", change_tracking=True, columns=columns
    )
    plan = planner("", table).plan(
        schema("accounts", {"accountid": TEXT, "name": TEXT, "modifiedon": TEXT}, "accountid")
    )
    assert plan.left_out == ("modifiedon",)
    assert [one.field for one in plan.plain] == ["accountid", "name"]
    assert plan.mode == "primary"


def test_without_prefix_a_stream_is_an_entity_set_or_a_table(
    planner: Callable[..., Planner], account: Table, organization: Table
) -> None:
    both = planner("", account, organization)
    assert both.table("cdm_accounts").logical_name == "cdm_account"
    assert both.table("cdm_account").logical_name == "cdm_account"
    assert both.table("cdm_Account").logical_name == "cdm_account"


def test_a_polymorphic_lookup_is_one_column_with_branches_in_the_order_of_the_schema(
    planner: Callable[..., Planner],
) -> None:
    number = Column("number", "number", "Edm.String", "string", max_length=20)
    customers = [
        Table(name, name, f"{name}s", f"{name}id", "number", change_tracking=True, columns={"number": number})
        for name in ("account", "contact")
    ]
    quote = Table(
        "quote",
        "Quote",
        "quotes",
        "quoteid",
        "name",
        change_tracking=True,
        columns={
            "_customerid_value": Column("_customerid_value", "CustomerId", "Edm.Guid", "lookup"),
            "quotenumber": Column("quotenumber", "QuoteNumber", "Edm.String", "string"),
        },
        keys=(AlternateKey("quote_key", ("quotenumber",), active=True),),
        lookups=(
            Lookup("_customerid_value", "customerid_account", "account", "accounts"),
            Lookup("_customerid_value", "customerid_contact", "contact", "contacts"),
        ),
    )
    named = {"type": "object", "properties": {"number": TEXT}}
    quotes = planner("", quote, *customers)
    plan = quotes.plan(
        schema(
            "quotes",
            {"quotenumber": TEXT, "customerid_contact": named, "customerid_account": named},
            "quotenumber",
        )
    )
    assert [branch.field for branch in plan.lookups[0].branches] == [
        "customerid_contact",
        "customerid_account",
    ]
    with pytest.raises(MismatchError, match="customerid_account, customerid_contact"):
        quotes.plan(schema("quotes", {"quotenumber": TEXT, "_customerid_value": TEXT}, "quotenumber"))


def test_a_lookup_without_key_fields_is_no_lookup_one_can_resolve(hub: Planner) -> None:
    bare = {"type": "object", "x-lookup": ["Organization"]}
    with pytest.raises(
        MismatchError, match=r"identifies the row of cdm_organization that 'Organization' names"
    ):
        hub.plan(schema("Account", {**ACCOUNT, "Organization": bare}, "AccountId"))
