"""The price of a product on a price list: method, percentage, rounding policy of the price list item."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.sales import pricing_errors
from dynamics_sandbox.dataverse.sales.stored import rows_where, stored_row

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.sales.stored import Row
    from dynamics_sandbox.dataverse.session import Session

_AMOUNT = 1
_WHOLE = 2
_UP, _DOWN, _NEAREST = 2, 3, 4
_ENDS_IN = 1
# Methods by what the percentage is taken of: list price, current cost, standard cost.
_BASES = {
    2: ("price", pricing_errors.MISSING_PRICE),
    3: ("currentcost", pricing_errors.MISSING_CURRENT_COST),
    4: ("currentcost", pricing_errors.MISSING_CURRENT_COST),
    5: ("standardcost", pricing_errors.MISSING_STANDARD_COST),
    6: ("standardcost", pricing_errors.MISSING_STANDARD_COST),
}
_MARKUPS = frozenset({3, 5})
_MARGINS = frozenset({4, 6})


@dataclass(frozen=True, slots=True)
class Price:
    """A price, or the pricing error that stands in its way."""

    amount: Decimal | None = None
    error: int = pricing_errors.NONE


def list_price(session: Session, price_list_id: str | None, line: Row) -> Price:
    """Find the price of a line's product and unit on a price list.

    Args:
        session: the transaction.
        price_list_id: the header's price list.
        line: `productid`, `uomid` and `quantity` of the line, stored form.
    """
    if price_list_id is None:
        return Price(error=pricing_errors.MISSING_PRICE_LEVEL)
    price_list = stored_row(session, "pricelevel", price_list_id)
    if price_list.get("statecode") != 0:
        return Price(error=pricing_errors.INACTIVE_PRICE_LEVEL)
    wanted = {"pricelevelid": price_list_id, "productid": line["productid"], "uomid": line["uomid"]}
    items = rows_where(session, "productpricelevel", wanted)
    if not items:
        return Price(error=pricing_errors.PRODUCT_NOT_IN_PRICE_LEVEL)
    if items[0]["quantitysellingcode"] == _WHOLE and Decimal(line["quantity"] or 0) % 1:
        return Price(error=pricing_errors.INVALID_QUANTITY)
    return item_price(session, items[0])


def item_price(session: Session, item: Row) -> Price:
    """Calculate the price of a price list item, in its currency."""
    if item["pricingmethodcode"] == _AMOUNT:
        if item["amount"] is None:
            return Price(error=pricing_errors.MISSING_PRICE_LEVEL_AMOUNT)
        return Price(Decimal(item["amount"]))
    if item["percentage"] is None:
        return Price(error=pricing_errors.MISSING_PRICE_LEVEL_PERCENTAGE)
    column, missing = _BASES[item["pricingmethodcode"]]
    product = stored_row(session, "product", item["productid"])
    if product.get(column) is None:
        return Price(error=missing)
    amount = _converted(session, product, column, item["transactioncurrencyid"])
    price = _by_percentage(amount, item["pricingmethodcode"], Decimal(item["percentage"]) / 100)
    if price is None:
        return Price(error=pricing_errors.PRICE_CALCULATION_ERROR)
    return Price(_by_policy(price, item))


def _converted(session: Session, product: Row, column: str, currency_id: str) -> Decimal:
    if product["transactioncurrencyid"] == currency_id:
        return Decimal(product[column])
    return Decimal(product[f"{column}_base"]) * session.currency(currency_id).rate


def _by_percentage(amount: Decimal, method: int, share: Decimal) -> Decimal | None:
    """Give list price times percentage, cost plus markup, or the price of which cost leaves the margin."""
    if method in _MARGINS:
        return None if share >= 1 else amount / (1 - share)
    return amount * (1 + share) if method in _MARKUPS else amount * share


def _by_policy(price: Decimal, item: Row) -> Decimal:
    """Round a price as the item says: to a multiple of an amount, or to the next price that ends in it."""
    policy = item["roundingpolicycode"]
    amount = Decimal(item["roundingoptionamount"] or 0)
    if policy not in {_UP, _DOWN, _NEAREST} or amount <= 0:
        return price
    step, start = amount, Decimal(0)
    if item["roundingoptioncode"] == _ENDS_IN:
        # What "ends in" repeats by is not documented: the smallest power of ten above the amount.
        step, start = Decimal(1).scaleb(amount.adjusted() + 1), amount
    below = ((price - start) / step).to_integral_value(ROUND_FLOOR) * step + start
    above = ((price - start) / step).to_integral_value(ROUND_CEILING) * step + start
    if policy == _NEAREST:
        return above if above - price <= price - below else below
    return above if policy == _UP else below
