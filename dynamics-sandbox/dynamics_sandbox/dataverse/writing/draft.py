"""A row while it is being written: the new values over the stored ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session


@dataclass(slots=True)
class Draft:
    """One row to create or update; `values` holds what will be stored, by stored column."""

    session: Session
    table: Table
    row_id: str
    creating: bool
    values: dict[str, Any] = field(default_factory=dict)
    _stored: dict[str, Any] | None = None

    def value(self, column: str) -> Any:
        """Give what a column that rules look at will hold after the write."""
        if column in self.values:
            return self.values[column]
        if self._stored is None:
            found = (
                None if self.creating else self.session.row(self.table, self.row_id, self.table.rule_columns)
            )
            self._stored = found or {}
        return self._stored.get(column)

    def touches(self, *columns: str) -> bool:
        """Say whether the write sets one of these columns; every column of a new row counts as set."""
        return self.creating or any(column in self.values for column in columns)
