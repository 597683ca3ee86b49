"""Columns of lines that the service keeps equal to a column of their header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.pipeline import Step
from dynamics_sandbox.dataverse.sales.stored import rows_where, stored_row
from dynamics_sandbox.dataverse.writing.rows import change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.pipeline import Event
    from dynamics_sandbox.dataverse.sales.documents import Document

Pairs = tuple[tuple[str, str], ...]
"""Column of the header, column of the line."""


def copy_steps(document: Document, pairs: Pairs) -> Iterator[Step]:
    """Give the steps that copy columns of a header: to new lines, and to all lines when they change."""

    def to_new_line(event: Event) -> None:
        header = stored_row(event.session, document.header, event.value(document.link))
        event.values.update({mine: header[theirs] for theirs, mine in pairs if theirs in header})

    def to_all_lines(event: Event) -> None:
        changed = [pair for pair in pairs if pair[0] in event.values]
        header = stored_row(event.session, document.header, event.row_id)
        copy_to_lines(event, document, {mine: header[theirs] for theirs, mine in changed})

    columns = tuple(theirs for theirs, _ in pairs)
    yield Step(table=document.line, messages=("Create",), stage="before", run=to_new_line)
    yield Step(table=document.header, messages=("Update",), stage="after", run=to_all_lines, columns=columns)


def copy_to_lines(event: Event, document: Document, values: dict[str, object]) -> None:
    """Write values to those lines of a header that do not have them yet."""
    table = event.session.schema.tables[document.line]
    for line in rows_where(event.session, document.line, {document.link: event.row_id}):
        if any(line[column] != value for column, value in values.items()):
            change(event.session, table, line[table.primary_id], dict(values))
