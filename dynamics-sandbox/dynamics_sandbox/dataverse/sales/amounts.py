"""The arithmetic of documents: amounts of a line, totals of a header, exact and rounded to the currency.

The formulas follow the descriptions of the columns (totallineitemamount, totaldiscountamount …); how the
service orders its rounding is not documented. Here every amount that is stored is rounded, and totals are
sums of stored amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXACT = Context(prec=60)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rounding:
    """Digits after the point of a currency, and a rounding mode of the decimal module."""

    digits: int
    mode: str

    def __call__(self, value: Decimal) -> Decimal:
        """Round an amount."""
        return value.quantize(Decimal(1).scaleb(-self.digits), rounding=self.mode, context=_EXACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFigures:
    """What a line's amounts are made of."""

    price: Decimal
    quantity: Decimal
    volume_discount: Decimal = ZERO
    manual_discount: Decimal = ZERO
    tax: Decimal = ZERO
    discount_per_unit: bool = False
    """Whether the manual discount is meant per unit (organization.discountcalculationmethod 1)."""

    def amounts(self, rounded: Rounding) -> LineAmounts:
        """Calculate base amount, discount and extended amount."""
        with localcontext(_EXACT):
            base = rounded((self.price - self.volume_discount) * self.quantity)
            discount = rounded(self.manual_discount)
            if self.discount_per_unit:
                discount = rounded(discount * self.quantity)
            tax = rounded(self.tax)
            return LineAmounts(base, discount, tax, base - discount + tax)


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """A line's amounts, rounded to the currency."""

    base: Decimal
    discount: Decimal
    tax: Decimal
    extended: Decimal


def document_totals(
    lines: Iterable[LineAmounts],
    *,
    discount: Decimal,
    percentage: Decimal,
    freight: Decimal,
    rounded: Rounding,
) -> dict[str, Decimal]:
    """Calculate a header's totals, by column.

    Args:
        lines: amounts of its lines.
        discount: discount on the document.
        percentage: discount on the document in percent of the lines.
        freight: freight charged.
        rounded: rounding of the document's currency.
    """
    with localcontext(_EXACT):
        net = discounts = tax = ZERO
        for line in lines:
            net += line.base - line.discount
            discounts += line.discount
            tax += line.tax
        given = rounded(discount + net * percentage / 100)
        before_freight = net - given
        return {
            "totallineitemamount": net,
            "totallineitemdiscountamount": discounts,
            "totaldiscountamount": given,
            "totalamountlessfreight": before_freight,
            "totaltax": tax,
            "totalamount": before_freight + rounded(freight) + tax,
        }
