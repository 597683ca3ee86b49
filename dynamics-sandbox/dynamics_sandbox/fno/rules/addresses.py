"""Addresses: a country by id or by ISO code, and the formatted address that follows from the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.fno.rules.write import Rule, Write

if TYPE_CHECKING:
    from dynamics_sandbox.fno.model import Entity
    from dynamics_sandbox.fno.values import Row


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
        countries = self._countries(write).table
        found = write.store.find(write.connection, countries, {name: value}) if value else None
        return found[2] if found else None

    def _countries(self, write: Write) -> Entity:
        return write.model.entities[write.entity.table.columns[self.id].references]


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
        limit = write.entity.table.columns[self.target].length
        write.row[self.target] = "\n".join(filter(None, lines))[:limit]


class Location(Rule, frozen=True, tag="location"):
    """The id of an address, given once it has any part."""

    field: str
    parts: list[str]
    format: str

    def default_row(self, write: Write) -> None:
        """Draws the id."""
        if not write.text(self.field) and any(map(write.text, self.parts)):
            number = write.store.next_number(write.connection, "LogisticsLocation")
            write.row[self.field] = self.format.format(number)
