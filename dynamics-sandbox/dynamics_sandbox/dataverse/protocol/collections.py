"""Calls on entity sets and on collections of related rows: read pages, count, create, bulk messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import (
    UNEXPECTED,
    DataverseError,
    bad_request,
    method_not_allowed,
    unknown_segment,
)
from dynamics_sandbox.dataverse.protocol.actions import NAMESPACE, bound_action
from dynamics_sandbox.dataverse.protocol.calls import (
    COLLECTION_OPTIONS,
    ROW_OPTIONS,
    Answer,
    json_answer,
    no_content,
)
from dynamics_sandbox.dataverse.protocol.conditions import created_answer
from dynamics_sandbox.dataverse.protocol.versions import has_bulk_messages
from dynamics_sandbox.dataverse.reading.aggregates import aggregated_body
from dynamics_sandbox.dataverse.reading.changes import changes_count, changes_page, is_tracking
from dynamics_sandbox.dataverse.reading.pages import CollectionRequest, PageReader, Scope
from dynamics_sandbox.dataverse.writing.bulk import create_multiple, update_multiple, upsert_multiple
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import create_row

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.schema.model import Incoming, Table
    from dynamics_sandbox.dataverse.session import Session


def entity_set_call(session: Session, call: Call, table: Table) -> Answer:
    """Answer a call on an entity set as a whole: `accounts`, `accounts/$count`, a bulk message."""
    rest = [segment.name for segment in call.segments[1:]]
    if not rest and call.method == "GET":
        return read_collection(session, call, table)
    if not rest and call.method == "POST":
        return _create(session, call, table)
    if rest == ["$count"] and call.method == "GET":
        return count_collection(session, call, table)
    if len(rest) == 1 and rest[0].startswith(NAMESPACE) and call.method == "POST":
        return _bulk(session, call, table, rest[0].removeprefix(NAMESPACE))
    if rest:
        raise unknown_segment(rest[0])
    raise method_not_allowed(call.method, table.entity_set)


def related_scope(incoming: Incoming, parent_id: str) -> Scope:
    """Narrow a query to the rows whose lookup points at one row."""
    attribute = incoming.attribute
    condition, parameters = f"t1.{quoted(attribute.name)} = ?", [parent_id]
    if attribute.is_polymorphic:
        condition += f" AND t1.{quoted(attribute.target_column)} = ?"
        parameters.append(incoming.relationship.target)
    return Scope(condition, tuple(parameters))


def read_collection(session: Session, call: Call, table: Table, scope: Scope | None = None) -> Answer:
    """Answer with one page."""
    request = _request(session, call, table, scope)
    applied = _applied(call)
    if is_tracking(request):
        if scope is not None:
            raise bad_request("Change tracking is not supported on related rows.", UNEXPECTED)
        return json_answer(changes_page(session, request), applied)
    if request.options.apply is not None:
        return json_answer(aggregated_body(session, request, request.options.apply), applied)
    return json_answer(PageReader(session, request).pieces(), applied)


def count_collection(session: Session, call: Call, table: Table, scope: Scope | None = None) -> Answer:
    """Answer `/$count` with plain text."""
    request = _request(session, call, table, scope)
    if is_tracking(request):
        found = changes_count(session, request)
    else:
        found, _ = PageReader(session, request).count()
    return Answer(200, {"Content-Type": "text/plain"}, str(found).encode())


def _request(session: Session, call: Call, table: Table, scope: Scope | None) -> CollectionRequest:
    options = call.options(COLLECTION_OPTIONS)
    if len(options.expand) > session.settings.expand_limit:
        raise bad_request(
            f"More than {session.settings.expand_limit} navigation properties cannot be expanded at once."
        )
    path = call.path.strip("/").removesuffix("/$count")
    return CollectionRequest(table, path, call.query, options, call.preferences, scope)


def _applied(call: Call) -> dict[str, str]:
    preferences = call.preferences
    honoured = []
    if preferences.page_size is not None:
        honoured.append(f"odata.maxpagesize={preferences.page_size}")
    if preferences.track_changes:
        honoured.append("odata.track-changes")
    if preferences.annotations:
        honoured.append(f'odata.include-annotations="{preferences.annotations}"')
    return {"Preference-Applied": ",".join(honoured)} if honoured else {}


def _create(session: Session, call: Call, table: Table) -> Answer:
    call.options(ROW_OPTIONS)
    row_id = create_row(session, table, call.json_object(), References(session))
    return created_answer(session, call, table, row_id)


def _bulk(session: Session, call: Call, table: Table, message: str) -> Answer:
    if message == "DeleteMultiple" and has_bulk_messages(call.version):
        raise DataverseError(400, UNEXPECTED, "DeleteMultiple has not yet been implemented.")
    if session.pipeline.action(message, table.logical_name) is not None:
        return bound_action(session, call, table, "")
    if message not in table.bulk_messages or not has_bulk_messages(call.version):
        raise unknown_segment(NAMESPACE + message)
    targets = call.json_object().get("Targets")
    if message == "CreateMultiple":
        ids = create_multiple(session, table, targets)
        return json_answer(
            {"@odata.context": f"{session.root}/$metadata#{NAMESPACE}CreateMultipleResponse", "Ids": ids}
        )
    {"UpdateMultiple": update_multiple, "UpsertMultiple": upsert_multiple}[message](session, table, targets)
    return no_content()
