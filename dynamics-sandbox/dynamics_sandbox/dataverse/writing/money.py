"""Money: rounded to its precision, with currency, exchange rate and base-currency value beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.schema.system import CURRENCY, EXCHANGE_RATE
from dynamics_sandbox.dataverse.writing.values import stored_decimal

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.session import Currency
    from dynamics_sandbox.dataverse.writing.draft import Draft

_RATE_DIGITS = 12


def apply_money(draft: Draft) -> None:
    """Round the money of a draft and calculate what the service derives from it."""
    money = [column for column in draft.table.money if draft.values.get(column.name) is not None]
    if draft.table.money and draft.touches(CURRENCY, *(column.name for column in draft.table.money)):
        _apply(draft, money)


def _apply(draft: Draft, money: list[Attribute]) -> None:
    currency = _currency(draft, has_money=bool(money))
    if draft.touches(CURRENCY):
        rate = (
            None
            if currency is None
            else format(currency.rate.quantize(Decimal(1).scaleb(-_RATE_DIGITS)), "f")
        )
        draft.values[EXCHANGE_RATE] = rate
        # A new currency gives every amount of the row a new value in the base currency.
        recalculated = list(draft.table.money)
    else:
        recalculated = [column for column in draft.table.money if column.name in draft.values]
    for column in recalculated:
        _apply_column(draft, column, currency)


def _currency(draft: Draft, *, has_money: bool) -> Currency | None:
    chosen = draft.value(CURRENCY)
    if chosen is None and has_money and draft.session.settings.currency_with_money:
        chosen = draft.session.organization().get("basecurrencyid")
        draft.values[CURRENCY] = chosen
    return None if chosen is None else draft.session.currency(chosen)


def _apply_column(draft: Draft, column: Attribute, currency: Currency | None) -> None:
    settings = draft.session.settings
    amount = draft.value(column.name)
    base = f"{column.name}_base"
    if amount is None:
        draft.values[base] = None
        return
    if column.name in draft.values:
        digits = _digits(draft, column, currency)
        amount = stored_decimal(Decimal(amount), digits, settings.rounding, settings.money_digits)
        draft.values[column.name] = amount
    if currency is not None:
        value = Decimal(amount) / currency.rate
        draft.values[base] = stored_decimal(
            value, _base_digits(draft), settings.rounding, settings.money_digits
        )


def _digits(draft: Draft, column: Attribute, currency: Currency | None) -> int:
    """Digits after the point: the column's own (source 0), the organization's (1) or the currency's (2)."""
    own = draft.session.settings.money_digits if column.precision is None else column.precision
    if column.precision_source == 0 or (column.precision_source != 1 and currency is None):
        return min(own, draft.session.settings.money_digits)
    if column.precision_source == 1 or currency is None:
        return int(draft.session.organization().get("pricingdecimalprecision") or 0)
    return currency.precision


def _base_digits(draft: Draft) -> int:
    base = draft.session.organization().get("basecurrencyid")
    return draft.session.settings.money_digits if base is None else draft.session.currency(base).precision
