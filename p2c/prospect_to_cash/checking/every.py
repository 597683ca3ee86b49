"""The checks in their order, and how they are carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.errors import DynamicsError

from prospect_to_cash.checking import fno, setup, tables, versions
from prospect_to_cash.checking.finding import Check, Finding, error
from prospect_to_cash.systems import FNO, SALES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prospect_to_cash.checking.scope import Scope
    from prospect_to_cash.systems import Systems

CHECKS = (
    Check(1, "Sales version", SALES, versions.sales_version),
    Check(2, "Prospect-to-cash solution", SALES, versions.solution_present),
    Check(3, "Version of the solution", SALES, versions.solution_recent),
    Check(4, "Columns of Sales", SALES, tables.columns),
    Check(5, "Alternate keys of Sales", SALES, tables.alternate_keys),
    Check(6, "Numbers of accounts and contacts", SALES, tables.duplicates),
    Check(7, "Settings of Sales", SALES, setup.sales_settings),
    Check(8, "Price lists", SALES, setup.price_lists),
    Check(9, "Units", SALES, setup.units),
    Check(10, "F&O data entities", FNO, fno.entities),
    Check(11, "F&O fields of order flags", FNO, fno.order_fields),
    Check(12, "F&O fields of discount and tax", FNO, fno.discount_fields),
    Check(13, "Values written as defaults", FNO, fno.defaults),
    Check(14, "Legal entity", FNO, fno.legal_entity),
    Check(15, "Totals of confirmed orders", FNO, fno.totals_job),
    Check(16, "Numbers of both systems", FNO, fno.number_overlap),
)


def findings(systems: Systems, scope: Scope) -> Iterator[tuple[Check, Finding]]:
    """Carry out the checks that concern the scope, one after the other.

    A check that a service refuses to answer is an error of its own and does not stop the others.
    """
    used = {system for leg in scope.legs for system in (leg.source, leg.destination)}
    for check in CHECKS:
        if check.system not in used:
            continue
        try:
            yield from ((check, finding) for finding in check.find(systems, scope))
        except DynamicsError as problem:
            yield check, error(str(problem), "See the message; the check could not be made.")
