"""Numbers from sequences: per company, given by the caller, by the service, or by either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.rules.write import Rule, Write
from dynamics_sandbox.fno.settings import NumberMode  # noqa: TC001 - msgspec reads it at run time

if TYPE_CHECKING:
    from dynamics_sandbox.fno.values import Row


class Number(Rule, frozen=True, tag="number"):
    """A number from a sequence per company.

    Attributes:
        mode: ``manual`` leaves the field to the caller (the mandatory check sees an empty one), ``automatic``
            always gives the number, ``both`` gives one when none was sent.
        format: Python format of the number, ``{:09d}``.
    """

    field: str
    mode: NumberMode
    format: str

    def validate_field(self, write: Write) -> None:
        """Refuses a number sent while the sequence alone gives them."""
        sent = write.creating and self.field in write.sent and write.text(self.field)
        if sent and self._mode(write) == "automatic" and write.settings.read_only_fields == "refuse":
            caption = write.entity.captions[self.field]
            write.field_failed(
                self.field, f"The number in field '{caption}' is given by its number sequence."
            )

    def default_row(self, write: Write) -> None:
        """Draws the next number that is still free."""
        mode = self._mode(write)
        if not write.creating or mode == "manual" or (mode == "both" and write.text(self.field)):
            return
        table = write.entity.table
        sequence = f"{write.row.get(COMPANY, '')}/{table.name}.{self.field}"
        while True:
            number = self.format.format(write.store.next_number(write.connection, sequence))
            wanted: Row = {self.field: number}
            if COMPANY in table.columns:
                wanted[COMPANY] = write.row[COMPANY]
            if not write.store.exists(write.connection, table, wanted):
                write.row[self.field] = number
                return

    def _mode(self, write: Write) -> NumberMode:
        """The mode the settings name for any entity over the table, else that of the data file."""
        for name, mode in write.settings.number_modes.items():
            entity_set, _, field = name.partition(".")
            if field == self.field and write.model.entities[entity_set].table is write.entity.table:
                return mode
        return self.mode


class LineNumber(Rule, frozen=True, tag="line_number"):
    """The number of a line in its document: the next one when none, or 0, was sent."""

    field: str
    document: str

    def default_row(self, write: Write) -> None:
        """Counts on from the highest number so far."""
        if not write.creating or write.row[self.field]:
            return
        wanted = {COMPANY: write.row[COMPANY], self.document: write.row[self.document]}
        rows = write.store.select(write.connection, write.entity.table, wanted)
        write.row[self.field] = 1 + max((int(row[self.field]) for _, _, row in rows), default=0)
