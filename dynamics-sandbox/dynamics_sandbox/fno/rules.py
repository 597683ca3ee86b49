"""The business rules an entity names in its data file: numbers, countries, addresses, conditions.

A rule takes part in three steps of a write (…/data-entities/odata, "validate methods"): ``validate_field``
checks what was sent, ``default_row`` fills what follows from it, ``validate_write`` checks the whole row.
Rules are data: a ``rule`` key names the class, the other keys are its arguments.

Not imitated: parties shared by the customers of several companies, states and postal codes checked against
their country, address and contact record ids, totals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.settings import NumberMode  # noqa: TC001 - msgspec reads it at run time
from dynamics_sandbox.odata.sqlite import fold

if TYPE_CHECKING:
    import sqlite3

    from dynamics_sandbox.fno.errors import Infolog
    from dynamics_sandbox.fno.model import Entity, Model
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.fno.store import Store
    from dynamics_sandbox.fno.values import Row


@dataclass(frozen=True, slots=True)
class Write:
    """One row on its way into the table.

    Attributes:
        row: the row as it will be; rules change it.
        sent: names of the properties the caller sent.
        creating: POST, not PATCH.
        log: where failures are collected; the caller raises it after each step.
    """

    connection: sqlite3.Connection
    store: Store
    model: Model
    settings: FnoSettings
    entity: Entity
    row: Row
    sent: frozenset[str]
    creating: bool
    log: Infolog

    def text(self, name: str) -> str:
        """The value of a text property; empty for one this entity does not have."""
        return str(self.row.get(name, ""))

    def field_failed(self, name: str, text: str) -> None:
        """A check of one field failed."""
        self.log.add("Warning", text)
        self.log.add("Warning", f"validateField failed on field '{self.entity.aot}.{name}'")

    def row_failed(self, text: str) -> None:
        """A check of the whole row failed."""
        self.log.add("Warning", text)
        table = self.entity.table
        self.log.add("Warning", f"validateWrite failed on data source '{table} ({table})'")

    def not_found(self, name: str, value: str, target: Entity) -> None:
        """A value that must exist in a related table does not."""
        caption = self.entity.properties[name].caption
        self.field_failed(
            name,
            f"The value '{value}' in field '{caption}' is not found "
            f"in the related table '{target.table_label}'.",
        )

    def must_be_filled(self, name: str) -> None:
        """A mandatory field is empty."""
        self.row_failed(f"Field '{self.entity.properties[name].caption}' must be filled in.")


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
            caption = write.entity.properties[self.field].caption
            write.field_failed(
                self.field, f"The number in field '{caption}' is given by its number sequence."
            )

    def default_row(self, write: Write) -> None:
        """Draws the next number that is still free."""
        mode = self._mode(write)
        if not write.creating or mode == "manual" or (mode == "both" and write.text(self.field)):
            return
        sequence = f"{write.row.get(COMPANY, '')}/{write.entity.table}.{self.field}"
        while True:
            number = self.format.format(write.store.next_number(write.connection, sequence))
            wanted: Row = {self.field: number}
            if write.entity.has_company:
                wanted[COMPANY] = write.row[COMPANY]
            if not write.store.exists(write.connection, write.entity, wanted):
                write.row[self.field] = number
                return

    def _mode(self, write: Write) -> NumberMode:
        return write.settings.number_modes.get(f"{write.entity.set}.{self.field}", self.mode)


class Values(Rule, frozen=True, tag="values"):
    """A text field that takes only a few values; they are stored as written here."""

    field: str
    values: list[str]

    def validate_field(self, write: Write) -> None:
        """Refuses any other value."""
        for value in self.values:
            if fold(value) == fold(write.text(self.field)):
                write.row[self.field] = value
                return
        caption = write.entity.properties[self.field].caption
        write.field_failed(
            self.field, f"The value '{write.text(self.field)}' in field '{caption}' is not valid."
        )


class Require(Rule, frozen=True, tag="require"):
    """At least one of some fields must be filled when others have certain values."""

    when: dict[str, str]
    any_of: list[str]

    def validate_write(self, write: Write) -> None:
        """Names the first field when all are empty."""
        applies = all(write.text(name) == value for name, value in self.when.items())
        if applies and not any(write.text(name).strip() for name in self.any_of):
            write.must_be_filled(self.any_of[0])


class RequireWith(Rule, frozen=True, tag="require_with"):
    """A field that may only be sent when another one is filled."""

    field: str
    needs: str

    def validate_write(self, write: Write) -> None:
        """Names the field that is needed."""
        if self.field in write.sent and write.text(self.field) and not write.text(self.needs):
            write.must_be_filled(self.needs)


class Country(Rule, frozen=True, tag="country"):
    """A country given by its id (``USA``), by its ISO code (``US``) or by both; one follows from the other.

    When both are sent the id wins. With ``three_letter_iso_codes`` the ISO field also takes the id.
    """

    id: str
    iso: str

    def normalise(self, write: Write, sent: Row) -> None:
        """Puts the ISO code where the three-letter code was sent."""
        code = sent.get(self.iso)
        country = self._found(write, "CountryRegion", str(code)) if code else None
        if country and write.settings.three_letter_iso_codes:
            sent[self.iso] = country["ISOcode"]

    def validate_field(self, write: Write) -> None:
        """Refuses an ISO code that belongs to no country."""
        code = write.text(self.iso)
        if self._iso_counts(write) and code and self._found(write, "ISOcode", code) is None:
            write.not_found(self.iso, code, self._countries(write))

    def default_row(self, write: Write) -> None:
        """Makes the two fields agree."""
        if self._iso_counts(write):
            country = self._found(write, "ISOcode", write.text(self.iso))
        elif self.id in write.sent:
            country = self._found(write, "CountryRegion", write.text(self.id))
        else:
            return
        write.row[self.id] = country["CountryRegion"] if country else ""
        write.row[self.iso] = country["ISOcode"] if country else ""

    def _iso_counts(self, write: Write) -> bool:
        """Whether the ISO code was sent and no id beside it."""
        return self.iso in write.sent and not (self.id in write.sent and write.text(self.id))

    def _found(self, write: Write, name: str, value: str) -> Row | None:
        found = write.store.find(write.connection, self._countries(write), {name: value}) if value else None
        return found[2] if found else None

    def _countries(self, write: Write) -> Entity:
        return write.model.entities[write.entity.properties[self.id].references]


class Fill(Rule, frozen=True, tag="fill"):
    """A text field that a new row takes from others when it was left empty: from the first filled group."""

    field: str
    sources: list[list[str]] = msgspec.field(name="from")
    length: int | None = None

    def default_row(self, write: Write) -> None:
        """Joins the group's values with blanks and cuts them to the length."""
        if not write.creating or write.text(self.field):
            return
        for group in self.sources:
            joined = " ".join(filter(None, (write.text(name).strip() for name in group)))
            if joined:
                write.row[self.field] = joined[: self.length].rstrip()
                return


class Address(Rule, frozen=True, tag="address"):
    """A formatted address made of its parts: street, city, state with postal code, country; one line each."""

    target: str
    street: str
    city: str
    state: str
    zip: str
    country: str

    def default_row(self, write: Write) -> None:
        """Joins the parts that are filled."""
        last = " ".join(filter(None, (write.text(self.state), write.text(self.zip))))
        lines = (write.text(self.street), write.text(self.city), last, write.text(self.country))
        limit = write.entity.properties[self.target].length
        write.row[self.target] = "\n".join(filter(None, lines))[:limit]


_RULES: Final = (Number, Values, Require, RequireWith, Country, Fill, Address)


def rules_of(entity: Entity) -> tuple[Rule, ...]:
    """The rules of an entity's data file.

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
