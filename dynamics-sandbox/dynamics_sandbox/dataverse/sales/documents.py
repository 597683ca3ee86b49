"""The three documents of Sales as data: quote, order and invoice, each a header with lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.autonumber import AutoNumber

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One kind of document: its two tables and the columns they share."""

    header: str
    line: str
    number: str
    prefix: str
    copies: tuple[tuple[str, str], ...]
    """Columns of the header and the columns of the lines that the service keeps equal to them."""
    unique: tuple[str, ...]
    """Columns that no two headers share."""

    @property
    def link(self) -> str:
        """The line's lookup of its header, which bears the name of the header's id."""
        return f"{self.header}id"

    @property
    def auto_number(self) -> AutoNumber:
        """The number new headers get."""
        return AutoNumber(table=self.header, column=self.number, prefix=self.prefix)


_COMMON = (
    ("transactioncurrencyid", "transactioncurrencyid"),
    ("ownerid", "ownerid"),
    ("ownerid:target", "ownerid:target"),
)

QUOTE = Document(
    header="quote",
    line="quotedetail",
    number="quotenumber",
    prefix="QUO",
    copies=(*_COMMON, ("statecode", "quotestatecode")),
    unique=("quotenumber", "revisionnumber"),
)
ORDER = Document(
    header="salesorder",
    line="salesorderdetail",
    number="ordernumber",
    prefix="ORD",
    copies=(*_COMMON, ("statecode", "salesorderstatecode"), ("ispricelocked", "salesorderispricelocked")),
    unique=("ordernumber",),
)
INVOICE = Document(
    header="invoice",
    line="invoicedetail",
    number="invoicenumber",
    prefix="INV",
    copies=(*_COMMON, ("statecode", "invoicestatecode"), ("ispricelocked", "invoiceispricelocked")),
    unique=("invoicenumber",),
)
DOCUMENTS = (QUOTE, ORDER, INVOICE)
BY_HEADER = {document.header: document for document in DOCUMENTS}
BY_LINE = {document.line: document for document in DOCUMENTS}


def header_id(document: Document, event: Event) -> str:
    """Give the id of the header of a line that is being written."""
    return str(event.stored.get(document.link) or event.values[document.link])
