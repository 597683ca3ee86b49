"""The Starlette application of one Dataverse environment: token, caller, and the way of each request."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dynamics_sandbox.dataverse.errors import INVALID_ARGUMENT, DataverseError, unknown_segment
from dynamics_sandbox.dataverse.protocol.batch import batch_answer
from dynamics_sandbox.dataverse.protocol.callers import acting_caller
from dynamics_sandbox.dataverse.protocol.calls import Answer, Call, error_answer
from dynamics_sandbox.dataverse.protocol.service import Service
from dynamics_sandbox.dataverse.protocol.service_protection import ServiceProtection, affinity_cookies
from dynamics_sandbox.dataverse.protocol.versions import SERVICE_PATH, VERSIONS
from dynamics_sandbox.web_servers import WebServers

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynamics_sandbox.dataverse.environment import DataverseEnvironment
    from dynamics_sandbox.tokens import TokenChecker

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def create_application(environment: DataverseEnvironment, tokens: TokenChecker) -> Starlette:
    """Make the application of an environment.

    Args:
        environment: what it serves.
        tokens: checks the Authorization header.
    """
    endpoint = _Endpoint(environment, tokens)
    return Starlette(routes=[Route("/{path:path}", endpoint.respond, methods=_METHODS)])


class _Endpoint:
    """Turns HTTP requests into calls."""

    def __init__(self, environment: DataverseEnvironment, tokens: TokenChecker) -> None:
        self._environment = environment
        self._tokens = tokens
        self._service = Service(environment)
        self._host = urlsplit(environment.url).hostname or ""
        self._servers = WebServers(environment.url)
        self._protection = ServiceProtection(environment.settings, lambda: environment.clock().timestamp())

    async def respond(self, request: Request) -> Response:
        """Answer a request."""
        settings = self._environment.settings
        principal = self._tokens.check(
            request.headers.get("authorization"), self._environment.url, exact=settings.exact_audience
        )
        if principal is None:
            return self._unauthorized()
        server, token = self._servers.choose(request.headers.get("cookie", ""), settings.web_servers)
        answer = await self._protected(request, principal.client_id, server)
        headers = {
            "OData-Version": "4.0",
            "x-ms-service-request-id": str(uuid.uuid4()),
            "x-ms-dop-hint": str(settings.parallelism_hint),
            **answer.headers,
        }
        response = (
            Response(answer.body, answer.status, headers)
            if isinstance(answer.body, bytes)
            else StreamingResponse(answer.body, answer.status, headers)
        )
        for cookie in affinity_cookies(token, self._host) if token else ():
            response.headers.append("Set-Cookie", cookie)
        return response

    async def _protected(self, request: Request, client_id: str, server: int) -> Answer:
        """Answer within the limits of service protection; a $batch counts as one request."""
        body = await request.body()
        call = _call(request, body)
        user = call.headers.get("callerobjectid") or call.headers.get("mscrmcallerid") or client_id
        try:
            admission = self._protection.admit(user, server)
        except DataverseError as error:
            return self._refused(error, call)
        started = time.perf_counter()
        try:
            answer = await run_in_threadpool(self._answer, request, call, client_id)
        finally:
            admission.done(time.perf_counter() - started)
        return replace(answer, headers={**self._protection.headers(admission), **answer.headers})

    def _answer(self, request: Request, call: Call, client_id: str) -> Answer:
        raw_path = request.scope["raw_path"].decode("ascii")
        if call.version not in VERSIONS:
            return self._refused(unknown_segment(raw_path.strip("/")), call)
        limit = self._environment.settings.url_limit
        if len(raw_path) + len(call.query) > limit:
            too_long = DataverseError(414, INVALID_ARGUMENT, f"The URL is longer than {limit} characters.")
            return self._refused(too_long, call)
        try:
            caller = acting_caller(self._environment, client_id, call)
        except DataverseError as error:
            return self._refused(error, call)
        if call.path.strip("/") == "$batch" and call.method == "POST":
            return batch_answer(self._service, call, caller)
        return self._service.answer(call, caller)

    def _refused(self, error: DataverseError, call: Call) -> Answer:
        return error_answer(error, call, self._environment.settings.innererror_versions)

    def _unauthorized(self) -> Response:
        uri = self._environment.settings.authorization_uri
        challenge = f"Bearer authorization_uri={uri}, resource_id={self._environment.url}/"
        return Response(status_code=401, headers={"WWW-Authenticate": challenge})


def _call(request: Request, body: bytes) -> Call:
    """Give the request as a call; its version is empty when the path does not lead to the service."""
    raw_path = request.scope["raw_path"].decode("ascii")
    match = SERVICE_PATH.match(raw_path)
    path, version = (raw_path[match.end() :], match.group(1)) if match else ("", "")
    query = request.scope["query_string"].decode("ascii")
    return Call(request.method, path, query, _headers(request), body, version=version)


def _headers(request: Request) -> dict[str, str]:
    """Give header fields by lower-case name; several of one name count as one with commas."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
