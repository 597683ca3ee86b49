"""Flags of contacts: whether they work for an account, whether they are customers of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.sales.stored import stored_row
from dynamics_sandbox.dataverse.writing.rows import change

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

ACTIVE_CUSTOMER = "msdynce_isactivecustomer"


def flag_company(event: Event) -> None:
    """Say whether the company of a contact is an account."""
    event.values["msdynce_iscompanyanaccount"] = int(event.value("parentcustomerid:target") == "account")


def flag_customer(event: Event) -> None:
    """Make a contact an active customer once it is the customer of a document; it stays one."""
    if event.value("customerid:target") != "contact":
        return
    contact_id = event.value("customerid")
    if not stored_row(event.session, "contact", contact_id).get(ACTIVE_CUSTOMER):
        change(event.session, event.session.schema.tables["contact"], contact_id, {ACTIVE_CUSTOMER: 1})
