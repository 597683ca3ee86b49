"""Checks 1 to 3: the versions of Sales and of the Prospect-to-cash solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.query import compare, query_string

from prospect_to_cash.checking.finding import Finding, error, ok, warning
from prospect_to_cash.systems import FNO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prospect_to_cash.checking.scope import Scope
    from prospect_to_cash.systems import Dataverse, Systems

SOLUTION = "msdynce_ProspectToCashIntegration"

#: The versions that Prospect-to-cash was published for (Dynamics 365: Prospect to cash, system requirements).
LEAST_SALES = "8.2.1.207"
LEAST_SOLUTION = "1.14.0.0"
SOLUTION_WITH_ORDERS = "1.15.0.0"
DORMANT_SOLUTION = "15.0.0.2"


def sales_version(systems: Systems, _scope: Scope) -> Iterator[Finding]:
    """The version that the function RetrieveVersion tells (Dataverse: RetrieveVersion function)."""
    version = str(systems.sales.transport.get("RetrieveVersion()").json()["Version"])
    if _number(version) >= _number(LEAST_SALES):
        yield ok(f"Sales is version {version}")
    else:
        yield error(f"Sales is version {version}", f"Update it to {LEAST_SALES} or later.")


def solution_present(systems: Systems, _scope: Scope) -> Iterator[Finding]:
    """The solution that makes numbers, keeps flags and price lists, and sets orders to Invoiced."""
    version = solution_version(systems.sales)
    if version:
        yield ok(f"The solution {SOLUTION} is installed")
    else:
        yield error(
            f"The solution {SOLUTION} is not installed: nobody makes account numbers, keeps the flags of "
            "documents or sets orders to Invoiced",
            "Import the Prospect-to-cash solution into Sales.",
        )


def solution_recent(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether the solution can do what the jobs need."""
    version = solution_version(systems.sales)
    if not version:
        return
    sends_orders = scope.writes(FNO, "CDSSalesOrderHeaders")
    if _number(version) < _number(LEAST_SOLUTION):
        yield error(f"The solution is version {version}", f"Update it to {LEAST_SOLUTION} or later.")
    elif _number(version) < _number(SOLUTION_WITH_ORDERS):
        yield Finding(
            "error" if sends_orders else "off",
            f"The solution is version {version}: no orders from Sales, no Freight Tax line",
            f"Update it to {SOLUTION_WITH_ORDERS}.",
        )
    elif _number(version) >= _number(DORMANT_SOLUTION):
        yield warning(
            f"The solution is version {version}, which has no key on account numbers",
            "Nothing: rows are found by query, which takes longer.",
        )
    else:
        yield ok(f"The solution is version {version}")


def solution_version(sales: Dataverse) -> str:
    """The installed version of the solution; empty where it is not installed."""
    query = query_string(filter=compare("uniquename", "eq", SOLUTION), select=("version",))
    return next((str(row["version"]) for row in sales.rows(f"solutions{query}")), "")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
