"""Which columns a query returns, and how SQLite writes them as JSON: rows leave it as finished text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.schema.system import CURRENCY, VERSION

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.reading.source import Source
    from dynamics_sandbox.dataverse.schema.columns import Attribute

_PAIRS = 60  # json_object takes at most 127 arguments


def selected(source: Source, select: tuple[str, ...] | None) -> list[Attribute]:
    """List the columns of an answer: those asked for, the id, and the currency where there is money."""
    table = source.table
    if select is None:
        return list(table.attributes)
    chosen = {name: source.attribute(name) for name in select}
    if any(attribute.type == "Money" for attribute in chosen.values()) and CURRENCY in table.columns:
        currency = table.columns[CURRENCY]
        chosen.setdefault(currency.property_name, currency)
    chosen.setdefault(table.primary_id, table.columns[table.primary_id])
    return list(chosen.values())


@dataclass(slots=True)
class Projection:
    """The SELECT list of one query: JSON objects of some columns each, then plain columns on demand."""

    source: Source
    attributes: list[Attribute]
    _objects: list[str] = field(default_factory=list)
    _plain: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Write the JSON expressions."""
        etag = f"'@odata.etag', 'W/\"' || {self.source.column(VERSION)} || '\"'"
        pairs = [etag, *(f"'{item.property_name}', {self._value(item)}" for item in self.attributes)]
        chunks = [pairs[start : start + _PAIRS] for start in range(0, len(pairs), _PAIRS)]
        self._objects = [f"json_object({', '.join(chunk)})" for chunk in chunks]

    def plain(self, column: str) -> int:
        """Ask for the plain value of a stored column; give its place in a result row."""
        if column not in self._plain:
            self._plain.append(column)
        return len(self._objects) + self._plain.index(column)

    def sql(self) -> str:
        """Give the SELECT list."""
        return ", ".join([*self._objects, *(self.source.column(name) for name in self._plain)])

    def members(self, row: tuple[Any, ...]) -> str:
        """Give the members of the row's JSON object, without the braces."""
        return ",".join([text[1:-1] for text in row[: len(self._objects)]])

    def _value(self, attribute: Attribute) -> str:
        column = self.source.column(attribute.name)
        if attribute.kind == "decimal":
            return f"json({column})"
        if attribute.kind == "boolean":
            return f"json(CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
        if attribute.kind == "double":
            return f"json(double_text({column}))"
        return column
