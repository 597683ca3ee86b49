"""Hub names as the project's rules spell them."""

from __future__ import annotations

import pytest
from target_dynamics_cds.naming import Naming, words


@pytest.mark.parametrize(
    ("entity", "field", "expected"),
    [
        ("Account", "OrganizationName", "cdm_OrganizationName"),
        ("Account", "AccountId", "cdm_Account_AccountId"),
        ("Organization", "OrganizationId", "cdm_Organization_OrganizationId"),
        ("account", "AccountID", "cdm_account_AccountID"),
        ("Account", "cdm_Loyalty", "cdm_Loyalty"),
        ("Account", "first-name (old)", "cdm_first_name__old_"),
    ],
)
def test_hub_columns(entity: str, field: str, expected: str) -> None:
    assert Naming("cdm").column(entity, field) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Organization", "cdm_OrganizationId"),
        ("ParentAccount", "cdm_ParentAccountId"),
        ("ParentId", "cdm_ParentIdId"),  # of a field of its own beside `Parent`
        ("cdm_Region", "cdm_RegionId"),
        ("bill-to", "cdm_bill_toId"),
    ],
)
def test_hub_lookups(field: str, expected: str) -> None:
    assert Naming("cdm").lookup(field) == expected


def test_hub_lookups_of_others_are_looked_for_second() -> None:
    assert Naming("cdm").lookup_names("Organization") == ("cdm_OrganizationId", "cdm_Organization")
    assert Naming().lookup_names("primarycontactid") == ("primarycontactid",)


def test_hub_tables() -> None:
    assert Naming("cdm").table("SalesOrderLine") == "cdm_SalesOrderLine"


def test_without_a_prefix_names_stay() -> None:
    assert Naming().table("accounts") == "accounts"
    assert Naming().column("account", "accountid") == "accountid"
    assert Naming().lookup("primarycontactid") == "primarycontactid"


def test_labels_for_people() -> None:
    assert words("MailingPostalAddress_AddressLine1") == "Mailing Postal Address Address Line1"


def test_entities_of_tables() -> None:
    assert Naming("cdm").entity("cdm_SalesOrder") == "SalesOrder"
    assert Naming("cdm").entity("TransactionCurrency") == "TransactionCurrency"
    assert Naming().entity("Account") == "Account"
