"""What a new row takes when nobody sent it: from its own fields, from related rows, from the calendar."""

from __future__ import annotations

from typing import Final

import msgspec

from dynamics_sandbox.fno.rules.write import Rule, Write

#: What a date holds that was never set.
EMPTY_DATE: Final = "1900-01-01T12:00:00Z"


class Fill(Rule, frozen=True, tag="fill"):
    """A text field that a new row takes from others when it was left empty: from the first filled group.

    With ``each`` it follows the others at every write.
    """

    field: str
    sources: list[list[str]] = msgspec.field(name="from")
    length: int | None = None
    each: bool = False

    def default_row(self, write: Write) -> None:
        """Joins the group's values with blanks and cuts them to the length."""
        if not self.each and (not write.creating or write.text(self.field)):
            return
        for group in self.sources:
            joined = " ".join(filter(None, (write.text(name).strip() for name in group)))
            if joined:
                write.row[self.field] = joined[: self.length].rstrip()
                return


class Inherit(Rule, frozen=True, tag="inherit"):
    """Fields that a new row takes from a related row where they were left empty.

    Attributes:
        relation: a relation of the table.
        fields: own column → column of the related row.
        together: the fields are taken all or not at all: when all of them are empty so far (an address).
    """

    relation: str
    fields: dict[str, str]
    together: bool = False

    def default_row(self, write: Write) -> None:
        """Copies what is missing."""
        if not write.creating or (self.together and any(map(write.text, self.fields))):
            return
        related = write.related(self.relation)
        if related is None:
            return
        for own, other in self.fields.items():
            if own in write.entity.table.columns and (own not in write.sent or write.row[own] == ""):
                write.row[own] = related[other]


class Same(Rule, frozen=True, tag="same"):
    """A field of a new row that equals another one when it is still empty."""

    field: str
    source: str = msgspec.field(name="as")

    def default_row(self, write: Write) -> None:
        """Copies the other field."""
        if write.creating and write.row[self.field] in {"", EMPTY_DATE}:
            write.row[self.field] = write.row[self.source]


class Today(Rule, frozen=True, tag="today"):
    """A date that is today unless it was sent; ``requested_dates`` may ask for it instead."""

    field: str

    def default_row(self, write: Write) -> None:
        """Fills today's date, at noon UTC."""
        empty = write.creating and write.row[self.field] == EMPTY_DATE
        if empty and write.settings.requested_dates == "today":
            write.row[self.field] = f"{write.store.now()[:10]}T12:00:00Z"

    def validate_write(self, write: Write) -> None:
        """Misses a date that has to be sent."""
        if write.row[self.field] == EMPTY_DATE:
            write.must_be_filled(self.field)


class Stamp(Rule, frozen=True, tag="stamp"):
    """The moment a row was created, or (``each``) last written."""

    field: str
    each: bool = False

    def default_row(self, write: Write) -> None:
        """Takes the time."""
        if write.creating or self.each:
            write.row[self.field] = write.store.now()
