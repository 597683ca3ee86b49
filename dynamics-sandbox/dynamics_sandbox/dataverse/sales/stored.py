"""Stored rows that the rules of Sales look at, and the refusals they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import DataverseError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.dataverse.session import Session

Row = dict[str, Any]


def stored_row(session: Session, table: str, row_id: str | None) -> Row:
    """Give a row by its id; empty without one."""
    if row_id is None:
        return {}
    return session.row(session.schema.tables[table], row_id) or {}


def rows_where(session: Session, table: str, values: Mapping[str, Any], order_by: str = "") -> list[Row]:
    """Give the rows whose columns have these values (None: is null), oldest first or in the given order."""
    condition = " AND ".join(f"{quoted(column)} IS ?" for column in values)
    cursor = session.connection.execute(
        f"SELECT * FROM {quoted(table)} WHERE {condition} ORDER BY {quoted(order_by or 'versionnumber')}",  # noqa: S608 - quoted names
        tuple(values.values()),
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, found, strict=True)) for found in cursor.fetchall()]


def rule_broken(session: Session, message: str) -> DataverseError:
    """Refuse what a business rule of Sales forbids."""
    return bad_request(message, session.settings.sales.rule_code)


def display_name(session: Session, table: str) -> str:
    """Name a table as people do: salesorder is an order."""
    return session.schema.tables[table].display_name.lower()


def option_label(session: Session, table: str, column: str, value: int | None) -> str:
    """Name a value of a choice column."""
    options = session.schema.tables[table].columns[column].options
    return next((option.label for option in options if option.value == value), str(value))
