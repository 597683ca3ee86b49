"""Create, update, upsert and delete: one row each, inside the caller's transaction."""

from __future__ import annotations

import re
import sqlite3
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import (
    CANNOT_DELETE,
    DUPLICATE_KEY,
    DUPLICATE_RECORD,
    DataverseError,
)
from dynamics_sandbox.dataverse.schema.system import CURRENCY_TABLE
from dynamics_sandbox.dataverse.writing.draft import Draft
from dynamics_sandbox.dataverse.writing.payload import PayloadReader
from dynamics_sandbox.dataverse.writing.rules import apply_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.dataverse.schema.model import Incoming, Table
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.dataverse.writing.references import References

_VIOLATION = re.compile(r"UNIQUE constraint failed: (.*)")


def create_row(
    session: Session,
    table: Table,
    body: Mapping[str, Any],
    references: References,
    *,
    row_id: str | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> str:
    """Create a row from a body, with the rows nested in it; give its id.

    Args:
        session: the transaction.
        table: where.
        body: the JSON object.
        references: resolves binds.
        row_id: the id from the address; otherwise the body's, otherwise a new one.
        defaults: stored values for columns the body does not mention (key values of the address).
    """
    payload = PayloadReader(session, table, references, creating=True).read(body)
    for navigation, nested in payload.parents:
        parent = session.schema.tables[navigation.relationship.target]
        payload.values[navigation.attribute.name] = create_row(session, parent, nested, references)
        if navigation.attribute.is_polymorphic:
            payload.values[navigation.attribute.target_column] = parent.logical_name
    values = {**(defaults or {}), **payload.values}
    created = insert(session, table, values, row_id or payload.row_id)
    for incoming, nested in payload.children:
        link = _link(incoming, created)
        create_row(session, session.schema.tables[incoming.table], nested, references, defaults=link)
    return created


def insert(session: Session, table: Table, values: dict[str, Any], row_id: str | None = None) -> str:
    """Create a row from stored values; give its id."""
    draft = Draft(session, table, row_id or str(uuid.uuid4()), creating=True, values=values)
    with session.pipeline.around(session, "Create", table, draft.row_id, values=values):
        apply_rules(draft)
        if row_id is not None:
            session.connection.execute(
                "DELETE FROM _sandbox_deleted WHERE table_name = ? AND id = ?", (table.logical_name, row_id)
            )
        statement = _insert_statement(table.logical_name, tuple(draft.values))
        _execute(draft, statement, tuple(draft.values.values()))
    return draft.row_id


def update_row(
    session: Session,
    table: Table,
    row_id: str,
    body: Mapping[str, Any],
    *,
    references: References,
    key_columns: Mapping[str, Any] | None = None,
) -> None:
    """Change an existing row; key columns of its address are dropped from the body, as the service does."""
    payload = PayloadReader(session, table, references, creating=False).read(body)
    for column in key_columns or ():
        payload.values.pop(column, None)
    change(session, table, row_id, payload.values)


def change(session: Session, table: Table, row_id: str, values: dict[str, Any]) -> None:
    """Change an existing row by stored values. Equal values count as a change: stamp and version move."""
    draft = Draft(session, table, row_id, creating=False, values=values)
    with session.pipeline.around(session, "Update", table, row_id, values=values):
        apply_rules(draft)
        statement = _update_statement(table.logical_name, table.primary_id, tuple(draft.values))
        _execute(draft, statement, (*draft.values.values(), row_id))


def delete_row(session: Session, table: Table, row_id: str) -> None:
    """Delete a row that exists, and do to the rows that point at it what their relationships say."""
    with session.pipeline.around(session, "Delete", table, row_id, values={}):
        _delete(session, table, row_id)


def _delete(session: Session, table: Table, row_id: str) -> None:
    links = session.schema.incoming[table.logical_name]
    for incoming in links:
        if incoming.relationship.on_delete == "Restrict" and _linked(session, incoming, row_id):
            raise DataverseError(
                session.settings.restricted_delete_status,
                CANNOT_DELETE,
                "The object you tried to delete is associated with another object and cannot be deleted.",
            )
    with session.deeper():
        for incoming in links:
            _follow_delete(session, incoming, row_id)
    session.connection.execute(
        f"DELETE FROM {quoted(table.logical_name)} WHERE {quoted(table.primary_id)} = ?",  # noqa: S608 - quoted names
        (row_id,),
    )
    session.connection.execute(
        "INSERT OR REPLACE INTO _sandbox_deleted VALUES (?, ?, ?)",
        (table.logical_name, row_id, session.next_version()),
    )
    _after_write(session, table)


def _follow_delete(session: Session, incoming: Incoming, row_id: str) -> None:
    if incoming.relationship.on_delete not in {"Cascade", "RemoveLink"}:
        return
    table = session.schema.tables[incoming.table]
    for child in _linked(session, incoming, row_id):
        if incoming.relationship.on_delete == "Cascade":
            delete_row(session, table, child)
        else:
            _unlink(session, table, incoming, child)


def _unlink(session: Session, table: Table, incoming: Incoming, child: str) -> None:
    columns = [incoming.attribute.name]
    if incoming.attribute.is_polymorphic:
        columns.append(incoming.attribute.target_column)
    cleared = ", ".join(f"{quoted(column)} = NULL" for column in columns)
    session.connection.execute(
        f"UPDATE {quoted(table.logical_name)} SET {cleared}, versionnumber = ? "  # noqa: S608 - quoted names
        f"WHERE {quoted(table.primary_id)} = ?",
        (session.next_version(), child),
    )


def _linked(session: Session, incoming: Incoming, row_id: str) -> list[str]:
    table = session.schema.tables[incoming.table]
    condition, parameters = f"{quoted(incoming.attribute.name)} = ?", [row_id]
    if incoming.attribute.is_polymorphic:
        condition += f" AND {quoted(incoming.attribute.target_column)} = ?"
        parameters.append(incoming.relationship.target)
    rows = session.connection.execute(
        f"SELECT {quoted(table.primary_id)} FROM {quoted(table.logical_name)} WHERE {condition}",  # noqa: S608 - quoted names
        parameters,
    )
    return [str(found[0]) for found in rows.fetchall()]


def _link(incoming: Incoming, row_id: str) -> dict[str, Any]:
    link: dict[str, Any] = {incoming.attribute.name: row_id}
    if incoming.attribute.is_polymorphic:
        link[incoming.attribute.target_column] = incoming.relationship.target
    return link


@lru_cache(maxsize=512)
def _insert_statement(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(quoted(column) for column in columns)
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})"  # noqa: S608 - quoted names


@lru_cache(maxsize=512)
def _update_statement(table: str, primary_id: str, columns: tuple[str, ...]) -> str:
    assignments = ", ".join(f"{quoted(column)} = ?" for column in columns)
    return f"UPDATE {quoted(table)} SET {assignments} WHERE {quoted(primary_id)} = ?"  # noqa: S608 - quoted names


def _execute(draft: Draft, statement: str, parameters: tuple[Any, ...]) -> None:
    try:
        draft.session.connection.execute(statement, parameters)
    except sqlite3.IntegrityError as error:
        raise _violation(draft, str(error)) from None
    _after_write(draft.session, draft.table)


def _after_write(session: Session, table: Table) -> None:
    if table.logical_name in {CURRENCY_TABLE, "organization"}:
        session.forget_cached_rows()


def _violation(draft: Draft, message: str) -> DataverseError:
    match = _VIOLATION.search(message)
    columns = [part.rpartition(".")[2] for part in match.group(1).split(", ")] if match else []
    for key in draft.table.keys:
        if sorted(key.columns) == sorted(columns):
            return DataverseError(
                412,
                DUPLICATE_KEY,
                f"Entity Key {key.display_name or key.schema_name} violated. A record with the same value "
                f"for {', '.join(key.columns)} already exists. A duplicate record cannot be created.",
            )
    return DataverseError(412, DUPLICATE_RECORD, "Cannot insert duplicate key.")
