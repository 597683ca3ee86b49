"""Activation of orders: from Draft to Active, the point from which they are sent to F&O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import bad_request
from dynamics_sandbox.dataverse.sales.copies import copy_to_lines
from dynamics_sandbox.dataverse.sales.documents import ORDER, header_id
from dynamics_sandbox.dataverse.sales.stored import rule_broken, stored_row
from dynamics_sandbox.dataverse.solution.external import HEADER_FLAG, PRODUCT_FLAG

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

STATUS = "msdynce_processingstatus"
ACTIVE = 647390000
DRAFT = 647390011


def _activates(event: Event) -> bool:
    return event.stored.get(STATUS) == DRAFT and event.values.get(STATUS) == ACTIVE


def check_activation(event: Event) -> None:
    """Refuse to activate an order with products of Sales' own, or one that F&O maintains."""
    if not _activates(event):
        return
    if not event.value(HEADER_FLAG):
        raise rule_broken(
            event.session,
            "The order cannot be activated: it has products that are not externally maintained.",
        )
    if event.stored.get(PRODUCT_FLAG):
        raise rule_broken(event.session, "The order cannot be activated: it is maintained externally.")


def submit_lines(event: Event) -> None:
    """Mark the lines of an order that has just been activated."""
    if _activates(event):
        copy_to_lines(event, ORDER, {"msdynce_orderissubmitted": 1})


def check_draft(event: Event) -> None:
    """Refuse to edit an activated order, where the settings ask for it; F&O's own writes are let through."""
    session = event.session
    if not session.settings.p2c.activated_orders_refuse_edits or event.values.get(PRODUCT_FLAG):
        return
    if event.table.logical_name == ORDER.header:
        order = event.stored
    else:
        order = stored_row(session, ORDER.header, header_id(ORDER, event))
    if order and order[STATUS] != DRAFT:
        raise bad_request(
            "The order has been activated, so it is read-only.", session.settings.sales.read_only_code
        )
