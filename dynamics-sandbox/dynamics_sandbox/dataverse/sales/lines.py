"""Lines of documents: catalogue product or write-in, price, amounts, place in the document."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import bad_request
from dynamics_sandbox.dataverse.sales import pricing_errors
from dynamics_sandbox.dataverse.sales.amounts import LineFigures
from dynamics_sandbox.dataverse.sales.documents import BY_HEADER, BY_LINE, header_id
from dynamics_sandbox.dataverse.sales.headers import (
    decimal,
    discount_per_unit,
    recalculate,
    rounding,
    system_pricing,
)
from dynamics_sandbox.dataverse.sales.prices import Price, list_price
from dynamics_sandbox.dataverse.sales.stored import rows_where, rule_broken, stored_row
from dynamics_sandbox.dataverse.writing.rows import change

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

PRODUCT = ("productid", "uomid", "productdescription", "isproductoverridden")
"""Columns that say what a line sells."""
FIGURES = (
    *PRODUCT,
    "quantity",
    "priceperunit",
    "ispriceoverridden",
    "volumediscountamount",
    "manualdiscountamount",
    "tax",
    "baseamount",
    "extendedamount",
)
"""Columns whose change prices a line anew."""
_NUMBERS = ("sequencenumber", "lineitemnumber")
_NAME_LENGTH = 100


def need_header(event: Event) -> None:
    """Refuse a line without a document."""
    link = BY_LINE[event.table.logical_name].link
    if event.value(link) is None:
        raise bad_request(f"Required field '{link}' is missing for {event.table.logical_name}.")


def check_product(event: Event) -> None:
    """Refuse a line that is neither a complete write-in nor a unit of an active product; name the line."""
    session = event.session
    if event.value("isproductoverridden"):
        _check_write_in(event)
        name = event.value("productdescription")
    else:
        for column, what in (("productid", "product"), ("uomid", "unit")):
            if event.value(column) is None:
                raise rule_broken(session, f"The {what} of the line is missing: set '{column}'.")
        name = _checked_product(event)["name"]
    event.values["productname"] = name
    event.values[f"{event.table.logical_name}name"] = name[:_NAME_LENGTH]


def _check_write_in(event: Event) -> None:
    if event.value("productdescription") is None:
        raise rule_broken(event.session, "A write-in line needs 'productdescription'.")
    if event.value("productid") is not None or event.value("uomid") is not None:
        raise rule_broken(event.session, "A write-in line cannot have 'productid' or 'uomid'.")


def _checked_product(event: Event) -> dict[str, str]:
    session = event.session
    product = stored_row(session, "product", event.value("productid"))
    if product["statecode"] != 0 and ("productid" in event.values or event.message == "Create"):
        number = product["productnumber"]
        raise rule_broken(session, f"The product {number} is not active, so it cannot be added to a line.")
    unit = stored_row(session, "uom", event.value("uomid"))
    if unit["uomscheduleid"] != product["defaultuomscheduleid"]:
        raise rule_broken(session, "The unit of the line does not belong to the product's unit group.")
    return product


def number_line(event: Event) -> None:
    """Give a line without a place the next one of its document."""
    if not event.session.settings.sales.number_lines:
        return
    document = BY_LINE[event.table.logical_name]
    for column in _NUMBERS:
        if event.values.get(column) is None:
            highest = event.session.connection.execute(
                f"SELECT max({quoted(column)}) FROM {quoted(document.line)} "  # noqa: S608 - quoted names
                f"WHERE {quoted(document.link)} = ?",
                (event.value(document.link),),
            ).fetchone()[0]
            event.values[column] = (highest or 0) + 1


def price_line(event: Event) -> None:
    """Set price and amounts of a line, whatever the caller gave for those that are calculated."""
    session = event.session
    if not system_pricing(session):
        return
    price = _price(event)
    rounded = rounding(session, event.value("transactioncurrencyid"))
    amount = None if price.amount is None else _unit_price(event, price.amount)
    figures = LineFigures(
        price=amount or Decimal(0),
        quantity=decimal(event.value("quantity")),
        volume_discount=decimal(event.value("volumediscountamount")),
        manual_discount=decimal(event.value("manualdiscountamount")),
        tax=decimal(event.value("tax")),
        discount_per_unit=discount_per_unit(session),
    )
    amounts = figures.amounts(rounded)
    event.values["priceperunit"] = None if amount is None else format(amount, "f")
    event.values["baseamount"] = format(amounts.base, "f")
    event.values["extendedamount"] = format(amounts.extended, "f")
    event.values["pricingerrorcode"] = price.error


def _unit_price(event: Event, amount: Decimal) -> Decimal:
    """Round a price as its column will be: to the organization's pricing precision."""
    session = event.session
    digits = int(session.organization().get("pricingdecimalprecision") or 0)
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=session.settings.rounding)


def _price(event: Event) -> Price:
    if event.value("quantity") is None:
        return Price(error=pricing_errors.MISSING_QUANTITY)
    if event.value("isproductoverridden") or event.value("ispriceoverridden"):
        given = event.value("priceperunit")
        if given is None:
            return Price(error=pricing_errors.MISSING_UNIT_PRICE)
        return Price(Decimal(given))
    document = BY_LINE[event.table.logical_name]
    header = stored_row(event.session, document.header, event.value(document.link))
    # On a price-locked document a line keeps its price; a new line, as conversions make it, the given one.
    kept = (event.values if event.message == "Create" else event.stored).get("priceperunit")
    moved = event.message == "Update" and any(event.value(name) != event.stored[name] for name in PRODUCT)
    if header.get("ispricelocked") and kept is not None and not moved:
        return Price(Decimal(kept))
    line = {column: event.value(column) for column in ("productid", "uomid", "quantity")}
    return list_price(event.session, header.get("pricelevelid"), line)


def recalculate_header(event: Event) -> None:
    """Calculate the totals of a line's document anew."""
    document = BY_LINE[event.table.logical_name]
    recalculate(event.session, document, header_id(document, event))


def reprice_lines(event: Event) -> None:
    """Price all lines of a header anew, as after a change of its price list."""
    document = BY_HEADER[event.table.logical_name]
    table = event.session.schema.tables[document.line]
    for line in rows_where(event.session, document.line, {document.link: event.row_id}):
        change(event.session, table, line[table.primary_id], {"extendedamount": None})
