"""What the tests share: hand-made metadata of a few tables, and a sandbox to read from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.errors import UnknownNameError
from dynamics_odata.metadata.model import AlternateKey, Column, Lookup, Option, Table
from dynamics_sandbox.testing import Sandbox, running
from tap_dynamics_sales.tap import TapDynamicsSales

from tests.tap_bench import TapBench

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def text(name: str, schema_name: str = "", length: int = 100) -> Column:
    return Column(name, schema_name or name, "Edm.String", "string", max_length=length)


def guid(name: str, schema_name: str = "") -> Column:
    return Column(name, schema_name or name, "Edm.Guid", "guid")


def link(name: str, *targets: str, schema_name: str = "") -> Column:
    return Column(f"_{name}_value", schema_name or name, "Edm.Guid", "lookup", targets=targets)


def stamp() -> Column:
    return Column("modifiedon", "ModifiedOn", "Edm.DateTimeOffset", "datetime", updatable=False)


def by_name(*columns: Column) -> Mapping[str, Column]:
    return {column.name: column for column in columns}


CURRENCY = Table(
    "transactioncurrency",
    "TransactionCurrency",
    "transactioncurrencies",
    "transactioncurrencyid",
    "currencyname",
    change_tracking=True,
    columns=by_name(guid("transactioncurrencyid"), text("isocurrencycode", length=5), text("currencyname")),
)
CONTACT = Table(
    "contact",
    "Contact",
    "contacts",
    "contactid",
    "fullname",
    change_tracking=True,
    columns=by_name(
        guid("contactid"), text("fullname"), link("transactioncurrencyid", "transactioncurrency"), stamp()
    ),
    lookups=(
        Lookup(
            "_transactioncurrencyid_value",
            "transactioncurrencyid",
            "transactioncurrency",
            "transactioncurrencies",
        ),
    ),
)
ACCOUNT = Table(
    "account",
    "Account",
    "accounts",
    "accountid",
    "name",
    change_tracking=True,
    columns=by_name(
        guid("accountid"),
        text("accountnumber", length=20),
        text("name", length=160),
        Column(
            "creditlimit",
            "CreditLimit",
            "Edm.Decimal",
            "money",
            scale=2,
            minimum=Decimal(0),
            maximum=Decimal(100000000000),
            description="Credit limit.",
        ),
        Column(
            "statecode",
            "StateCode",
            "Edm.Int32",
            "state",
            options=(Option(0, "Active"), Option(1, "Inactive")),
        ),
        Column("lastonholdtime", "LastOnHoldTime", "Edm.Date", "date", date_only=True),
        Column("donotphone", "DoNotPhone", "Edm.Boolean", "boolean"),
        Column("versionnumber", "VersionNumber", "Edm.Int64", "bigint"),
        Column("entityimage", "EntityImage", "Edm.Binary", "image"),
        Column("secret", "Secret", "Edm.String", "string", readable=False),
        link("transactioncurrencyid", "transactioncurrency"),
        link("primarycontactid", "contact"),
        stamp(),
    ),
    lookups=(
        Lookup("_primarycontactid_value", "primarycontactid", "contact", "contacts"),
        Lookup(
            "_transactioncurrencyid_value",
            "transactioncurrencyid",
            "transactioncurrency",
            "transactioncurrencies",
        ),
    ),
)
HUB_ORGANIZATION = Table(
    "cdm_organization",
    "cdm_Organization",
    "cdm_organizations",
    "cdm_organizationid",
    "cdm_organization_organizationid",
    change_tracking=True,
    columns=by_name(
        guid("cdm_organizationid", "cdm_OrganizationId"),
        text("cdm_organization_organizationid", "cdm_Organization_OrganizationId"),
        text("cdm_name", "cdm_Name"),
        stamp(),
    ),
    keys=(AlternateKey("cdm_organization_key", ("cdm_organization_organizationid",), active=True),),
)
HUB_ACCOUNT = Table(
    "cdm_account",
    "cdm_Account",
    "cdm_accounts",
    "cdm_accountid",
    "cdm_account_accountid",
    change_tracking=True,
    columns=by_name(
        guid("cdm_accountid", "cdm_AccountId"),
        text("cdm_account_accountid", "cdm_Account_AccountId"),
        text("cdm_organizationname", "cdm_OrganizationName"),
        Column("cdm_creditlimit", "cdm_CreditLimit", "Edm.Decimal", "money", scale=4),
        Column("cdm_creditlimit_base", "cdm_CreditLimit_Base", "Edm.Decimal", "money", scale=4),
        link("cdm_organizationid", "cdm_organization", schema_name="cdm_OrganizationId"),
        link("ownerid", "systemuser", "team"),
        stamp(),
    ),
    keys=(AlternateKey("cdm_account_key", ("cdm_organizationid", "cdm_account_accountid"), active=True),),
    lookups=(
        Lookup("_cdm_organizationid_value", "cdm_OrganizationId", "cdm_organization", "cdm_organizations"),
        Lookup("_ownerid_value", "ownerid", "systemuser", "systemusers"),
    ),
)
HUB_CONTACT = Table(
    "cdm_contact",
    "cdm_Contact",
    "cdm_contacts",
    "cdm_contactid",
    "cdm_contact_contactid",
    change_tracking=True,
    columns=by_name(
        guid("cdm_contactid", "cdm_ContactId"),
        text("cdm_contact_contactid", "cdm_Contact_ContactId"),
        link("cdm_accountid", "cdm_account", schema_name="cdm_AccountId"),
        stamp(),
    ),
    keys=(AlternateKey("cdm_contact_key", ("cdm_accountid", "cdm_contact_contactid"), active=True),),
    lookups=(Lookup("_cdm_accountid_value", "cdm_AccountId", "cdm_account", "cdm_accounts"),),
)


@dataclass(frozen=True)
class Metadata:
    """An environment that has exactly these tables; counts nothing, asks nobody."""

    tables: tuple[Table, ...]

    def entity_sets(self) -> Mapping[str, str]:
        return {table.entity_set: table.logical_name for table in self.tables}

    def load(self, logicals: Iterable[str]) -> None:
        del logicals

    def table(self, logical: str) -> Table:
        for table in self.tables:
            if table.logical_name == logical:
                return table
        raise UnknownNameError("the test has no such table", name=logical)


@pytest.fixture
def sales() -> Metadata:
    """An environment of Sales."""
    return Metadata((ACCOUNT, CONTACT, CURRENCY))


@pytest.fixture
def hub() -> Metadata:
    """A hub made under prefix cdm."""
    return Metadata((HUB_ACCOUNT, HUB_CONTACT, HUB_ORGANIZATION, CURRENCY))


@dataclass(frozen=True)
class Bench(TapBench):
    """tap-dynamics-sales and its sandbox."""

    plugin = TapDynamicsSales
    home = "sales"

    def call(self, method: str, path: str, content: Any = None, env: str = "sales") -> Any:
        """Send a request that must succeed; gives its answer."""
        prefer = {"Prefer": "return=representation"}
        status, _, answer = self.sandbox.call(method, env, path, json=content, headers=prefer)
        assert status < 300, answer
        return answer

    def reads(self, path: str, env: str = "sales") -> list[str]:
        """Paths of the reading requests so far that contain `path`."""
        return [
            each["path"]
            for each in self.sandbox.requests(env)
            if each["method"] == "GET" and path in each["path"]
        ]

    def account(self, **fields: Any) -> str:
        """Create an account in Sales; gives its id."""
        return str(self.call("POST", "accounts", fields)["accountid"])


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), seed="none") as started:
        yield started


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Bench:
    """An environment without rows of its own, with no faults and an empty request log."""
    sandbox.clear_faults()
    sandbox.reset("none")
    sandbox.forget_requests()
    return Bench(sandbox, tmp_path)
