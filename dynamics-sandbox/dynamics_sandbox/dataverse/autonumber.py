"""Numbers the service makes for new rows: `PREFIX-NNNNN-XXXXXX`, a counter and a random suffix."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.pipeline import Step
from dynamics_sandbox.dataverse.schema import storage

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event
    from dynamics_sandbox.dataverse.session import Session

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoNumber:
    """A column filled on create when it is blank."""

    table: str
    column: str
    prefix: str
    start: int = 1000
    suffix_length: int = 6


@dataclass(frozen=True, slots=True)
class NumberMaker:
    """Makes numbers; counters are kept in the environment's file, suffixes are drawn at random."""

    random: random.Random = field(default_factory=random.SystemRandom)

    @classmethod
    def seeded(cls, seed: int | None) -> NumberMaker:
        """Make suffixes that repeat with the seed; without one the operating system draws them."""
        if seed is None:
            return cls()
        return cls(random.Random(seed))  # noqa: S311 - a suffix, no secret

    def next(self, session: Session, number: AutoNumber) -> str:
        """Make the next number and count on."""
        counter = f"number:{number.table}.{number.column}"
        value = storage.state(session.connection, counter, number.start)
        storage.set_state(session.connection, counter, value + 1)
        suffix = "".join(self.random.choices(_ALPHABET, k=number.suffix_length))
        return f"{number.prefix}-{value:05d}-{suffix}"

    def step(self, number: AutoNumber) -> Step:
        """Give the step that fills the column of new rows."""

        def fill(event: Event) -> None:
            if event.values.get(number.column) is None:
                event.values[number.column] = self.next(event.session, number)

        return Step(table=number.table, messages=("Create",), stage="before", run=fill)
