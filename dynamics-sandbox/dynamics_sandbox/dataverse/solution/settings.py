"""Choices about the Prospect-to-cash solution, whose code is not public, with reasons for the defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from dynamics_sandbox.switches import AT_START


@dataclass(slots=True, kw_only=True)
class P2cSettings:
    """How the solution behaves where its documentation leaves it open."""

    version: str = field(default="1.15.0.0", metadata=AT_START)
    """Version of the solution's row: the first with orders in both directions and Freight Tax, the last with
    the key on the account number (15.0.0.2 dropped it)."""

    price_listed_products: OneOf["external", "all"] = "external"
    """Which products are put on a price list by themselves; Prospect-to-cash needs it of those of F&O."""

    misc_tax_name: str = "Freight Tax"
    """What the write-in line for the tax of the header is called."""

    misc_tax_is_a_product: bool = False
    """Whether the Freight Tax line counts as a product made in Sales: every taxed order would be mixed."""

    invoiced_orders_change_state: bool = True
    """Whether an invoice puts its order into the state Invoiced; otherwise its processing status moves."""

    activated_orders_refuse_edits: bool = False
    """Whether callers are refused edits of activated orders; the solution makes only the form read-only."""
