"""Actions that applications register with the event pipeline, called alone or bound to a row.

Dataverse: use-web-api-actions. `POST WinQuote`, `POST quotes(<id>)/Microsoft.Dynamics.CRM.WinQuote`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import DataverseError, unknown_segment
from dynamics_sandbox.dataverse.protocol.calls import Answer, json_answer, no_content
from dynamics_sandbox.dataverse.reading.pages import CollectionRequest, row_body
from dynamics_sandbox.odata.options import QueryOptions

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Action
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

NAMESPACE = "Microsoft.Dynamics.CRM."


def unbound_action(session: Session, call: Call, name: str) -> Answer | None:
    """Answer a call on a registered action; None when there is none of this name."""
    action = session.pipeline.action(name)
    if action is None:
        return None
    if call.method != "POST":
        message = f"No HTTP resource was found that matches the request URI '{session.root}/{call.path}'."
        raise DataverseError(404, "", message)
    return _run(session, call, action, "")


def bound_action(session: Session, call: Call, table: Table, row_id: str) -> Answer:
    """Answer a call on a registered action behind a row, or behind an entity set (empty row id).

    Raises:
        DataverseError: the table has no such action.
    """
    name = call.segments[-1].name.removeprefix(NAMESPACE)
    action = session.pipeline.action(name, table.logical_name)
    if action is None:
        raise unknown_segment(call.segments[-1].name)
    return _run(session, call, action, row_id)


def _run(session: Session, call: Call, action: Action, row_id: str) -> Answer:
    body = call.json_object() if call.body else {}
    with session.deeper():
        result = action.run(session, row_id, body)
    if result is None:
        return no_content()
    table, result_id = result
    request = CollectionRequest(table, table.entity_set, "", QueryOptions(), call.preferences)
    return json_answer(row_body(session, request, result_id) or b"{}")
