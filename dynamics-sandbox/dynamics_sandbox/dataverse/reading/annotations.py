"""Annotations on rows, on request: formatted values, target tables and navigation properties of lookups."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.schema.system import CURRENCY, CURRENCY_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dynamics_sandbox.dataverse.protocol.preferences import Preferences
    from dynamics_sandbox.dataverse.reading.projection import Projection
    from dynamics_sandbox.dataverse.schema.columns import Attribute, Relationship
    from dynamics_sandbox.dataverse.session import Session

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_SYMBOLS = "symbols of currencies"


@dataclass(slots=True)
class RowAnnotations:
    """Writes the annotations of the rows of one page."""

    session: Session
    projection: Projection
    preferences: Preferences
    _terms: frozenset[str] = frozenset()
    _places: list[tuple[Attribute, int, int]] = field(default_factory=list)
    _names: dict[str, dict[str, str]] = field(default_factory=dict)
    _known: dict[tuple[str, Any, Any], str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Ask the projection for the plain values that annotations are made from."""
        self._terms = frozenset(
            term for term in (FORMATTED, LOGICAL_NAME, NAVIGATION) if self.preferences.annotates(term)
        )
        for attribute in self.projection.attributes if self._terms else ():
            if attribute.is_lookup or (FORMATTED in self._terms and _is_formatted(attribute)):
                companion = self._companion(attribute)
                places = self.projection.plain(attribute.name), self.projection.plain(companion)
                self._places.append((attribute, *places))

    def _companion(self, attribute: Attribute) -> str:
        """Name the column that a value cannot be described without: target table or currency; else itself."""
        if attribute.is_polymorphic:
            return attribute.target_column
        return CURRENCY if attribute.type == "Money" else attribute.name

    def load(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Read the names of all rows the page's lookups point at, one query per target table."""
        wanted: dict[str, set[str]] = {}
        for attribute, place, companion in self._places if FORMATTED in self._terms else ():
            if attribute.is_lookup:
                for row in rows:
                    if row[place] is not None:
                        wanted.setdefault(_branch(attribute, row[companion]).target, set()).add(row[place])
            elif attribute.type == "Money":
                wanted.setdefault(_SYMBOLS, set()).update({row[companion] for row in rows} - {None})
        self._names = {target: self._read_names(target, ids) for target, ids in wanted.items()}

    def members(self, row: tuple[Any, ...]) -> Iterator[str]:
        """Give the annotations of a row as members of its JSON object."""
        for attribute, place, companion in self._places:
            if row[place] is not None:
                key = attribute.name, row[place], row[companion]
                text = self._known.get(key)
                if text is None:
                    text = self._known[key] = self._text(attribute, row[place], row[companion])
                if text:
                    yield text

    def _text(self, attribute: Attribute, value: Any, companion: Any) -> str:
        found: dict[str, str | None] = {}
        if attribute.is_lookup:
            branch = _branch(attribute, companion)
            found[FORMATTED] = self._names.get(branch.target, {}).get(value)
            found[NAVIGATION] = branch.navigation or None
            found[LOGICAL_NAME] = branch.target
        else:
            found[FORMATTED] = self._formatted(attribute, value, companion)
        return ",".join(
            f'"{attribute.property_name}@{term}":{json.dumps(text, ensure_ascii=False)}'
            for term, text in found.items()
            if text is not None and term in self._terms
        )

    def _formatted(self, attribute: Attribute, value: Any, companion: Any) -> str:
        if attribute.options:
            return next((option.label for option in attribute.options if option.value == value), str(value))
        if attribute.type == "Money":
            symbol = self._names.get(_SYMBOLS, {}).get(companion, "")
            return f"{symbol}{_grouped(value, attribute.precision or 2)}"
        return _FORMATS[attribute.type](attribute, value)

    def _read_names(self, target: str, ids: Iterable[str]) -> dict[str, str]:
        """Read what rows are called, by id."""
        symbols = target == _SYMBOLS
        table = self.session.schema.tables[CURRENCY_TABLE if symbols else target]
        column = "currencysymbol" if symbols else table.primary_name
        rows = self.session.connection.execute(
            f"SELECT {quoted(table.primary_id)}, {quoted(column)} FROM {quoted(table.logical_name)} "  # noqa: S608 - quoted names
            f"WHERE {quoted(table.primary_id)} IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(ids)),),
        )
        return {row_id: name for row_id, name in rows if name is not None}


def _branch(attribute: Attribute, target: str) -> Relationship:
    if not attribute.is_polymorphic:
        return attribute.relationships[0]
    return next(branch for branch in attribute.relationships if branch.target == target)


def _is_formatted(attribute: Attribute) -> bool:
    return bool(attribute.options) or attribute.type == "Money" or attribute.type in _FORMATS


def _grouped(value: str, digits: int) -> str:
    return f"{Decimal(value):,.{digits}f}"


def _moment(attribute: Attribute, value: str) -> str:
    if attribute.kind == "date":
        day = dt.date.fromisoformat(value)
        return f"{day.month}/{day.day}/{day.year}"
    moment = dt.datetime.strptime(value, _INSTANT).replace(tzinfo=dt.timezone.utc)
    text = f"{moment.month}/{moment.day}/{moment.year}"
    if attribute.format == "DateOnly":
        return text
    return f"{text} {moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"  # noqa: PLR2004 - noon


_FORMATS: dict[str, Callable[[Attribute, Any], str]] = {
    "DateTime": _moment,
    "Decimal": lambda attribute, value: _grouped(value, attribute.precision or 2),
    "Double": lambda attribute, value: f"{value:,.{attribute.precision or 2}f}",
    "Integer": lambda _, value: f"{value:,}",
    "BigInt": lambda _, value: f"{value:,}",
}
