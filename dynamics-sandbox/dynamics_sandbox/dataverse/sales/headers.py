"""Headers of documents: currency, price list, customer, totals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.sales import pricing_errors
from dynamics_sandbox.dataverse.sales.amounts import LineAmounts, Rounding, document_totals
from dynamics_sandbox.dataverse.sales.documents import BY_HEADER
from dynamics_sandbox.dataverse.sales.stored import display_name, rows_where, rule_broken, stored_row
from dynamics_sandbox.dataverse.writing.rows import change

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event
    from dynamics_sandbox.dataverse.sales.documents import Document
    from dynamics_sandbox.dataverse.session import Session

TOTALS = (
    "totallineitemamount",
    "totallineitemdiscountamount",
    "totaldiscountamount",
    "totalamountlessfreight",
    "totaltax",
    "totalamount",
)
FIGURES = ("discountamount", "discountpercentage", "freightamount", "transactioncurrencyid")
"""Columns of a header that its totals depend on."""


def system_pricing(session: Session) -> bool:
    """Say whether the organization lets the service calculate prices."""
    return bool(session.organization().get("oobpricecalculationenabled"))


def rounding(session: Session, currency_id: str | None) -> Rounding:
    """Give the rounding of a currency; without one, money's own digits."""
    settings = session.settings
    digits = settings.money_digits if currency_id is None else session.currency(currency_id).precision
    return Rounding(digits, settings.rounding)


def decimal(value: Any) -> Decimal:
    """Read a stored amount; null counts as zero."""
    return Decimal(value or 0)


def choose_currency(event: Event) -> None:
    """Give a new document without a currency that of its price list, else the organization's."""
    if event.value("transactioncurrencyid") is None:
        price_list = stored_row(event.session, "pricelevel", event.value("pricelevelid"))
        base = event.session.organization().get("basecurrencyid")
        event.values["transactioncurrencyid"] = price_list.get("transactioncurrencyid") or base


def check_price_list(event: Event) -> None:
    """Refuse an inactive price list or currency, and a price list in another currency than the document."""
    session, name = event.session, display_name(event.session, event.table.logical_name)
    currency_id = event.value("transactioncurrencyid")
    currency = stored_row(session, "transactioncurrency", currency_id)
    if currency.get("statecode"):
        raise rule_broken(session, f"The currency of the {name} is inactive.")
    price_list = stored_row(session, "pricelevel", event.value("pricelevelid"))
    if not price_list:
        return
    if price_list["statecode"] != 0:
        raise rule_broken(session, f"The price list of the {name} is inactive.")
    if price_list["transactioncurrencyid"] != currency_id:
        raise rule_broken(
            session, f"The currency of the {name} does not match the currency of its price list."
        )


def mirror_customer(event: Event) -> None:
    """Show the customer as accountid or contactid too."""
    for target in ("account", "contact"):
        chosen = event.value("customerid:target") == target
        event.values[f"{target}id"] = event.value("customerid") if chosen else None


def calculate_totals(event: Event) -> None:
    """Set the totals of a header, whatever the caller gave for them."""
    session = event.session
    if not system_pricing(session):
        return
    document = BY_HEADER[event.table.logical_name]
    lines = rows_where(session, document.line, {document.link: event.row_id})
    per_unit = discount_per_unit(session)
    totals = document_totals(
        [_stored_amounts(line, per_unit=per_unit) for line in lines],
        discount=decimal(event.value("discountamount")),
        percentage=decimal(event.value("discountpercentage")),
        freight=decimal(event.value("freightamount")),
        rounded=rounding(session, event.value("transactioncurrencyid")),
    )
    event.values.update({column: format(total, "f") for column, total in totals.items()})
    faulty = any(line["pricingerrorcode"] for line in lines)
    event.values["pricingerrorcode"] = pricing_errors.DETAIL_ERROR if faulty else pricing_errors.NONE


def discount_per_unit(session: Session) -> bool:
    """Say whether manual discounts are meant per unit, not per line."""
    return session.organization().get("discountcalculationmethod") == 1


def _stored_amounts(line: dict[str, Any], *, per_unit: bool) -> LineAmounts:
    discount = decimal(line["manualdiscountamount"])
    if per_unit:
        discount *= decimal(line["quantity"])
    return LineAmounts(
        decimal(line["baseamount"]), discount, decimal(line["tax"]), decimal(line["extendedamount"])
    )


def recalculate(session: Session, document: Document, header_id: str) -> None:
    """Calculate a header's totals anew; its stamp and version move, as the service's do."""
    if system_pricing(session):
        # Touching a total is enough: calculate_totals runs before the header is written.
        change(session, session.schema.tables[document.header], header_id, {"totalamount": None})
