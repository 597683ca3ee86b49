"""The OData service below ``/data``: sends every call to reading, writing, batch or metadata."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from dynamics_sandbox.fno.actions import ActionCall, run_action
from dynamics_sandbox.fno.batch import BatchHandler
from dynamics_sandbox.fno.bodies import read_body
from dynamics_sandbox.fno.errors import (
    FnoError,
    IncompleteKeyError,
    MissingRowError,
    WriteFailedError,
    no_privilege,
    no_row_for_update,
    unsupported,
)
from dynamics_sandbox.fno.exchange import JSON_TYPE, Address, Call, Reply, address, json_type, key_text
from dynamics_sandbox.fno.model import COMPANY, NAMESPACE
from dynamics_sandbox.fno.queries import cross_company
from dynamics_sandbox.fno.reading import REFERENCE, Reader
from dynamics_sandbox.fno.schema_document import schema_document
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.options import parse_options

if TYPE_CHECKING:
    import sqlite3

    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.model import Entity
    from dynamics_sandbox.fno.values import Row


class DataService:
    """Answers calls below ``/data`` of one environment."""

    def __init__(self, environment: FnoEnvironment) -> None:
        self._environment = environment
        self._base = f"{environment.url}/data"
        self._reader = Reader(
            environment.database,
            environment.store,
            environment.model,
            settings=environment.settings,
            base=self._base,
        )
        self._batch = BatchHandler(
            environment.database, environment.settings, self._handle, self._refuse_in_batch
        )

    @cached_property
    def _schema(self) -> bytes:
        """The CSDL document; megabytes with a further model, so made when it is first asked for."""
        return schema_document(self._environment.model, self._environment.actions).encode()

    def answer(self, call: Call) -> Reply:
        """The answer to a call, refusals included."""
        try:
            if call.segments[:1] == ("$batch",):
                if call.method != "POST":
                    raise _method_not_allowed(call)
                return self._batch.answer(call)
            return self._handle(call, None)
        except FnoError as error:
            return self._refuse(error, self._environment.settings.status_of_failed_write)

    def _refuse(self, error: FnoError, status_of_failed_write: int) -> Reply:
        if isinstance(error, MissingRowError) and not self._environment.settings.body_for_missing_row:
            return Reply(error.status)
        status = error.status
        if isinstance(error, WriteFailedError):
            status = status_of_failed_write
        elif isinstance(error, IncompleteKeyError):
            status = self._environment.settings.status_of_incomplete_key
        return Reply(status, error.body(), {"Content-Type": JSON_TYPE})

    def _refuse_in_batch(self, error: FnoError) -> Reply:
        return self._refuse(error, self._environment.settings.status_of_failed_write_in_batch)

    def _handle(self, call: Call, connection: sqlite3.Connection | None) -> Reply:
        """One call, in the transaction of a change set or (None) in one of its own."""
        if not call.segments or call.segments == ("$metadata",):
            return self._document(call)
        target = address(call.segments, self._environment.model, self._environment.writer.converter)
        if target.entity.set in self._environment.settings.sets_without_privilege:
            raise no_privilege(target.entity.set, self._environment.settings.status_without_privilege)
        if call.method == "GET":
            return self._reader.get(call, target)
        if target.rest[-1:] == (REFERENCE,):
            raise unsupported("writing links by $ref; write the fields that relate the rows")
        writes_a_row = call.method in {"PATCH", "PUT", "DELETE"} and target.key is not None
        creates_a_row = call.method == "POST" and target.key is None
        acts = call.method == "POST" and len(target.rest) == 1 and target.rest[0].startswith(f"{NAMESPACE}.")
        if not acts and (target.rest or not (writes_a_row or creates_a_row)):
            raise _method_not_allowed(call)
        change = self._act if acts else self._write
        if connection is not None:
            return change(call, target, connection)
        with self._environment.database.writing() as own:
            return change(call, target, own)

    def _document(self, call: Call) -> Reply:
        """The service document or the CSDL document."""
        if call.method != "GET":
            raise _method_not_allowed(call)
        if call.segments:
            return Reply(200, self._schema, {"Content-Type": "application/xml"})
        sets = [{"name": name, "kind": "EntitySet", "url": name} for name in self._environment.model.public]
        document = {"@odata.context": f"{self._base}/$metadata", "value": sets}
        return Reply(200, msgspec.json.encode(document), {"Content-Type": JSON_TYPE})

    def _write(self, call: Call, target: Address, connection: sqlite3.Connection) -> Reply:
        writer = self._environment.writer
        if target.key is None:
            return self._create(call, target.entity, connection)
        if_match = call.headers.get("if-match")
        if not self._reaches(call, target.entity, target.key):
            raise no_row_for_update()
        if call.method == "DELETE":
            writer.delete(connection, target.entity, target.key, if_match)
        else:
            writer.update(connection, target.entity, target.key, read_body(call.body), if_match=if_match)
        return Reply(204)

    def _act(self, call: Call, target: Address, connection: sqlite3.Connection) -> Reply:
        """A bound action: its result under ``value``, or 204 for one that gives nothing."""
        environment, entity = self._environment, target.entity
        action = environment.actions.find(entity, target.rest[0], "set" if target.key is None else "row")
        if target.key is not None:
            found = environment.store.find(connection, entity.table, entity.by_column(target.key))
            if found is None or not self._reaches(call, entity, target.key):
                raise MissingRowError("No resources were found for the given key.")
        arguments = read_body(call.body) if call.body else {}
        action_call = ActionCall(environment, connection, entity, target.key, call.company, arguments)
        result = run_action(action, action_call, environment.settings.status_of_failed_action)
        if not action.returns:
            return Reply(204)
        document = {"@odata.context": f"{self._base}/$metadata#{action.returns}", "value": result}
        return Reply(200, msgspec.json.encode(document), {"Content-Type": json_type(call.metadata)})

    def _create(self, call: Call, entity: Entity, connection: sqlite3.Connection) -> Reply:
        row = self._environment.writer.create(connection, entity, read_body(call.body), call.company)
        key = entity.key_of(row)
        body, etag = self._reader.row_json(connection, call, entity, key)
        location = f"{self._base}/{entity.set}{key_text(entity, key)}"
        headers = {"Content-Type": json_type(call.metadata), "Location": location}
        if self._environment.settings.etag_header:
            headers["ETag"] = etag
        return Reply(201, body, headers)

    @staticmethod
    def _reaches(call: Call, entity: Entity, key: Row) -> bool:
        """Whether the call may touch the row's company: its own, or any with ``cross-company=true``."""
        try:
            options = parse_options(call.query, allowed=())
        except QueryError as error:
            raise FnoError(400, error.message) from None
        if not entity.has_company or cross_company(options):
            return True
        return str(key[COMPANY]).lower() == call.company


def _method_not_allowed(call: Call) -> FnoError:
    return FnoError(405, f"The requested resource does not support http method '{call.method}'.")
