"""Calls on one row: read, change or create it, delete it, single properties, lookups and related rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import (
    bad_request,
    method_not_allowed,
    missing_row,
    not_in_sandbox,
    unknown_segment,
)
from dynamics_sandbox.dataverse.protocol.actions import NAMESPACE, bound_action
from dynamics_sandbox.dataverse.protocol.address import RowAddress, existing_row, find_row, row_address
from dynamics_sandbox.dataverse.protocol.calls import ROW_OPTIONS, Answer, json_answer, no_content
from dynamics_sandbox.dataverse.protocol.collections import count_collection, read_collection, related_scope
from dynamics_sandbox.dataverse.protocol.conditions import check_conditions, etag, upserted_answer
from dynamics_sandbox.dataverse.reading.pages import CollectionRequest, row_body
from dynamics_sandbox.dataverse.writing.bulk import upsert
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import change, delete_row, update_row
from dynamics_sandbox.odata.options import QueryOptions

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.reading.pages import Scope
    from dynamics_sandbox.dataverse.schema.model import Incoming, Table
    from dynamics_sandbox.dataverse.session import Session

_SINGLE, _NESTED = 1, 2


def row_call(session: Session, call: Call, table: Table) -> Answer:
    """Answer a call on `accounts(<key>)` and what may follow it."""
    aliases = QueryOptions().aliases if "@" not in call.query else call.options(_ALL).aliases
    address = row_address(session, table, call.segments[0].key or "", aliases)
    rest = [segment.name for segment in call.segments[1:]]
    if not rest:
        return _whole_row(session, call, address)
    if rest[0] in table.navigations:
        return _navigation(session, call, address, rest)
    incoming = session.schema.collection(table, rest[0])
    if incoming is not None:
        return _related(session, call, address, incoming)
    if rest[0] in table.properties:
        return _property(session, call, address, rest)
    if rest[0].startswith(NAMESPACE) and call.method == "POST":
        return bound_action(session, call, table, existing_row(session, address))
    raise unknown_segment(rest[0])


_ALL = frozenset({"$select", "$expand", "$filter", "$orderby", "$top", "$count", "$skiptoken"})


def _whole_row(session: Session, call: Call, address: RowAddress) -> Answer:
    if call.method == "GET":
        return read_row(session, call, address.table, existing_row(session, address))
    if call.method == "PATCH":
        row_id = find_row(session, address)
        check_conditions(session, call, address, row_id)
        row_id, created = upsert(session, address, call.json_object(), References(session), row_id=row_id)
        return upserted_answer(session, call, address.table, row_id, created=created)
    if call.method == "DELETE":
        row_id = existing_row(session, address)
        check_conditions(session, call, address, row_id)
        delete_row(session, address.table, row_id)
        return no_content()
    raise method_not_allowed(call.method, address.table.entity_set)


def read_row(session: Session, call: Call, table: Table, row_id: str) -> Answer:
    """Answer with one row, or 304 when the client has this version."""
    options = call.options(ROW_OPTIONS)
    tag = etag(session.version_of(table, row_id))
    if call.headers.get("if-none-match") == tag and not options.expand and not call.preferences.annotations:
        return Answer(304, {"ETag": tag})
    request = CollectionRequest(table, table.entity_set, call.query, options, call.preferences)
    body = row_body(session, request, row_id)
    if body is None:
        raise missing_row(table.logical_name, row_id)
    headers = {"ETag": tag}
    if call.preferences.annotations:
        headers["Preference-Applied"] = f'odata.include-annotations="{call.preferences.annotations}"'
    return json_answer(body, headers)


def _navigation(session: Session, call: Call, address: RowAddress, rest: list[str]) -> Answer:
    """Answer a call on a single-valued navigation property or its reference."""
    row_id = existing_row(session, address)
    if len(rest) == _NESTED and rest[1] == "$ref":
        return _reference(session, call, address.table, row_id, name=rest[0])
    if call.method != "GET" or len(rest) > _SINGLE:
        raise method_not_allowed(call.method, "/".join(rest))
    found = _target(session, address.table, row_id, rest[0])
    if found is None:
        return Answer(204)
    return read_row(session, call, *found)


def _target(session: Session, table: Table, row_id: str, name: str) -> tuple[Table, str] | None:
    stored = session.row(table, row_id) or {}
    for branch in table.navigations[name]:
        target = stored.get(branch.attribute.target_column, branch.relationship.target)
        if stored[branch.attribute.name] is not None and target == branch.relationship.target:
            return session.schema.tables[target], stored[branch.attribute.name]
    return None


def _reference(session: Session, call: Call, table: Table, row_id: str, *, name: str) -> Answer:
    if call.method == "PUT":
        bound = {f"{name}@odata.bind": call.json_object().get("@odata.id")}
        update_row(session, table, row_id, bound, references=References(session))
        return no_content()
    if call.method == "DELETE":
        update_row(session, table, row_id, {name: None}, references=References(session))
        return no_content()
    if call.method != "GET":
        raise method_not_allowed(call.method, f"{name}/$ref")
    found = _target(session, table, row_id, name)
    if found is None:
        return Answer(204)
    url = f"{session.root}/{found[0].entity_set}({found[1]})"
    return json_answer({"@odata.context": f"{session.root}/$metadata#$ref", "@odata.id": url})


def _related(session: Session, call: Call, address: RowAddress, incoming: Incoming) -> Answer:
    """Answer a call on a collection-valued navigation property."""
    parent = existing_row(session, address)
    table = session.schema.tables[incoming.table]
    rest = call.segments[2:]
    names = [segment.name for segment in rest]
    if call.method == "GET" and not rest:
        return read_collection(session, call, table, related_scope(incoming, parent))
    if call.method == "GET" and names == ["$count"]:
        return count_collection(session, call, table, related_scope(incoming, parent))
    if call.method == "GET" and names == ["$ref"]:
        return _related_references(session, call, table, related_scope(incoming, parent))
    if call.method in {"POST", "DELETE"} and names == ["$ref"]:
        return _associate(session, call, address.table, parent, incoming=incoming)
    raise not_in_sandbox(f"{call.method} on '{call.path}'")


def _related_references(session: Session, call: Call, table: Table, scope: Scope) -> Answer:
    """Answer with the addresses of related rows, in the order of their ids."""
    call.options(())
    limit = session.settings.page_size
    found = session.connection.execute(
        f"SELECT {quoted(table.primary_id)} FROM {quoted(table.logical_name)} AS t1 "  # noqa: S608 - quoted names
        f"WHERE {scope.condition} ORDER BY 1 LIMIT ?",
        (*scope.parameters, limit + 1),
    ).fetchall()
    if len(found) > limit:
        raise not_in_sandbox(f"next links of '{call.path}' ({limit} rows at most)")
    context = f"{session.root}/$metadata#Collection($ref)"
    references = [{"@odata.id": f"{session.root}/{table.entity_set}({row_id})"} for (row_id,) in found]
    return json_answer({"@odata.context": context, "value": references})


def _associate(
    session: Session, call: Call, parent_table: Table, parent: str, *, incoming: Incoming
) -> Answer:
    references = References(session)
    if call.method == "POST":
        _, child = references.row(str(call.json_object().get("@odata.id")))
        bound: Any = f"/{parent_table.entity_set}({parent})"
    else:
        key = call.segments[1].key
        if key is None:
            raise bad_request("Name the row to disassociate: collection(<id>)/$ref.")
        child = existing_row(session, row_address(session, session.schema.tables[incoming.table], key))
        bound = None
    body = {f"{incoming.relationship.navigation}@odata.bind": bound}
    update_row(session, session.schema.tables[incoming.table], child, body, references=references)
    return no_content()


def _property(session: Session, call: Call, address: RowAddress, rest: list[str]) -> Answer:
    """Answer a call on one column: `/name`, `/name/$value`."""
    table, name = address.table, rest[0]
    row_id = existing_row(session, address)
    if call.method == "PUT":
        update_row(
            session, table, row_id, {name: call.json_object().get("value")}, references=References(session)
        )
        return no_content()
    if call.method == "DELETE":
        if not table.properties[name].updatable:
            raise bad_request(f"The property '{name}' cannot be modified.")
        change(session, table, row_id, {name: None})
        return no_content()
    if call.method != "GET":
        raise method_not_allowed(call.method, name)
    return _read_property(session, call, table, row_id, rest=rest)


def _read_property(session: Session, call: Call, table: Table, row_id: str, *, rest: list[str]) -> Answer:
    request = CollectionRequest(
        table, table.entity_set, "", QueryOptions(select=(rest[0],)), call.preferences
    )
    body = row_body(session, request, row_id) or b"{}"
    # The number's digits must stay as they are, so the value is cut out as text.
    value = json.loads(body, parse_float=_Digits)[rest[0]]
    if value is None:
        return Answer(204)
    if rest[1:] == ["$value"]:
        return Answer(200, {"Content-Type": "text/plain"}, str(value).encode())
    if rest[1:]:
        raise unknown_segment(rest[1])
    text = str(value) if isinstance(value, _Digits) else json.dumps(value, ensure_ascii=False)
    url = json.dumps(f"{session.root}/$metadata#{table.entity_set}({row_id})/{rest[0]}")
    return json_answer(f'{{"@odata.context":{url},"value":{text}}}'.encode())


class _Digits(str):
    """The digits of a number as the service wrote them."""

    __slots__ = ()
