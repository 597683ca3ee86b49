"""Hub names: CDS names from prefixed tables, business keys, and lookups as keys of keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.errors import SettingsError
from dynamics_singer.errors import PluginError
from dynamics_singer.tap.shape import Copied, expand_option
from tap_dynamics_sales.hub import HubNames, hub_shape
from tap_dynamics_sales.settings import ReadSettings

if TYPE_CHECKING:
    from tap_dynamics_sales.shape import StreamShape

NAMES = HubNames("cdm")


def shape(hub: Any, logical: str, *, stamped: bool = False, **settings: Any) -> StreamShape:
    return hub_shape(
        hub, hub.table(logical), ReadSettings(prefix="cdm", **settings), stamp="modifiedon" if stamped else ""
    )


@pytest.mark.parametrize(
    ("schema_name", "field"),
    [
        ("cdm_OrganizationName", "OrganizationName"),
        ("cdm_Account_AccountId", "AccountId"),
        ("CDM_account_accountid", "accountid"),
        ("cdm_Account_Name", "Account_Name"),
        ("cdm_AccountId", "AccountId"),
        ("ownerid", None),
        ("cdmx_Name", None),
    ],
)
def test_fields_lose_the_prefix(hub: Any, schema_name: str, field: str | None) -> None:
    assert NAMES.field(hub.table("cdm_account"), schema_name) == field


@pytest.mark.parametrize(
    ("navigation", "field"),
    [
        ("cdm_OrganizationId", "Organization"),
        ("cdm_ParentAccountId", "ParentAccount"),
        ("cdm_ParentIdId", "ParentId"),
        ("cdm_Parent", "Parent"),  # tables made by others
        ("cdm_Grid", "Grid"),
        ("cdm_Id", "Id"),
        ("cdm_CreditLimitId", "CreditLimitId"),  # beside the column cdm_CreditLimit
        ("ownerid", None),
    ],
)
def test_lookups_lose_prefix_and_id(hub: Any, navigation: str, field: str | None) -> None:
    assert NAMES.lookup(hub.table("cdm_account"), navigation) == field


def test_lookups_that_others_named_without_id_are_read(hub: Any) -> None:
    account = hub.table("cdm_account")
    column = replace(account.columns["_cdm_organizationid_value"], name="_cdm_organization_value")
    columns = {**account.columns, column.name: replace(column, schema_name="cdm_Organization")}
    del columns["_cdm_organizationid_value"]
    bare = replace(
        account,
        columns=columns,
        lookups=(replace(account.lookups[0], column=column.name, navigation="cdm_Organization"),),
        keys=(replace(account.keys[0], columns=("cdm_organization", "cdm_account_accountid")),),
    )
    read = hub_shape(hub, bare, ReadSettings(prefix="cdm"), stamp="")
    assert read.key == ("Organization", "AccountId")
    assert expand_option(read.parts) == "cdm_Organization($select=cdm_organization_organizationid)"


def test_stream_and_table_are_each_others_names(hub: Any) -> None:
    assert NAMES.stream(hub.table("cdm_account")) == "Account"
    assert NAMES.logical("Account") == "cdm_account"


def test_account_is_keyed_by_organization_and_account_id(hub: Any) -> None:
    account = shape(hub, "cdm_account")
    assert account.name == "Account"
    assert account.key == ("Organization", "AccountId")
    assert [part.name for part in account.parts] == [
        "Organization",
        "AccountId",
        "OrganizationName",
        "CreditLimit",
    ]
    assert expand_option(account.parts) == "cdm_OrganizationId($select=cdm_organization_organizationid)"


def test_schema_of_a_key_lookup_names_its_target_and_key(hub: Any) -> None:
    organization = shape(hub, "cdm_account").properties["Organization"]
    assert organization == {
        "type": ["object", "null"],
        "properties": {"OrganizationId": {"type": ["string", "null"], "maxLength": 100}},
        "x-lookup": ["Organization"],
    }


def test_keys_of_keys_are_followed(hub: Any) -> None:
    contact = shape(hub, "cdm_contact")
    assert contact.key == ("Account", "ContactId")
    assert expand_option(contact.parts) == (
        "cdm_AccountId($select=cdm_account_accountid;"
        "$expand=cdm_OrganizationId($select=cdm_organization_organizationid))"
    )
    account = contact.properties["Account"]
    assert list(account["properties"]) == ["Organization", "AccountId"]


def test_own_id_and_columns_of_every_table_stay_out(hub: Any) -> None:
    assert {"cdm_accountid", "modifiedon", "ownerid"}.isdisjoint(shape(hub, "cdm_account").properties)


def test_time_of_change_comes_along_where_it_is_needed(hub: Any) -> None:
    assert "modifiedon" in shape(hub, "cdm_account", stamped=True).properties


def test_select_keeps_the_key_and_takes_system_columns_by_their_name(hub: Any) -> None:
    account = shape(hub, "cdm_account", select={"Account": ("OrganizationName", "modifiedon")})
    assert [part.name for part in account.parts] == [
        "Organization",
        "AccountId",
        "OrganizationName",
        "modifiedon",
    ]
    assert Copied("cdm_organizationname", "OrganizationName") in account.parts


def test_an_unknown_field_names_setting_stream_and_the_nearest(hub: Any) -> None:
    with pytest.raises(
        SettingsError, match=r"`select`, stream `Account`.*'OrganisationName'.*OrganizationName"
    ):
        shape(hub, "cdm_account", select={"Account": ("OrganisationName",)})


def test_a_table_without_key_is_refused_with_what_to_do(hub: Any) -> None:
    bare = replace(hub.table("cdm_organization"), keys=())
    with pytest.raises(PluginError, match=r"cdm_Organization has no alternate key.*create_missing"):
        hub_shape(hub, bare, ReadSettings(prefix="cdm"), stamp="")


def test_a_key_still_being_built_is_refused(hub: Any) -> None:
    table = hub.table("cdm_organization")
    building = replace(table, keys=(replace(table.keys[0], active=False),))
    with pytest.raises(PluginError, match="not built yet"):
        hub_shape(hub, building, ReadSettings(prefix="cdm"), stamp="")


def test_keys_in_a_circle_are_refused(hub: Any) -> None:
    account = hub.table("cdm_account")
    contact = hub.table("cdm_contact")
    circular = replace(
        account,
        lookups=(replace(contact.lookups[0], column="_cdm_parent_value", navigation="cdm_Parent"),),
        keys=(replace(account.keys[0], columns=("cdm_parent", "cdm_account_accountid")),),
    )
    around = replace(hub, tables=(circular,))
    with pytest.raises(PluginError, match="circle"):
        shape(around, "cdm_account")
