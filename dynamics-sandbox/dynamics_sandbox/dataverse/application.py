"""The Starlette application of one Dataverse environment: token, caller, and the way of each request."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from dynamics_sandbox.dataverse.errors import INVALID_ARGUMENT, DataverseError, unknown_segment
from dynamics_sandbox.dataverse.protocol.batch import batch_answer
from dynamics_sandbox.dataverse.protocol.calls import Answer, Call, error_answer
from dynamics_sandbox.dataverse.protocol.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynamics_sandbox.dataverse.environment import DataverseEnvironment
    from dynamics_sandbox.tokens import TokenChecker

_SERVICE_PATH = re.compile(r"/api/data/v9\.[0-2]/?")
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def create_application(
    environment: DataverseEnvironment, tokens: TokenChecker, faults: Any = None
) -> Starlette:
    """Make the application of an environment.

    Args:
        environment: what it serves.
        tokens: checks the Authorization header.
        faults: accepted for symmetry with the other services; faults are injected around the application.
    """
    del faults
    endpoint = _Endpoint(environment, tokens)
    return Starlette(routes=[Route("/{path:path}", endpoint.respond, methods=_METHODS)])


class _Endpoint:
    """Turns HTTP requests into calls."""

    def __init__(self, environment: DataverseEnvironment, tokens: TokenChecker) -> None:
        self._environment = environment
        self._tokens = tokens
        self._service = Service(environment)

    async def respond(self, request: Request) -> Response:
        """Answer a request."""
        principal = self._tokens.check(request.headers.get("authorization"), self._environment.url)
        if principal is None:
            return self._unauthorized()
        body = await request.body()
        answer = await run_in_threadpool(self._answer, request, body, principal.client_id)
        headers = {"OData-Version": "4.0", "x-ms-service-request-id": str(uuid.uuid4()), **answer.headers}
        return Response(answer.body, answer.status, headers)

    def _answer(self, request: Request, body: bytes, client_id: str) -> Answer:
        raw_path = request.scope["raw_path"].decode("ascii")
        query = request.scope["query_string"].decode("ascii")
        headers = _headers(request)
        match = _SERVICE_PATH.match(raw_path)
        path = raw_path[match.end() :] if match else ""
        call = Call(request.method, path, query, headers, body)
        if match is None:
            return error_answer(unknown_segment(raw_path.strip("/")), call.preferences)
        limit = self._environment.settings.url_limit
        if len(raw_path) + len(query) > limit:
            too_long = DataverseError(414, INVALID_ARGUMENT, f"The URL is longer than {limit} characters.")
            return error_answer(too_long, call.preferences)
        try:
            caller = self._environment.caller(client_id)
        except DataverseError as error:
            return error_answer(error, call.preferences)
        if path.strip("/") == "$batch" and request.method == "POST":
            return batch_answer(self._service, call, caller)
        return self._service.answer(call, caller)

    def _unauthorized(self) -> Response:
        uri = self._environment.settings.authorization_uri
        challenge = f"Bearer authorization_uri={uri}, resource_id={self._environment.url}/"
        return Response(status_code=401, headers={"WWW-Authenticate": challenge})


def _headers(request: Request) -> dict[str, str]:
    """Give header fields by lower-case name; several of one name count as one with commas."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
