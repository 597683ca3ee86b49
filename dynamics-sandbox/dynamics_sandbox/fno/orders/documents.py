"""A sales order or quotation with its lines, as the steps of its life read and write it.

Steps are not writes of a client: they go past the rules of entities, straight into the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.values import decimal_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.model import Table
    from dynamics_sandbox.fno.values import Row, Stored


class UnknownDocumentError(SandboxError):
    """There is no order or quotation of this number."""


class StepError(SandboxError):
    """A step that the state of the document does not allow; says why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: its tables, and the columns that differ from those of the other kind."""

    label: str
    header: str
    line: str
    number: str
    quantity: str
    totals: str


ORDER: Final = Kind(
    label="Sales order",
    header="SalesTable",
    line="SalesLine",
    number="SalesOrderNumber",
    quantity="OrderedSalesQuantity",
    totals="Order",
)
QUOTATION: Final = Kind(
    label="Quotation",
    header="SalesQuotationTable",
    line="SalesQuotationLine",
    number="SalesQuotationNumber",
    quantity="RequestedSalesQuantity",
    totals="Quotation",
)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row that a step reads, by column, and changes."""

    table: Table
    record_id: int
    values: Row

    def text(self, name: str) -> str:
        """The value of a text or enum column."""
        return str(self.values[name])

    def amount(self, name: str) -> Decimal:
        """The value of a number column."""
        return Decimal(self.values[name])


@dataclass(frozen=True, slots=True)
class Document:
    """A header with its lines in their order, inside one transaction."""

    environment: FnoEnvironment
    connection: sqlite3.Connection
    kind: Kind
    header: StoredRow
    lines: tuple[StoredRow, ...]

    @property
    def company(self) -> str:
        """The legal entity."""
        return self.header.text(COMPANY)

    @property
    def name(self) -> str:
        """Kind and number, for messages."""
        return f"{self.kind.label} {self.header.text(self.kind.number)}"

    def write(self, row: StoredRow, changes: Mapping[str, Stored | Decimal]) -> None:
        """Writes what really changes; the row in memory follows."""
        stored = {
            name: decimal_text(value) if isinstance(value, Decimal) else value
            for name, value in changes.items()
        }
        changed = {name: value for name, value in stored.items() if row.values[name] != value}
        if changed:
            self.environment.store.update(self.connection, row.table, row.record_id, changed)
            row.values.update(changed)


def load(
    environment: FnoEnvironment, connection: sqlite3.Connection, kind: Kind, *, company: str, number: str
) -> Document:
    """Reads a document.

    Raises:
        UnknownDocumentError: the company has none of this number.
    """
    store, tables = environment.store, environment.model.tables
    key: Row = {COMPANY: company.lower(), kind.number: number}
    found = store.find(connection, tables[kind.header], key)
    if found is None:
        raise UnknownDocumentError(f"There is no {kind.label.lower()} '{number}' in company '{company}'.")
    record_id, _, values = found
    table = tables[kind.line]
    lines = store.select(connection, table, key, order="LineCreationSequenceNumber")
    return Document(
        environment=environment,
        connection=connection,
        kind=kind,
        header=StoredRow(tables[kind.header], record_id, values),
        lines=tuple(StoredRow(table, line_id, line) for line_id, _, line in lines),
    )
