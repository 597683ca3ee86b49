"""Documents made from documents: a quote's next revision, an order from a quote, an invoice from an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.sales.headers import TOTALS
from dynamics_sandbox.dataverse.sales.stored import rows_where, stored_row
from dynamics_sandbox.dataverse.writing.rows import insert

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.sales.documents import Document
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

_NOT_COPIED = frozenset(
    {
        *TOTALS,
        "createdon",
        "createdby",
        "createdonbehalfby",
        "modifiedon",
        "modifiedby",
        "modifiedonbehalfby",
        "overriddencreatedon",
        "importsequencenumber",
        "versionnumber",
        "exchangerate",
        "statecode",
        "statuscode",
        "owninguser",
        "owningteam",
        "owningbusinessunit",
        "pricingerrorcode",
    }
)


def copied_document(
    session: Session, source: Document, source_id: str, target: Document, *, changed: dict[str, Any]
) -> str:
    """Make a document with the columns and lines of another; give its id.

    Args:
        session: the transaction.
        source: the kind of the document that is copied.
        source_id: the id of its header.
        target: the kind of the new document.
        changed: columns of the new header that differ.
    """
    tables = session.schema.tables
    header = stored_row(session, source.header, source_id)
    common = _common(tables[source.header], tables[target.header], header)
    copy = insert(session, tables[target.header], {**common, **changed})
    order = {source.link: source_id}
    for line in rows_where(session, source.line, order, order_by="sequencenumber"):
        copied = _common(tables[source.line], tables[target.line], line)
        copied[target.link] = copy
        origin = tables[target.line].columns.get(f"{source.line}id")
        if origin is not None and source is not target:
            copied[origin.name] = line[f"{source.line}id"]
        insert(session, tables[target.line], copied)
    return copy


def _common(source: Table, target: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Give the values of a row for the columns that its own table and another one share."""
    values = {}
    for name in source.columns.keys() & target.columns.keys():
        column = target.columns[name]
        if name in _NOT_COPIED or column.base_of or column.composed_of or name == source.primary_id:
            continue
        values[name] = row[name]
        if column.is_polymorphic:
            values[column.target_column] = row[column.target_column]
    return values
