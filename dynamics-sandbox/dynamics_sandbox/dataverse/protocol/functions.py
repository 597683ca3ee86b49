"""Functions and actions that belong to no table: WhoAmI, RetrieveVersion, counts, publishing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import DataverseError, bad_request, missing_row
from dynamics_sandbox.dataverse.metadata.table_messages import create_entities, retrieve_metadata_changes
from dynamics_sandbox.dataverse.protocol.actions import unbound_action
from dynamics_sandbox.dataverse.protocol.calls import Answer, json_answer, no_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.session import Session

SERVICE_VERSION = "9.2.24104.00208"


def function_call(session: Session, call: Call) -> Answer | None:
    """Answer a call on a function or action; None when the first segment names none."""
    name = call.segments[0].name.removeprefix("Microsoft.Dynamics.CRM.")
    entry = _FUNCTIONS.get(name)
    if entry is None:
        return unbound_action(session, call, name)
    method, function = entry
    if call.method != method:
        message = f"No HTTP resource was found that matches the request URI '{session.root}/{call.path}'."
        raise DataverseError(404, "", message)
    return function(session, call)


def _who_am_i(session: Session, _: Call) -> Answer:
    caller = session.caller
    return _response(
        session,
        "WhoAmI",
        BusinessUnitId=caller.business_unit_id,
        UserId=caller.user_id,
        OrganizationId=caller.organization_id,
    )


def _retrieve_version(session: Session, _: Call) -> Answer:
    return _response(session, "RetrieveVersion", Version=SERVICE_VERSION)


def _total_record_count(session: Session, call: Call) -> Answer:
    names = _entity_names(call)
    counts = []
    for name in names:
        if name not in session.schema.tables:
            raise missing_row("entity", name)
        (count,) = session.connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()  # noqa: S608 - quoted name
        counts.append(count)
    collection = {"Count": len(names), "IsReadOnly": False, "Keys": names, "Values": counts}
    return _response(session, "RetrieveTotalRecordCount", EntityRecordCountCollection=collection)


def _entity_names(call: Call) -> list[str]:
    """Read `EntityNames=['a','b']`, given directly or through a parameter alias."""
    _, _, text = (call.segments[0].key or "").partition("=")
    if text.startswith("@"):
        text = call.options(()).aliases.get(text, "")
    try:
        names = json.loads(text.replace("'", '"'))
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_request("EntityNames must be a list of logical names, such as ['account'].")
    return names


def _publish(_: Session, __: Call) -> Answer:
    """Accept a publishing request: what the Web API creates is in force at once."""
    return no_content()


def _response(session: Session, name: str, **members: Any) -> Answer:
    context = f"{session.root}/$metadata#Microsoft.Dynamics.CRM.{name}Response"
    return json_answer({"@odata.context": context, **members})


_FUNCTIONS: dict[str, tuple[str, Callable[[Session, Call], Answer]]] = {
    "WhoAmI": ("GET", _who_am_i),
    "RetrieveVersion": ("GET", _retrieve_version),
    "RetrieveTotalRecordCount": ("GET", _total_record_count),
    "RetrieveMetadataChanges": ("GET", retrieve_metadata_changes),
    "CreateEntities": ("POST", create_entities),
    "PublishAllXml": ("POST", _publish),
    "PublishXml": ("POST", _publish),
}
