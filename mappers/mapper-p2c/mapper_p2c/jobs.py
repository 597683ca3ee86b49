"""The jobs of Prospect-to-cash and the templates they apply, leg by leg, as meltano.yml runs them."""

from __future__ import annotations

from typing import Final

#: Job to the templates of its legs, in order; `-direct` jobs have one leg and no hub.
JOBS: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("accounts-to-cds", "accounts-to-fno"),
    "contacts-to-customers": ("contacts-to-customers-leg1", "contacts-to-customers-leg2"),
    "contacts": ("contacts-to-cds", "contacts-to-fno"),
    "products": ("products-to-cds", "products-to-sales"),
    "quotes": ("quotes-to-cds", "quotes-to-fno"),
    "orders-to-fno": ("orders-to-fno-leg1", "orders-to-fno-leg2"),
    "orders-to-sales": ("orders-to-sales-leg1", "orders-to-sales-leg2"),
    "invoices": ("invoices-to-cds", "invoices-to-sales"),
    "accounts-direct": ("accounts-direct",),
    "contacts-to-customers-direct": ("contacts-to-customers-direct",),
    "contacts-direct": ("contacts-direct",),
    "products-direct": ("products-direct",),
    "quotes-direct": ("quotes-direct",),
    "orders-to-fno-direct": ("orders-to-fno-direct",),
    "orders-to-sales-direct": ("orders-to-sales-direct",),
    "invoices-direct": ("invoices-direct",),
}
