"""Choices about Dynamics 365 Sales that its documentation leaves open, with the reasons for the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dynamics_sandbox.switches import ErrorCode  # noqa: TC001 - read by switches

Transitions = Mapping[int, tuple[int, ...]]


def _editable_states() -> Mapping[str, tuple[int, ...]]:
    return {"quote": (0,), "salesorder": (0, 1), "invoice": (0,)}


def _transitions() -> Mapping[str, Transitions]:
    return {
        "quote": {0: (1,)},
        "salesorder": {0: (1,), 1: (0,), 2: (0,), 3: (0,), 4: (0,)},
        "invoice": {0: (2, 3)},
        "product": {2: (0,), 0: (1, 3), 1: (0,), 3: (0,)},
    }


@dataclass(slots=True, kw_only=True)
class SalesSettings:
    """How Sales behaves where more than one behaviour is plausible."""

    editable_states: Mapping[str, tuple[int, ...]] = field(default_factory=_editable_states)
    """States in which callers may change a document and its lines; known by table, but unconfirmed."""

    writable_when_closed: tuple[str, ...] = ("statecode", "statuscode", "ownerid")
    """Columns callers may still set on a document that is read-only: a reader can always be given the row."""

    transitions: Mapping[str, Transitions] = field(default_factory=_transitions)
    """State changes callers may make by update: table, old state, new states; others need an action. Orders
    may be made Active again, since editing them needs that state."""

    transition_code: ErrorCode = "0x80048408"
    """Code for a state change that is not allowed: that of an invalid state and status pair."""

    read_only_code: ErrorCode = "0x80040265"
    """Code for a change of a read-only document: a business rule of a plug-in (IsvAborted)."""

    rule_code: ErrorCode = "0x80040265"
    """Code for other business rules: inactive product or price list, a unit of another group and so on."""

    duplicate_code: ErrorCode = "0x80040237"
    """Code for a second product, document or price list item of the same number."""

    quote_activation_requires: tuple[str, ...] = ("name", "customerid")
    """Columns a quote needs before it becomes Active ("at least the required data")."""

    product_requires: tuple[str, ...] = (
        "name",
        "productnumber",
        "quantitydecimal",
        "defaultuomid",
        "defaultuomscheduleid",
    )
    """Columns a new product needs."""

    unique_numbers: bool = True
    """Whether product numbers, document numbers, currency codes and price list items are unique."""

    number_lines: bool = True
    """Whether lines without sequencenumber or lineitemnumber take the next one of their document."""
