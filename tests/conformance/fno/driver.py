"""Makes calls with python-odata and prints what each gives, one line of JSON a call.

Run by the peer's interpreter. Standard input holds ``fno`` (address) and ``token``; the environment variable
REQUESTS_CA_BUNDLE names the authority to trust. The client signs in through its requests session.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Any

import requests
from odata import ODataService  # type: ignore[import-not-found]  # only in the peer's place
from odata.exceptions import ODataError  # type: ignore[import-not-found]  # only in the peer's place
from odata.flags import ODataServerFlags  # type: ignore[import-not-found]  # only in the peer's place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = {"dataAreaId": "usmf"}


class Calls:
    """The client with what it has learned from the metadata document."""

    def __init__(self, url: str, token: str) -> None:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        flags = ODataServerFlags(skip_null_properties=True)
        self.service = ODataService(
            f"{url}/data/", session=session, reflect_entities=True, quiet_progress=True, server_flags=flags
        )
        self.entities = self.service.entities
        self.customer = self.entities["CustomersV3"]
        self.types = self.service.types

    def enum(self, name: str, member: str) -> Any:
        """A member of an enumeration, from the class the client made of the metadata."""
        return self.types[f"Microsoft.Dynamics.DataEntities.{name}"][member]

    def new(self, entity_set: str, **fields: Any) -> Any:
        """Creates a row and gives it as the server answered."""
        row = self.entities[entity_set]()
        for name, value in fields.items():
            setattr(row, name, value)
        self.service.save(row)
        return row

    def add_customer(self, account: str, **fields: Any) -> Any:
        """Creates a customer with the least a customer needs."""
        least = {
            "OrganizationName": f"Name of {account}",
            "CustomerGroupId": "10",
            "SalesCurrencyCode": "USD",
        }
        return self.new("CustomersV3", CustomerAccount=account, **{**least, **fields})

    def get(self, account: str) -> Any:
        """The customer of an account."""
        return self.service.query(self.customer).get(**KEY, CustomerAccount=account)

    def change(self, account: str, **fields: Any) -> None:
        """Reads a customer, changes it and saves it."""
        row = self.get(account)
        for name, value in fields.items():
            setattr(row, name, value)
        self.service.save(row)

    def accounts(self, query: Any) -> list[str]:
        """The accounts a query over customers finds."""
        return [row.CustomerAccount for row in query.all()]

    def filtered(self, condition: Any) -> list[str]:
        """The accounts a condition finds, sorted."""
        return sorted(self.accounts(self.service.query(self.customer).filter(condition)))


def creations(calls: Calls) -> Iterator[tuple[str, Callable[[], Any]]]:
    """New rows of several sets."""
    yield "create", lambda: calls.add_customer("P-01").OrganizationName
    yield "create_with_defaults", lambda: calls.add_customer("P-02").LanguageId
    yield "create_with_decimal", lambda: str(calls.add_customer("P-03", CreditLimit=1250.75).CreditLimit)
    yield (
        "create_with_enum",
        lambda: (
            calls.add_customer(
                "P-04", OnHoldStatus=calls.enum("CustVendorBlocked", "Invoice")
            ).OnHoldStatus.name
        ),
    )
    moment = dt.datetime(2026, 1, 31, 9, 15, tzinfo=dt.timezone.utc)
    yield (
        "create_with_date",
        lambda: str(calls.add_customer("P-05", CredManCustomerSince=moment).CredManCustomerSince),
    )
    yield (
        "create_with_umlauts",
        lambda: calls.add_customer("P-06", OrganizationName="Ä ß 漢 é").OrganizationName,
    )
    yield "create_with_apostrophe", lambda: calls.add_customer("P'07").CustomerAccount
    yield "create_in_company", lambda: calls.add_customer("P-08", dataAreaId="demf").dataAreaId
    yield "create_to_delete", lambda: calls.add_customer("P-09").CustomerAccount
    yield (
        "create_retail",
        lambda: calls.add_customer("P-10", OrganizationName="Retail house").NameAlias is not None,
    )
    yield (
        "create_group",
        lambda: calls.new("CustomerGroups", CustomerGroupId="T1", Description="T").Description,
    )
    yield (
        "create_site",
        lambda: calls.new("OperationalSitesV2", SiteId="9", SiteName="Nine").SiteName,
    )
    yield (
        "create_warehouse",
        lambda: (
            calls.new("Warehouses", WarehouseId="90", WarehouseName="W", OperationalSiteId="9").WarehouseId
        ),
    )
    yield "create_duplicate", lambda: calls.add_customer("P-01")
    yield "create_bad_reference", lambda: calls.add_customer("P-99", CustomerGroupId="XX")
    yield "create_without_group", lambda: calls.add_customer("P-98", CustomerGroupId="")
    yield "create_read_only", lambda: calls.new("Companies", DataArea="new")


def changes(calls: Calls) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Updates and deletions."""
    yield "update", lambda: calls.change("P-01", OrganizationName="Changed")
    yield "update_decimal", lambda: calls.change("P-03", CreditLimit=0.1)
    yield "update_enum", lambda: calls.change("P-04", OnHoldStatus=calls.enum("CustVendorBlocked", "All"))
    yield "update_to_empty", lambda: calls.change("P-10", SalesMemo="")
    yield "update_apostrophe", lambda: calls.change("P'07", SalesMemo="it's")
    yield "update_group", lambda: _change_group(calls)
    yield "update_bad_reference", lambda: calls.change("P-02", CustomerGroupId="XX")
    yield "update_another_company", lambda: _change_in_company(calls)
    yield "delete", lambda: calls.service.delete(calls.get("P-09"))
    yield "delete_again", lambda: _delete_absent(calls)
    yield "delete_with_children", lambda: _delete_group(calls)


def _change_group(calls: Calls) -> None:
    groups = calls.entities["CustomerGroups"]
    row = calls.service.query(groups).get(**KEY, CustomerGroupId="T1")
    row.Description = "Changed"
    calls.service.save(row)


def _change_in_company(calls: Calls) -> None:
    row = calls.get("P-02")
    row.__odata__["dataAreaId"] = "demf"
    row.SalesMemo = "never"
    calls.service.save(row, force_refresh=False)


def _delete_absent(calls: Calls) -> None:
    row = calls.get("P-02")
    row.__odata__["CustomerAccount"] = "P-09"
    calls.service.delete(row)


def _delete_group(calls: Calls) -> None:
    groups = calls.entities["CustomerGroups"]
    calls.service.delete(calls.service.query(groups).get(**KEY, CustomerGroupId="10"))


def reads(calls: Calls) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Filters, order, pages, shapes."""
    of, query = calls.customer, calls.service.query(calls.customer)
    hold = calls.enum("CustVendorBlocked", "All")
    epoch = dt.datetime(1900, 1, 1, 12, tzinfo=dt.timezone.utc)
    yield "get", lambda: calls.get("P-01").OrganizationName
    yield "get_absent", lambda: calls.get("P-77")
    yield "eq", lambda: calls.filtered(of.CustomerAccount == "P-01")
    yield "eq_ignores_case", lambda: calls.filtered(of.CustomerAccount == "p-01 ")
    yield "ne", lambda: calls.filtered(of.CustomerAccount != "P-01")
    yield "gt", lambda: calls.filtered(of.CustomerAccount > "P-05")
    yield "ge_decimal", lambda: calls.filtered(of.CreditLimit >= 0.1)
    yield "lt_decimal", lambda: calls.filtered(of.CreditLimit < 0.1)
    yield "and", lambda: calls.filtered((of.CustomerAccount > "P-02") & (of.CustomerAccount <= "P-04"))
    yield "or", lambda: calls.filtered((of.CustomerAccount == "P-02") | (of.CustomerAccount == "P-04"))
    yield (
        "two_filters",
        lambda: calls.accounts(
            query.filter(of.CustomerAccount >= "P-05").filter(of.CustomerAccount < "P-06")
        ),
    )
    yield "wildcard", lambda: calls.filtered(of.OrganizationName == "*house")
    yield "apostrophe", lambda: calls.filtered(of.CustomerAccount == "P'07")
    yield "umlaut", lambda: calls.filtered(of.OrganizationName == "ä ß 漢 É")
    yield "startswith", lambda: calls.filtered(of.OrganizationName.startswith("retail"))
    yield "contains", lambda: calls.filtered(of.OrganizationName.contains("ail"))
    yield "endswith", lambda: calls.filtered(of.OrganizationName.endswith("house"))
    yield "lacks", lambda: calls.filtered(of.OrganizationName.lacks("Name of"))
    yield "enum", lambda: calls.filtered(of.OnHoldStatus == hold)
    yield "enum_ne", lambda: calls.filtered(of.OnHoldStatus != hold)
    yield "enum_order", lambda: calls.filtered(of.OnHoldStatus > hold)
    yield "date", lambda: calls.filtered(of.CredManCustomerSince > epoch)
    yield "trim_is_refused", lambda: calls.filtered(f"{of.OrganizationName.trim()} eq 'x'")
    yield "unknown_property", lambda: calls.filtered("Fax eq '1'")
    yield "order", lambda: calls.accounts(query.order_by(of.CustomerAccount.desc()).limit(2))
    yield (
        "order_by_two",
        lambda: calls.accounts(query.order_by(of.CreditLimit.desc(), of.CustomerAccount.asc()).limit(2)),
    )
    yield (
        "limit_and_offset",
        lambda: calls.accounts(query.order_by(of.CustomerAccount.asc()).offset(1).limit(2)),
    )
    yield "pages", lambda: calls.accounts(query)
    yield "first", lambda: query.order_by(of.CustomerAccount.asc()).first().CustomerAccount
    yield (
        "select",
        lambda: [
            sorted(row)
            for row in query.select(of.OrganizationName).filter(of.CustomerAccount == "P-01").all()
        ],
    )
    yield "count_has_a_mark", query.count
    yield (
        "raw_cross_company",
        lambda: [
            row["CustomerAccount"]
            for row in query.raw({"cross-company": "true", "$filter": "dataAreaId eq 'DEMF'"})
        ],
    )
    yield (
        "raw_arithmetic",
        lambda: [row["CustomerAccount"] for row in query.raw({"$filter": "CreditLimit mul 10 eq 1"})],
    )
    yield "apply_is_refused", lambda: query.apply("aggregate($count as Rows)").all()
    yield from related(calls)


def related(calls: Calls) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Navigation, metadata and actions."""
    warehouses = calls.entities["Warehouses"]
    query = calls.service.query(warehouses)
    groups = calls.entities["DataManagementDefinitionGroups"]
    mine = warehouses.WarehouseId == "90"
    yield (
        "expand",
        lambda: query.expand(warehouses.OperationalSite).filter(mine).all()[0].OperationalSite.SiteName,
    )
    yield "navigate", lambda: query.filter(mine).all()[0].OperationalSite.SiteName
    yield (
        "filter_over_navigation",
        lambda: [row.WarehouseId for row in query.filter("OperationalSite/SiteName eq 'Nine'").all()],
    )
    yield "shared_set", lambda: calls.service.query(calls.entities["Currencies"]).get("EUR").CurrencyCode
    yield (
        "key_of_metadata",
        lambda: sorted(prop.name for _, prop in calls.customer().__odata__.primary_key_properties),
    )
    yield "enum_of_metadata", lambda: [each.name for each in calls.types[_NO_YES]]
    yield "set_names", lambda: sorted(calls.entities)
    yield "action", groups.InitializeDataManagement
    yield "action_not_built", lambda: groups.GetExecutionSummaryStatus(executionId="1")


_NO_YES = "Microsoft.Dynamics.DataEntities.NoYes"


def outcome(name: str, call: Callable[[], Any]) -> dict[str, Any]:
    """What a call gave: its result, or the client's word for what went wrong."""
    try:
        return {"call": name, "result": call()}
    except ODataError as error:
        return {"call": name, "result": {"error": f"{type(error).__name__}: {error}"}}
    except ValueError as error:  # the client's int() on a number behind a byte order mark
        return {"call": name, "result": {"error": f"ValueError: {error}"}}


def main() -> None:
    """Learn the metadata, then make all calls in order."""
    given = json.load(sys.stdin)
    calls = Calls(given["fno"], given["token"])
    for group in (creations, changes, reads):
        for name, call in group(calls):
            print(json.dumps(outcome(name, call)), flush=True)  # noqa: T201 - the results are its output


if __name__ == "__main__":
    main()
