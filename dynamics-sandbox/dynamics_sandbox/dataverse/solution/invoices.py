"""What an invoice does to its order: Invoiced, and both have one owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.sales.documents import INVOICE, ORDER
from dynamics_sandbox.dataverse.sales.stored import stored_row
from dynamics_sandbox.dataverse.solution.orders import STATUS
from dynamics_sandbox.dataverse.writing.rows import change

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

_INVOICED_STATE = 4
_INVOICED = 647390003


def take_owner(event: Event) -> None:
    """Give an invoice the owner of its order."""
    order = stored_row(event.session, ORDER.header, event.value(ORDER.link))
    if order:
        event.values["ownerid"] = order["ownerid"]
        event.values["ownerid:target"] = order["ownerid:target"]


def mark_order(event: Event) -> None:
    """Make the order of an invoice Invoiced."""
    session = event.session
    order_id = stored_row(session, INVOICE.header, event.row_id)[ORDER.link]
    order = stored_row(session, ORDER.header, order_id)
    if not order or order["statecode"] == _INVOICED_STATE:
        return
    if session.settings.p2c.invoiced_orders_change_state:
        values = {"statecode": _INVOICED_STATE, "statuscode": None}
    else:
        values = {STATUS: _INVOICED}
    change(session, session.schema.tables[ORDER.header], order_id, values)
