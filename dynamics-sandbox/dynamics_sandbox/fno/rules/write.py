"""One row on its way into its table, and the steps of a write that a rule can take part in.

The order of the steps is the product's (…/data-entities/odata, "validate methods"): what was sent is checked
(``validate_field``), what follows from it is filled (``default_row``), the whole row is checked
(``validate_write``). Names are column names of the table, so that one rule serves every entity over it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from dynamics_sandbox.fno.values import decimal_text

if TYPE_CHECKING:
    import sqlite3

    from dynamics_sandbox.fno.errors import Infolog
    from dynamics_sandbox.fno.model import Entity, Model
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.fno.store import Store
    from dynamics_sandbox.fno.values import Row, Stored


@dataclass(frozen=True, slots=True)
class Write:
    """One row on its way into the table.

    Attributes:
        entity: what the row is written through.
        row: the whole row as it will be, by column; rules change it.
        before: the row as it was; None when it is new.
        sent: columns the caller gave a value for.
        log: where failures are collected; the caller raises it after each step.
        found: related rows that were looked up already.
    """

    connection: sqlite3.Connection
    store: Store
    model: Model
    settings: FnoSettings
    entity: Entity
    row: Row
    before: Row | None
    sent: frozenset[str]
    log: Infolog
    found: dict[tuple[Stored, ...], Row | None] = field(default_factory=dict)

    @property
    def creating(self) -> bool:
        """POST, not PATCH."""
        return self.before is None

    def text(self, name: str) -> str:
        """The value of a text column; empty for one the table does not have."""
        return str(self.row.get(name, ""))

    def amount(self, name: str) -> Decimal:
        """The value of a number column."""
        return Decimal(self.row[name])

    def set_amount(self, name: str, value: Decimal) -> None:
        """Sets a number column."""
        self.row[name] = decimal_text(value)

    def related(self, relation: str) -> Row | None:
        """The row, by column, that a relation of the table leads to; None when there is none."""
        navigation = self.entity.table.relations[relation]
        target = self.model.entities[navigation.to]
        wanted = {target.properties[far].stored: self.row[near] for near, far in navigation.join.items()}
        if "" in wanted.values():
            return None
        known = (relation, *wanted.values())
        if known not in self.found:
            row = self.store.find(self.connection, target.table, wanted)
            self.found[known] = row[2] if row else None
        return self.found[known]

    def field_failed(self, name: str, text: str) -> None:
        """A check of one field failed."""
        self.log.add("Warning", text)
        self.log.add("Warning", f"validateField failed on field '{self.entity.aot}.{name}'")

    def row_failed(self, text: str) -> None:
        """A check of the whole row failed."""
        self.log.add("Warning", text)
        table = self.entity.table.name
        self.log.add("Warning", f"validateWrite failed on data source '{table} ({table})'")

    def not_found(self, name: str, value: str, target: Entity) -> None:
        """A value that must exist in a related table does not."""
        self.field_failed(
            name,
            f"The value '{value}' in field '{self.entity.captions[name]}' is not found "
            f"in the related table '{target.table.label}'.",
        )

    def must_be_filled(self, name: str) -> None:
        """A mandatory field is empty."""
        self.row_failed(f"Field '{self.entity.captions[name]}' must be filled in.")


class Rule(msgspec.Struct, frozen=True, tag_field="rule", forbid_unknown_fields=True):
    """A rule that does nothing; subclasses override the steps they take part in."""

    def normalise(self, write: Write, sent: Row) -> None:
        """Rewrites sent values before any check."""

    def validate_field(self, write: Write) -> None:
        """Checks what was sent."""

    def default_row(self, write: Write) -> None:
        """Fills what follows from what was sent."""

    def validate_write(self, write: Write) -> None:
        """Checks the row as a whole."""

    def after_write(self, write: Write) -> None:
        """Changes other rows once this one is written, in the same transaction."""

    def validate_delete(self, write: Write) -> None:
        """Checks whether the row may go; nothing is sent then."""

    def after_delete(self, write: Write) -> None:
        """Changes other rows once this one is gone, in the same transaction."""
