"""Which messages (Create, UpsertMultiple …) a table understands, kept as rows that clients can query."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.writing.rows import insert

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

_BASIC = ("Create", "Update", "Upsert", "Delete", "Retrieve", "RetrieveMultiple")


def register_messages(session: Session, table: Table) -> None:
    """Write the sdkmessagefilter rows of a new table, and the messages themselves where they are new."""
    for name in (*_BASIC, *table.bulk_messages):
        message = str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynamics-sandbox/message/{name}"))
        messages = session.schema.tables["sdkmessage"]
        if not session.exists(messages, message):
            insert(session, messages, {"name": name}, message)
        values = {
            "sdkmessageid": message,
            "primaryobjecttypecode": table.logical_name,
            "secondaryobjecttypecode": "none",
        }
        insert(session, session.schema.tables["sdkmessagefilter"], values)
