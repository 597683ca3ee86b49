"""Hub names as the project's rules spell them."""

from __future__ import annotations

import pytest
from target_dynamics_cds.naming import Naming, words


@pytest.mark.parametrize(
    ("entity", "field", "expected"),
    [
        ("Account", "OrganizationName", "cdm_OrganizationName"),
        ("Account", "AccountId", "cdm_Account_AccountId"),
        ("Account", "Organization", "cdm_Organization"),
        ("Organization", "OrganizationId", "cdm_Organization_OrganizationId"),
        ("account", "AccountID", "cdm_account_AccountID"),
        ("Account", "cdm_Loyalty", "cdm_Loyalty"),
        ("Account", "first-name (old)", "cdm_first_name__old_"),
    ],
)
def test_hub_columns(entity: str, field: str, expected: str) -> None:
    assert Naming("cdm").column(entity, field) == expected


def test_hub_tables() -> None:
    assert Naming("cdm").table("SalesOrderLine") == "cdm_SalesOrderLine"


def test_without_a_prefix_names_stay() -> None:
    assert Naming().table("accounts") == "accounts"
    assert Naming().column("account", "accountid") == "accountid"


def test_labels_for_people() -> None:
    assert words("MailingPostalAddress_AddressLine1") == "Mailing Postal Address Address Line1"


def test_entities_of_tables() -> None:
    assert Naming("cdm").entity("cdm_SalesOrder") == "SalesOrder"
    assert Naming("cdm").entity("TransactionCurrency") == "TransactionCurrency"
    assert Naming().entity("Account") == "Account"
