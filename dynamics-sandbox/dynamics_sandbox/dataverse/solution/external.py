"""Whether every product of a document is maintained externally: on the header, copied to its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.sales.documents import BY_LINE, header_id
from dynamics_sandbox.dataverse.sales.stored import rows_where, stored_row
from dynamics_sandbox.dataverse.writing.rows import change

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

HEADER_FLAG = "msdynce_hasexternallymaintainedproductsonly"
PRODUCT_FLAG = "msdynce_ismaintainedexternally"
LINE_FLAGS = {
    "quotedetail": "msdynce_quotehasexternalmaintainedproductsonly",
    "salesorderdetail": "msdynce_orderhasexternalmaintainedproductsonly",
}
"""Copies of the header's flag; the solution spells them without "ly"."""


def flag_document(event: Event) -> None:
    """Compute the flag of a line's header; `copy_steps` bring it to the lines."""
    session = event.session
    document = BY_LINE[event.table.logical_name]
    header = header_id(document, event)
    lines = rows_where(session, document.line, {document.link: header})
    flag = int(all(_is_external(event, line) for line in lines))
    if stored_row(session, document.header, header).get(HEADER_FLAG) != flag:
        change(session, session.schema.tables[document.header], header, {HEADER_FLAG: flag})


def _is_external(event: Event, line: dict[str, Any]) -> bool:
    if line.get("msdynce_ismisctax") and not event.session.settings.p2c.misc_tax_is_a_product:
        return True
    return bool(stored_row(event.session, "product", line["productid"]).get(PRODUCT_FLAG))
