"""The catalogue: unit groups with their units, products, price lists and their items."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import CANNOT_DELETE, DataverseError
from dynamics_sandbox.dataverse.sales.stored import display_name, rows_where, rule_broken, stored_row
from dynamics_sandbox.dataverse.writing.rows import change, insert

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.pipeline import Event

_ACTIVE = 0
_CURRENCY_AMOUNT = 1


def unique(*columns: str) -> Callable[[Event], None]:
    """Make a step that refuses a second row with the same values; rows with a null among them are free."""

    def check(event: Event) -> None:
        values = {column: event.value(column) for column in columns}
        if not event.session.settings.sales.unique_numbers or None in values.values():
            return
        found = rows_where(event.session, event.table.logical_name, values)
        if any(row[event.table.primary_id] != event.row_id for row in found):
            name = display_name(event.session, event.table.logical_name)
            raise DataverseError(
                412,
                event.session.settings.sales.duplicate_code,
                f"Cannot insert duplicate key. A {name} with the same {', '.join(columns)} already exists.",
            )

    return check


def need_base_unit(event: Event) -> None:
    """Refuse a unit group without the name of its base unit."""
    if event.value("baseuomname") is None:
        raise rule_broken(event.session, "A unit group needs 'baseuomname', the name of its base unit.")


def create_base_unit(event: Event) -> None:
    """Create the base unit of a new unit group; its id follows from the group's, so seeds stay the same."""
    unit = {
        "name": event.values["baseuomname"],
        "uomscheduleid": event.row_id,
        "quantity": "1",
        "isschedulebaseuom": 1,
    }
    row_id = str(uuid.uuid5(uuid.UUID(event.row_id), "base unit"))
    insert(event.session, event.session.schema.tables["uom"], unit, row_id)


def complete_unit(event: Event) -> None:
    """Relate a new unit to the base unit of its group, unless it names another unit of the group."""
    if event.values.get("isschedulebaseuom"):
        return
    base = event.value("baseuom")
    group = event.value("uomscheduleid")
    if base is None:
        found = rows_where(event.session, "uom", {"uomscheduleid": group, "isschedulebaseuom": 1})
        event.values["baseuom"] = found[0]["uomid"] if found else None
    elif stored_row(event.session, "uom", base)["uomscheduleid"] != group:
        raise rule_broken(event.session, "The base unit of a unit must belong to the same unit group.")


def keep_base_unit(event: Event) -> None:
    """Refuse to delete the base unit of a unit group."""
    if event.stored["isschedulebaseuom"]:
        status = event.session.settings.restricted_delete_status
        raise DataverseError(status, CANNOT_DELETE, "The base unit of a unit group cannot be deleted.")


def start_product(event: Event) -> None:
    """Check what a new product needs; create it as a draft, or active where the organization says so."""
    for column in event.session.settings.sales.product_requires:
        if event.value(column) is None:
            raise rule_broken(event.session, f"A product needs '{column}'.")
    if event.session.organization().get("createproductswithoutparentinactivestate"):
        event.values["statecode"] = _ACTIVE


def check_default_unit(event: Event) -> None:
    """Refuse a default unit that does not belong to the product's unit group."""
    unit = stored_row(event.session, "uom", event.value("defaultuomid"))
    if unit and unit["uomscheduleid"] != event.value("defaultuomscheduleid"):
        raise rule_broken(event.session, "The default unit does not belong to the product's unit group.")


def complete_item(event: Event) -> None:
    """Fill what a price list item takes from its unit, price list and product; check that they fit."""
    session = event.session
    unit = stored_row(session, "uom", event.value("uomid"))
    product = stored_row(session, "product", event.value("productid"))
    price_list = stored_row(session, "pricelevel", event.value("pricelevelid"))
    if not unit or not product or not price_list:
        return  # the refusal of a missing required column comes with the write
    if unit["uomscheduleid"] != product["defaultuomscheduleid"]:
        raise rule_broken(session, "The unit does not belong to the unit group of the product.")
    event.values["uomscheduleid"] = unit["uomscheduleid"]
    event.values["productnumber"] = product["productnumber"]
    event.values["transactioncurrencyid"] = price_list["transactioncurrencyid"]
    column = "amount" if event.value("pricingmethodcode") == _CURRENCY_AMOUNT else "percentage"
    if event.value(column) is None:
        raise rule_broken(session, f"A price list item of this pricing method needs '{column}'.")


def rename_items(event: Event) -> None:
    """Copy a product's new number to its price list items."""
    table = event.session.schema.tables["productpricelevel"]
    for item in rows_where(event.session, "productpricelevel", {"productid": event.row_id}):
        number = {"productnumber": event.values["productnumber"]}
        change(event.session, table, item["productpricelevelid"], number)
