"""Checks 10 to 16: entities, fields, set-up data and orders of Finance and Operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.counting import count_rows
from dynamics_odata.errors import UnknownNameError
from dynamics_odata.query import EnumMember, all_of, compare, query_string

from prospect_to_cash.checking.finding import error, off, ok, warning
from prospect_to_cash.systems import FNO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prospect_to_cash.checking.finding import Finding
    from prospect_to_cash.checking.scope import Scope
    from prospect_to_cash.systems import Systems

_NO_YES = "NoYes"

#: Fields that stand for an update, with what cannot be done without it. F&O tells no list of its updates.
_ORDER_FIELDS = {
    "CDSSalesOrderHeaders": ("OrderingCustomerIsExternallyMaintained", "AreTotalsUpdated"),
    "CDSSalesOrderLines": ("AreSalesOrderTotalsUpdated",),
}
_DISCOUNT_FIELDS = {
    "CDSSalesOrderHeaders": ("OrderHeaderTaxAmount", "TotalDiscountAmount"),
    "CDSSalesOrderLines": ("TotalDiscountAmount",),
}

#: Where the values that rows write as defaults must exist: the field's ending, the entity set, its field, and
#: whether each company has rows of its own there. Languages are no public entity, so none is checked.
_SETUP = (
    ("CustomerGroupId", "CustomerGroups", "CustomerGroupId", True),
    ("SiteId", "OperationalSites", "SiteId", True),
    ("WarehouseId", "Warehouses", "WarehouseId", True),
    ("CountryRegionISOCode", "AddressCountryRegions", "ISOcode", False),
    ("CountryRegionId", "AddressCountryRegions", "CountryRegion", False),
)

#: Share of confirmed orders without totals above which the totals job seems not to run.
_LATE = 0.5

#: Beginnings of the numbers that Sales gives, by entity set and field of F&O.
_PREFIXES = {
    "CustomersV3": ("CustomerAccount", "ACC-", "IsExternallyMaintained"),
    "CDSSalesOrderHeaders": ("SalesOrderNumber", "ORD-", "OrderingCustomerIsExternallyMaintained"),
}


def entities(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether F&O offers the data entities of the jobs."""
    wanted = sorted(scope.fno_fields())
    if not wanted:
        return
    offered = systems.fno.metadata.entity_sets()
    missing = [name for name in wanted if name not in offered]
    if missing:
        yield error(
            f"F&O has no data entity {', '.join(missing)}",
            "Refresh the entity list in F&O; else an update is missing: KB4036524, KB4036461 or KB4045570.",
        )
    else:
        yield ok(f"F&O has all {len(wanted)} data entities")


def order_fields(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Fields that tell which orders may go to Sales."""
    yield from _fields(
        systems,
        {name: fields for name, fields in _ORDER_FIELDS.items() if scope.reads(FNO, name)},
        lambda lacking: error(lacking, "Install the update KB4036524, which contains KB4036461."),
    )


def discount_fields(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Fields that carry whole discounts and header tax."""
    used = scope.fno_fields()
    yield from _fields(
        systems,
        {name: fields for name, fields in _DISCOUNT_FIELDS.items() if name in used},
        lambda lacking: off(lacking, "Install the update KB4045570, or switch the rows of these fields off."),
    )


def defaults(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether the groups, sites, warehouses and countries that rows write exist in the company."""
    for ending, entity_set, field, in_company in _SETUP:
        wanted = scope.constants(FNO, ending)
        if not wanted:
            continue
        condition = compare("dataAreaId", "eq", scope.company) if in_company else ""
        query = query_string(filter=condition, select=(field,), cross_company=in_company)
        known = {str(row[field]).casefold() for row in systems.fno.rows(entity_set + query)}
        missing = [value for value in wanted if value.casefold() not in known]
        if missing:
            yield error(
                f"{entity_set} of {scope.company} has no {field} {', '.join(missing)}",
                "Create it, or give another default in the overrides of the mapping.",
            )
        else:
            yield ok(f"{entity_set} has {field} {', '.join(wanted)}")


def legal_entity(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether the company exists and the user of the connection may see it."""
    known = {str(row["DataArea"]).casefold() for row in systems.fno.rows("Companies?$select=DataArea")}
    if scope.company.casefold() in known:
        yield ok(f"The legal entity {scope.company} is there")
    else:
        told = ", ".join(sorted(known)) or "none"
        yield error(
            f"F&O has no legal entity {scope.company} that this user may see; it shows {told}",
            "Correct P2C_COMPANY, or give the user access to the company.",
        )


def totals_job(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether the batch job *Calculate sales totals* runs: orders without totals do not go to Sales."""
    if not scope.reads(FNO, "CDSSalesOrderHeaders"):
        return
    confirmed = EnumMember("SalesOrderProcessingStatus", "Confirmed")
    status = compare("SalesOrderProcessingStatus", "eq", confirmed)
    waiting = compare("AreTotalsUpdated", "eq", EnumMember(_NO_YES, "No"))
    every = _count(systems, scope, "CDSSalesOrderHeaders", status)
    late = _count(systems, scope, "CDSSalesOrderHeaders", status, waiting)
    if every and late / every > _LATE:
        yield warning(
            f"{late} of {every} confirmed orders have no totals: they wait",
            "Let Calculate sales totals run as a batch job, in the rhythm of the integration.",
        )
    else:
        yield ok(f"{every - late} of {every} confirmed orders have totals")


def number_overlap(systems: Systems, scope: Scope) -> Iterator[Finding]:
    """Whether F&O has rows of its own with numbers as Sales gives them."""
    for entity_set, (field, prefix, flag) in _PREFIXES.items():
        if not scope.writes(FNO, entity_set):
            continue
        alike = compare(field, "eq", f"{prefix}*")
        own = compare(flag, "eq", EnumMember(_NO_YES, "No"))
        found = _count(systems, scope, entity_set, alike, own)
        if found:
            yield warning(
                f"{found} rows of {entity_set} bear numbers {prefix}… and are not from Sales",
                "Give the two systems number sequences that cannot meet.",
            )
        else:
            yield ok(f"No row of {entity_set} that F&O made bears a number {prefix}…")


def _count(systems: Systems, scope: Scope, entity_set: str, *conditions: str) -> int:
    """Rows of the company that fulfil some conditions."""
    condition = all_of(compare("dataAreaId", "eq", scope.company), *conditions)
    return count_rows(systems.fno.transport, entity_set, query_string(filter=condition, cross_company=True))


def _fields(
    systems: Systems, wanted: dict[str, tuple[str, ...]], fault: Callable[[str], Finding]
) -> Iterator[Finding]:
    for entity_set, names in wanted.items():
        try:
            known = systems.fno.metadata.entity(entity_set).properties
        except UnknownNameError:
            continue  # told by the check of entities
        missing = [name for name in names if name not in known]
        if missing:
            yield fault(f"{entity_set} has no field {', '.join(missing)}")
        else:
            yield ok(f"{entity_set} has {', '.join(names)}")
