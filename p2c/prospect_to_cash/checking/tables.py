"""Checks 4 to 6: columns, alternate keys and business keys of Sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.errors import UnknownNameError
from dynamics_odata.query import query_string

from prospect_to_cash.checking.finding import Finding, error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_odata.metadata.model import Table

    from prospect_to_cash.checking.scope import Scope
    from prospect_to_cash.systems import Dataverse, Systems

#: The business keys of the tables that documents refer to.
KEYS = {"accounts": "accountnumber", "contacts": "msdynce_contactnumber"}

#: Keys shown of many.
_SHOWN = 5


def columns(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether Sales has the columns that the templates read and write."""
    for entity_set, wanted in sorted(scope.sales_fields().items()):
        try:
            table = systems.sales.metadata.table_of_set(entity_set)
        except UnknownNameError as problem:
            yield error(str(problem), "Give the user of the connection access to Sales' tables.")
            continue
        missing = sorted(wanted - _names(table))
        if missing:
            yield error(
                f"{entity_set} has no column {', '.join(missing)}",
                "Import the Prospect-to-cash solution, or switch the rows of these fields off.",
            )
        else:
            yield ok(f"{entity_set} has all {len(wanted)} columns")


def alternate_keys(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether accounts and contacts can be addressed by their numbers."""
    for entity_set, column in KEYS.items():
        if entity_set not in scope.sales_fields():
            continue
        keys = [
            key for key in systems.sales.metadata.table_of_set(entity_set).keys if key.columns == (column,)
        ]
        if any(key.active for key in keys):
            yield ok(f"{entity_set} has an active alternate key on {column}")
        else:
            state = "is not active yet" if keys else "is missing"
            yield warning(
                f"The alternate key of {entity_set} on {column} {state}: rows are found by query, and "
                "nothing keeps two rows from having one number",
                "Create the key, or wait until it is active.",
            )


def duplicates(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether each account and contact has a number of its own."""
    for entity_set, column in KEYS.items():
        if entity_set in scope.sales_fields():
            yield from _duplicates(systems.sales, entity_set, column)


def _duplicates(sales: Dataverse, entity_set: str, column: str) -> Iterator[Finding]:
    """Read the numbers in order, so that equal ones follow each other; blank ones are only counted."""
    query = query_string(select=(column,), orderby=(column,))
    blank, last = 0, ""
    found: list[str] = []
    for row in sales.rows(f"{entity_set}{query}"):
        number = str(row.get(column) or "").strip().casefold()
        if not number:
            blank += 1
        elif number == last and number not in found[-1:]:
            found.append(number)
        last = number
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        shown = ", ".join(found[:_SHOWN])
        yield error(f"Several rows of {entity_set} share {column} {shown}{more}", "Renumber all but one.")
    if blank:
        yield warning(f"{blank} rows of {entity_set} have no {column}: they are rejected", "Number them.")
    if not found and not blank:
        yield ok(f"Every row of {entity_set} has {column} of its own")


def _names(table: Table) -> set[str]:
    """Columns as rows name them, and lookups by attribute and by navigation property."""
    lookups = {name for lookup in table.lookups for name in (lookup.navigation, _attribute(lookup.column))}
    return {*table.columns, *lookups}


def _attribute(column: str) -> str:
    return column.removeprefix("_").removesuffix("_value")
