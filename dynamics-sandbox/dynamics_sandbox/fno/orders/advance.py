"""Moves documents on by name: what the command ``advance`` and the control API both do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.orders import quotations, steps
from dynamics_sandbox.fno.orders.documents import ORDER, QUOTATION, StepError, load
from dynamics_sandbox.fno.orders.totals import calculate_all_totals, calculate_totals
from dynamics_sandbox.fno.rules.products import DISTINCT

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.orders.documents import Document

OrderStep = Literal["confirm", "pick", "ship", "invoice", "cancel", "totals", "charge"]
QuotationStep = Literal["send", "confirm", "lose", "cancel", "totals"]
Job = Literal["calculate-sales-totals", "populate-distinct-products"]


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to take a step.

    Attributes:
        company: legal entity of the document; empty for the default company.
        lines: quantities by line creation sequence number, for pick, ship and invoice; empty for everything.
        amount: of a charge.
    """

    company: Annotated[str, msgspec.Meta(max_length=4)] = ""
    lines: dict[int, Decimal] = {}
    amount: Decimal = Decimal(0)


def _totals(document: Document) -> str:
    calculate_totals(document)
    return f"{document.name} has its totals."


_BY_LINE: Final[dict[str, Callable[[Document, steps.Quantities], str]]] = {
    "pick": steps.pick,
    "ship": steps.ship,
    "invoice": steps.invoice,
}
_WHOLE: Final[dict[str, Callable[[Document], str]]] = {
    "confirm": steps.confirm,
    "cancel": steps.cancel,
    "totals": _totals,
}
_QUOTATIONS: Final[dict[str, Callable[[Document], str]]] = {
    "send": quotations.send,
    "confirm": quotations.confirm,
    "lose": quotations.lose,
    "cancel": quotations.cancel,
    "totals": _totals,
}


def advance_order(environment: FnoEnvironment, number: str, step: OrderStep, how: Advance) -> str:
    """Takes a step with a sales order; gives a sentence that says what happened.

    Raises:
        SandboxError: no such order, or a step its state does not allow; nothing is changed then.
    """
    company = how.company or environment.settings.default_company
    if how.lines and step not in _BY_LINE:
        raise StepError(f"The step '{step}' takes no quantities of lines.")
    if (step == "charge") != bool(how.amount):
        raise StepError("An amount belongs to the step 'charge', which needs one.")
    with environment.database.writing() as connection:
        document = load(environment, connection, ORDER, company=company, number=number)
        if step in _BY_LINE:
            return _BY_LINE[step](document, how.lines)
        return steps.charge(document, how.amount) if step == "charge" else _WHOLE[step](document)


def advance_quotation(environment: FnoEnvironment, number: str, step: QuotationStep, how: Advance) -> str:
    """Takes a step with a quotation; gives a sentence that says what happened.

    Raises:
        SandboxError: no such quotation, a step its state does not allow, or the order it should become is
            refused; nothing is changed then.
    """
    company = how.company or environment.settings.default_company
    if how.lines or how.amount:
        raise StepError("The steps of a quotation take no lines and no amount.")
    try:
        with environment.database.writing() as connection:
            document = load(environment, connection, QUOTATION, company=company, number=number)
            return _QUOTATIONS[step](document)
    except FnoError as error:
        raise StepError(str(error)) from None


def run_job(environment: FnoEnvironment, job: Job) -> str:
    """Runs a periodic job over all companies; gives a sentence that says what happened."""
    with environment.database.writing() as connection:
        if job == "calculate-sales-totals":
            return f"Totals calculated: {calculate_all_totals(environment, connection)} documents."
        distinct = environment.model.entities[DISTINCT].table
        hidden = list(environment.store.select(connection, distinct, {"IsPopulated": "No"}))
        for record_id, _, _ in hidden:
            environment.store.update(connection, distinct, record_id, {"IsPopulated": "Yes"})
        return f"Distinct product table populated: {len(hidden)} products."
