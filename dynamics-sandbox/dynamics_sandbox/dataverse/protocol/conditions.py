"""Conditional requests (If-Match, If-None-Match) and the answers of writes, with or without the row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import DUPLICATE_RECORD, DataverseError, version_mismatch
from dynamics_sandbox.dataverse.protocol.calls import ROW_OPTIONS, Answer, json_answer, no_content
from dynamics_sandbox.dataverse.reading.pages import CollectionRequest, row_body

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.address import RowAddress
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session


def etag(version: int | None) -> str:
    """Give the ETag of a row version."""
    return f'W/"{version}"'


def check_conditions(session: Session, call: Call, address: RowAddress, row_id: str | None) -> None:
    """Refuse a write whose conditions the addressed row does not meet.

    Raises:
        DataverseError: 404 for `If-Match` without a row, 412 for another version or an unwanted row.
    """
    expected = call.headers.get("if-match")
    if expected is not None:
        if row_id is None:
            raise address.missing()
        if expected.strip() != "*" and expected.strip() != etag(session.version_of(address.table, row_id)):
            raise version_mismatch()
    if call.headers.get("if-none-match", "").strip() == "*" and row_id is not None:
        raise DataverseError(412, DUPLICATE_RECORD, "A record with matching key values already exists.")


def created_answer(session: Session, call: Call, table: Table, row_id: str) -> Answer:
    """Answer a POST: 204 with the row's address, or 201 with the row when the client prefers it."""
    if call.preferences.representation:
        return _representation(session, call, table, row_id, status=201)
    url = f"{session.root}/{table.entity_set}({row_id})"
    return Answer(204, {"OData-EntityId": url, "Location": url})


def upserted_answer(session: Session, call: Call, table: Table, row_id: str, *, created: bool) -> Answer:
    """Answer a PATCH: 204 with the address as the client wrote it (a key stays a key), or the row."""
    if call.preferences.representation:
        return _representation(session, call, table, row_id, status=201 if created else 200)
    return no_content(f"{session.root}/{call.path.strip('/')}")


def _representation(session: Session, call: Call, table: Table, row_id: str, *, status: int) -> Answer:
    options = call.options(ROW_OPTIONS)
    if status == 200:  # noqa: PLR2004 - the service ignores $expand when it answers an update
        options = replace(options, expand=())
    request = CollectionRequest(table, table.entity_set, call.query, options, call.preferences)
    body = row_body(session, request, row_id) or b""
    tag = etag(session.version_of(table, row_id))
    return json_answer(body, {"ETag": tag, "Preference-Applied": "return=representation"}, status=status)
