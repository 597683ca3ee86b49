"""Wishes: the attributes that fields take, and fields that would take the same."""

from __future__ import annotations

from typing import Any

import pytest
from dynamics_singer.target.schema import parse_schema
from target_dynamics_cds.errors import MismatchError
from target_dynamics_cds.naming import Naming
from target_dynamics_cds.wishes import Wish

TEXT = {"type": ["string", "null"], "maxLength": 50}
FLAG = {"type": ["boolean", "null"]}
MONEY = {"type": "number", "x-scale": 4, "minimum": -900000000000, "maximum": 900000000000}
LOOKUP = {
    "type": ["object", "null"],
    "x-lookup": ["Organization"],
    "properties": {"OrganizationId": {"type": "string", "maxLength": 20}},
}


def wish(**properties: Any) -> Wish:
    fields = parse_schema("Account", {"properties": {"AccountId": TEXT, **properties}}, ("AccountId",), b"")
    return Wish("Account", fields.fields, fields.key_properties, Naming("cdm"))


def test_a_lookup_and_the_name_of_what_it_points_at_go_together() -> None:
    account = wish(Organization=LOOKUP, OrganizationName=TEXT)
    account.check()
    assert account.attribute("Organization") == "cdm_organizationid"
    assert account.attribute("OrganizationName") == "cdm_organizationname"
    assert account.attribute("AccountId") == "cdm_account_accountid"


@pytest.mark.parametrize(
    ("properties", "column"),
    [
        ({"City": TEXT, "CITY": TEXT}, "cdm_city"),
        ({"Organization": LOOKUP, "OrganizationId": TEXT}, "cdm_organizationid"),
        ({"Organization": LOOKUP, "OrganizationIdName": TEXT}, "cdm_organizationidname"),
        ({"Active": FLAG, "ActiveName": TEXT}, "cdm_activename"),
        ({"ActiveName": TEXT, "Active": FLAG}, "cdm_activename"),
        ({"Limit": MONEY, "Limit_Base": MONEY}, "cdm_limit_base"),
        ({"Account_Account": LOOKUP}, "cdm_account_accountid"),
    ],
)
def test_fields_that_would_share_a_column(properties: dict[str, Any], column: str) -> None:
    with pytest.raises(MismatchError, match=f"of stream 'Account' would share the column {column}"):
        wish(**properties).check()


def test_a_lookup_of_the_own_name_would_be_the_primary_key() -> None:
    with pytest.raises(
        MismatchError, match=r"'Account' of stream 'Account' would be the column cdm_accountid.*primary key"
    ):
        wish(Account=LOOKUP).check()
