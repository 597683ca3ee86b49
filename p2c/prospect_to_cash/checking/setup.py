"""Checks 7 to 9: settings, price lists and units of Sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.query import compare, query_string

from prospect_to_cash.checking.finding import Finding, error, ok, warning
from prospect_to_cash.systems import FNO, SALES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prospect_to_cash.checking.scope import Scope
    from prospect_to_cash.systems import Systems

_SETTINGS = (
    "discountcalculationmethod",
    "oobpricecalculationenabled",
    "createproductswithoutparentinactivestate",
)
_LINE_ITEM = 0
_DOCUMENTS = ("salesorders", "invoices", "quotes")


def sales_settings(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Settings of the organization that change what documents cost (Dataverse: Organization table)."""
    if not any(scope.reads(SALES, name) or scope.writes(SALES, name) for name in (*_DOCUMENTS, "products")):
        return
    names = (
        "discountcalculationmethod",
        "oobpricecalculationenabled",
        "createproductswithoutparentinactivestate",
    )
    organization = next(systems.sales.rows(f"organizations{query_string(select=names)}"))
    if organization.get("discountcalculationmethod") != _LINE_ITEM:
        yield error(
            "The discount calculation method of Sales is Per unit: discounts are multiplied by quantities",
            "Set it to Line item, or switch on the quirk for discounts per unit.",
        )
    elif not organization.get("oobpricecalculationenabled", True):
        yield warning(
            "Sales does not use system pricing calculation: totals of orders and invoices are not computed",
            "Set Use system pricing calculation to Yes.",
        )
    elif scope.writes(SALES, "products") and not organization.get(
        "createproductswithoutparentinactivestate", True
    ):
        yield warning(
            "New products are created as drafts, which cannot be added to documents",
            "Set Create products in active state to Yes, or publish them.",
        )
    else:
        yield ok("Discounts are per line, system pricing is on, products are created active")


def price_lists(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether there is a price list for each currency of products, and of each name that is configured."""
    named = scope.constants(SALES, "pricelevelid.name")
    currencies = _product_currencies(systems, scope) if scope.reads(FNO, "SellableReleasedProducts") else []
    if not named and not currencies:
        return
    query = query_string(
        select=("name",), filter="statecode eq 0", expand="transactioncurrencyid($select=isocurrencycode)"
    )
    active = list(systems.sales.rows(f"pricelevels{query}"))
    names = {row["name"].casefold() for row in active}
    codes = {(row.get("transactioncurrencyid") or {}).get("isocurrencycode") for row in active}
    found = True
    for name in named:
        if name.casefold() not in names:
            found = False
            yield error(f"Sales has no active price list {name}", "Create it, or name another one.")
    for currency in currencies:
        if currency not in codes:
            found = False
            yield error(f"Sales has no active price list in {currency}", "Create one.")
    if found:
        yield ok(f"Price lists are there: {', '.join([*named, *currencies])}")


def units(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether the units and unit groups that rows write exist in Sales."""
    groups = scope.constants(SALES, "uomscheduleid.name")
    wanted = scope.constants(SALES, "uomid.name")
    if not groups and not wanted:
        return
    known_groups = {row["name"].casefold() for row in systems.sales.rows("uomschedules?$select=name")}
    known = {row["name"].casefold() for row in systems.sales.rows("uoms?$select=name")}
    missing = [f"unit group {name}" for name in groups if name.casefold() not in known_groups]
    missing += [f"unit {name}" for name in wanted if name.casefold() not in known]
    if missing:
        yield error(f"Sales has no {', no '.join(missing)}", "Create them, or change the value map.")
    else:
        yield ok(f"Units are there: {', '.join([*groups, *wanted])}")


def _product_currencies(systems: Systems, scope: Scope) -> list[str]:
    """The currencies of the company's products."""
    condition = compare("dataAreaId", "eq", scope.company)
    query = query_string(filter=condition, select=("CurrencyCode",), cross_company=True)
    rows = systems.fno.rows(f"SellableReleasedProducts{query}")
    return sorted({row["CurrencyCode"] for row in rows if row.get("CurrencyCode")})
