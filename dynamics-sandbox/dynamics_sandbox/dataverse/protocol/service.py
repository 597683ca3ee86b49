"""Dispatch: a call goes to the part of the service its first segment names, in a transaction of its own."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import (
    UNSUPPORTED_QUERY,
    DataverseError,
    bad_request,
    method_not_allowed,
    not_in_sandbox,
    unknown_segment,
)
from dynamics_sandbox.dataverse.metadata.csdl import csdl_document, service_document
from dynamics_sandbox.dataverse.metadata.operations import operations_of
from dynamics_sandbox.dataverse.metadata.reading import metadata_call
from dynamics_sandbox.dataverse.metadata.writing import metadata_write
from dynamics_sandbox.dataverse.protocol.calls import Answer, error_answer, json_answer
from dynamics_sandbox.dataverse.protocol.collections import entity_set_call
from dynamics_sandbox.dataverse.protocol.functions import function_call
from dynamics_sandbox.dataverse.protocol.rows import row_call
from dynamics_sandbox.dataverse.protocol.versions import has_bulk_messages
from dynamics_sandbox.odata.errors import QueryError, UnsupportedQueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.environment import DataverseEnvironment
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.session import Caller, Session

_DEFINITIONS = frozenset({"EntityDefinitions", "RelationshipDefinitions"})
_NOT_HERE = frozenset({"GlobalOptionSetDefinitions", "ManagedPropertyDefinitions"})

# Headers that would change what a request does; ignoring them would be a guess.
_REFUSED_HEADERS = frozenset({"mscrm.bypasscustompluginexecution", "mscrm.bypassbusinesslogicexecution"})


class Service:
    """Answers calls on one environment."""

    def __init__(self, environment: DataverseEnvironment) -> None:
        self._environment = environment

    @property
    def environment(self) -> DataverseEnvironment:
        """The environment served."""
        return self._environment

    def answer(self, call: Call, caller: Caller) -> Answer:
        """Answer a call in a transaction of its own; refusals become error answers."""
        try:
            self._environment.settle_keys(asked=_asks_for_keys(call))
            if call.method == "GET":
                return self._read(call, caller)
            with self._environment.writing(caller) as session:
                return handle(session, call.parsed())
        except DataverseError as error:
            return self.refused(error, call)
        except QueryError as error:
            return self.refused(refused_query(error), call)

    def refused(self, error: DataverseError, call: Call) -> Answer:
        """Answer with an error, in the form the call's version of the API has."""
        return error_answer(error, call, self._environment.settings.innererror_versions)

    def _read(self, call: Call, caller: Caller) -> Answer:
        """Answer a GET; the session stays open until the last piece of a page has been taken."""
        with ExitStack() as lent:
            session = lent.enter_context(self._environment.reading(caller))
            answer = handle(session, call.parsed())
            if isinstance(answer.body, bytes):
                return answer
            # The first pieces are read here, so that a query that fails is still answered with an error.
            pieces = _closing(answer.body, lent.pop_all())
            first, second = next(pieces), next(pieces, None)
            return replace(answer, body=first if second is None else chain([first, second], pieces))


def _closing(pieces: Iterator[bytes], lent: ExitStack) -> Iterator[bytes]:
    with lent:
        yield from pieces


def refused_query(error: QueryError) -> DataverseError:
    """Turn a refusal of the query reader into one of the service; what only the sandbox lacks is 501."""
    if isinstance(error, UnsupportedQueryError):
        return DataverseError(
            501, UNSUPPORTED_QUERY, f"The sandbox does not support this query: {error.message}"
        )
    return bad_request(error.message, UNSUPPORTED_QUERY)


def _asks_for_keys(call: Call) -> bool:
    return (
        call.method == "GET"
        and call.path.startswith("EntityDefinitions")
        and "Keys" in call.path + call.query
    )


def handle(session: Session, call: Call) -> Answer:
    """Answer a parsed call inside a session.

    Raises:
        DataverseError: the call is refused.
        QueryError: its query is malformed.
    """
    _check_headers(call)
    if not call.segments:
        return _document(session, call, "")
    first = call.segments[0]
    if first.name == "$metadata":
        return _document(session, call, "$metadata")
    if first.name in _DEFINITIONS:
        return metadata_call(session, call) if call.method == "GET" else metadata_write(session, call)
    if first.name in _NOT_HERE:
        raise not_in_sandbox(f"'{first.name}'")
    table = session.table_of_set(first.name)
    if table is not None:
        return entity_set_call(session, call, table) if first.key is None else row_call(session, call, table)
    answer = function_call(session, call)
    if answer is None:
        raise unknown_segment(first.name)
    return answer


def _check_headers(call: Call) -> None:
    for name in _REFUSED_HEADERS & call.headers.keys():
        if call.headers[name].lower() != "false":
            raise not_in_sandbox(f"the header '{name}'")


def _document(session: Session, call: Call, name: str) -> Answer:
    if call.method != "GET":
        raise method_not_allowed(call.method, name or "the service root")
    if not name:
        return json_answer(service_document(session.schema, session.root))
    annotations = call.options(()).custom.get("annotations") == "true"
    operations = operations_of(session.schema, session.pipeline, bulk=has_bulk_messages(call.version))
    document = csdl_document(session.schema, operations, annotations=annotations)
    return Answer(200, {"Content-Type": "application/xml"}, document.encode())
