"""The business rules an entity or its table names in a data file; a ``rule`` key names the class.

Rules are data: the other keys are the arguments of the class. Not imitated: parties shared by the customers
of several companies, states and postal codes checked against their country, address and contact record ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynamics_sandbox.fno.rules.addresses import Address, Country, Location
from dynamics_sandbox.fno.rules.conditions import (
    Existing,
    Flag,
    Open,
    ParentOpen,
    Require,
    RequireWith,
    Sent,
    Values,
)
from dynamics_sandbox.fno.rules.defaults import Fill, Inherit, Same, Stamp, Today
from dynamics_sandbox.fno.rules.documents import DeliveryDate, LineAmount, Outdated, Storage
from dynamics_sandbox.fno.rules.numbers import LineNumber, Number
from dynamics_sandbox.fno.rules.products import LineProduct, Released
from dynamics_sandbox.fno.rules.write import Rule, Write

if TYPE_CHECKING:
    from dynamics_sandbox.fno.model import Entity

__all__ = ["Rule", "Write", "rules_of"]

_RULES: Final = (
    Number,
    LineNumber,
    Values,
    Require,
    RequireWith,
    Sent,
    Open,
    ParentOpen,
    Existing,
    Flag,
    Country,
    Address,
    Location,
    Fill,
    Inherit,
    Same,
    Today,
    Stamp,
    Released,
    LineProduct,
    DeliveryDate,
    Storage,
    LineAmount,
    Outdated,
)


def rules_of(entity: Entity) -> tuple[Rule, ...]:
    """The rules of an entity and its table.

    Raises:
        msgspec.ValidationError: a rule no class knows, or with wrong arguments.
    """
    shape: Any = _shape()
    return tuple(msgspec.convert(list(entity.rules), type=list[shape]))


def _shape() -> Any:
    union: Any = _RULES[0]
    for rule in _RULES[1:]:
        union = union | rule
    return union
