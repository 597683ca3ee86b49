"""Products put on a price list by themselves: the first one by name in the product's currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.sales.stored import rows_where, rule_broken, stored_row
from dynamics_sandbox.dataverse.solution.external import PRODUCT_FLAG
from dynamics_sandbox.dataverse.writing.rows import change, insert

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

COLUMNS = ("transactioncurrencyid", "pricelevelid", "defaultuomid", "price", PRODUCT_FLAG)
"""Columns of a product whose change refreshes its price list item."""


def put_on_price_list(event: Event) -> None:
    """Create or refresh the price list item of a product with a price.

    Raises:
        DataverseError: no active price list has the product's currency.
    """
    session = event.session
    product = stored_row(session, "product", event.row_id)
    wanted = session.settings.p2c.price_listed_products == "all" or product[PRODUCT_FLAG]
    if not wanted or product["price"] is None:
        return
    in_currency = {"transactioncurrencyid": product["transactioncurrencyid"], "statecode": 0}
    price_lists = rows_where(session, "pricelevel", in_currency, order_by="name")
    if not price_lists:
        raise rule_broken(
            session, f"No active price list has the currency of the product {product['productnumber']}."
        )
    place = {
        "pricelevelid": price_lists[0]["pricelevelid"],
        "productid": event.row_id,
        "uomid": product["defaultuomid"],
    }
    table = session.schema.tables["productpricelevel"]
    found = rows_where(session, "productpricelevel", place)
    price = {"amount": product["price"], "pricingmethodcode": 1}
    if found:
        change(session, table, found[0][table.primary_id], price)
    else:
        insert(session, table, {**place, **price})
