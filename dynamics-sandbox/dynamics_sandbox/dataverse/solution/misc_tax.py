"""The tax of a header, for which Sales has no place: a write-in line named Freight Tax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.sales.documents import BY_HEADER
from dynamics_sandbox.dataverse.sales.headers import decimal
from dynamics_sandbox.dataverse.sales.stored import rows_where, stored_row
from dynamics_sandbox.dataverse.writing.rows import change, insert

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

AMOUNT = "msdynce_misctax"
_LINE_FLAG = "msdynce_ismisctax"


def write_line(event: Event) -> None:
    """Create the line with the header's tax, or give the existing one the new amount."""
    session = event.session
    document = BY_HEADER[event.table.logical_name]
    table = session.schema.tables[document.line]
    amount = stored_row(session, document.header, event.row_id).get(AMOUNT)
    price = format(decimal(amount), "f")
    found = rows_where(session, document.line, {document.link: event.row_id, _LINE_FLAG: 1})
    if found:
        change(session, table, found[0][table.primary_id], {"priceperunit": price})
    elif decimal(amount):
        line = {
            document.link: event.row_id,
            "isproductoverridden": 1,
            "productdescription": session.settings.p2c.misc_tax_name,
            "quantity": "1",
            "priceperunit": price,
            _LINE_FLAG: 1,
        }
        insert(session, table, line)
