"""The arithmetic of document lines, exact in decimals: discounts per unit, charges, amounts, allocation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

CENT: Final = Decimal("0.01")
# A quantity times a price of 26 digits before and 6 behind the point each, and room to divide.
_EXACT: Final = Context(prec=90, rounding=ROUND_HALF_UP)
_HUNDRED: Final = Decimal(100)


def rounded(value: Decimal, step: Decimal = CENT) -> Decimal:
    """The multiple of ``step`` next to the value, halves away from zero."""
    with localcontext(_EXACT):
        return (value / step).quantize(Decimal(1)) * step


def split_discount(discount: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """A line's discount as discount per unit, in cents, and the charge that takes the rest.

    ``quantity * per_unit - charge`` gives the discount back exactly, for any quantity: without one all of it
    becomes a charge (3 pieces, 10.00 off: 3.33 each and a charge of -0.01).
    """
    with localcontext(_EXACT):
        per_unit = rounded(discount / quantity) if quantity else Decimal(0)
        return per_unit, quantity * per_unit - discount


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What the amount of a line follows from.

    Attributes:
        price: for ``price_quantity`` units.
        unit_discounts: line and multiline discount per unit, in money.
        percentages: line and multiline discount, in percent.
        charges: added to the line once, whatever its quantity.
    """

    quantity: Decimal
    price: Decimal
    price_quantity: Decimal
    unit_discounts: Sequence[Decimal]
    percentages: Sequence[Decimal]
    charges: Decimal

    def gross(self) -> Decimal:
        """Quantity times price."""
        with localcontext(_EXACT):
            return self.quantity * self.price / (self.price_quantity or Decimal(1))

    def net(self) -> Decimal:
        """The amount before rounding: discounts taken off, charges added."""
        with localcontext(_EXACT):
            amount = self.gross() - self.quantity * sum(self.unit_discounts, Decimal(0))
            for percentage in self.percentages:
                amount *= (_HUNDRED - percentage) / _HUNDRED
            return amount + self.charges

    def discount(self, step: Decimal) -> Decimal:
        """All discounts of the line, percentages included, less the charges; rounded only if it has to be."""
        with localcontext(_EXACT):
            exact = self.quantity * sum(self.unit_discounts, Decimal(0)) - self.charges
            return rounded(self.gross() - self.net(), step) if any(self.percentages) else exact


def allocated(amount: Decimal, weights: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    """An amount spread over lines by weight, rounded, so that the shares add up to it exactly.

    The last line with a weight takes what rounding left; equal weights are used when all are 0.
    """
    if not weights:
        return []
    with localcontext(_EXACT):
        total = sum(weights, Decimal(0))
        used = list(weights) if total else [Decimal(1)] * len(weights)
        total = sum(used, Decimal(0))
        shares = [rounded(amount * weight / total, step) for weight in used]
        last = max(index for index, weight in enumerate(used) if weight)
        shares[last] += amount - sum(shares, Decimal(0))
        return shares
