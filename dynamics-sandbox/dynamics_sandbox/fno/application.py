"""The web application of the F&O service: sign-in, user and company, common headers, two services."""

from __future__ import annotations

import uuid
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dynamics_sandbox.fno.errors import unsupported
from dynamics_sandbox.fno.exchange import JSON_TYPE, Call, Reply, split_path
from dynamics_sandbox.fno.metadata_service import MetadataService
from dynamics_sandbox.fno.service import DataService
from dynamics_sandbox.fno.throttling import Throttle, ThrottledError
from dynamics_sandbox.web_servers import AFFINITY, WebServers

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynamics_sandbox.fno.environment import FnoEnvironment

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]
_TEXT = "text/plain; charset=utf-8"


class Caller(Protocol):
    """Who a token belongs to."""

    @property
    def client_id(self) -> str:
        """Application id."""


class TokenCheck(Protocol):
    """Checks bearer tokens; ``tokens.TokenChecker`` of the sandbox is one."""

    def check(self, authorization_header: str | None, resource: str, *, exact: bool) -> Caller | None:
        """The caller, or None when the token is missing, expired, or meant for another resource."""


def create_application(environment: FnoEnvironment, tokens: TokenCheck) -> Starlette:
    """The application that serves one environment.

    Args:
        environment: data, model and settings.
        tokens: checks the Authorization header for the environment's address.
    """
    gateway = _Gateway(environment, tokens)
    return Starlette(routes=[Route("/{path:path}", gateway.answer, methods=_METHODS)])


class _Gateway:
    """What every call passes through before and after the services."""

    def __init__(self, environment: FnoEnvironment, tokens: TokenCheck) -> None:
        self._environment = environment
        self._tokens = tokens
        self._data = DataService(environment)
        self._throttle = Throttle(environment.settings, environment.clock)
        self._servers = WebServers(environment.url)

    @cached_property
    def _metadata(self) -> MetadataService:
        """Made for its first request: many a client never asks."""
        environment = self._environment
        return MetadataService(environment.model, environment.actions, f"{environment.url}/metadata")

    async def answer(self, request: Request) -> Response:
        """The answer to any request."""
        started = perf_counter()
        settings = self._environment.settings
        server, token = self._servers.choose(request.headers.get("cookie", ""), settings.web_servers)
        body = await request.body()
        reply = await run_in_threadpool(self._reply, request, body, server)
        headers = {
            "OData-Version": "4.0",
            "ms-dyn-aid": str(uuid.uuid4()),
            "server-timing": f"dur={(perf_counter() - started) * 1000:.0f}",
            **reply.headers,
        }
        if settings.affinity_cookie and token:
            headers["Set-Cookie"] = f"{AFFINITY}={token}; Path=/; HttpOnly; Secure"
        if settings.streaming_in_content_type and "Content-Type" in headers:
            headers["Content-Type"] = headers["Content-Type"].replace(
                "; charset", ";odata.streaming=true; charset"
            )
        if isinstance(reply.body, bytes):
            return Response(reply.body, reply.status, headers)
        return StreamingResponse(reply.body, reply.status, headers)

    def _reply(self, request: Request, body: bytes, server: int) -> Reply:
        environment = self._environment
        settings = environment.settings
        principal = self._tokens.check(
            request.headers.get("authorization"), environment.url, exact=settings.exact_audience
        )
        company = environment.default_company(principal.client_id) if principal else None
        if principal is None or company is None:
            unknown = principal.client_id if principal and settings.unauthorized_hint else ""
            return _unauthorized(environment.url, unknown)
        try:
            admission = self._throttle.admit(principal.client_id, server)
        except ThrottledError as error:
            return _throttled(error, settings.throttled_body)
        started = perf_counter()
        try:
            return self._serve(request, body, company)
        finally:
            admission.done(perf_counter() - started)

    def _serve(self, request: Request, body: bytes, company: str) -> Reply:
        """The answer of the service the path names."""
        if self._environment.settings.honour_company_header:
            company = request.headers.get("company", company).lower()
        # The raw path keeps an encoded slash inside a key apart from a real one.
        service, *segments = split_path(request.scope["raw_path"].decode("ascii")) or ("",)
        call = Call(
            method=request.method,
            segments=tuple(segments),
            query=request.scope["query_string"].decode("latin-1"),
            headers=dict(request.headers.items()),
            body=body,
            company=company,
        )
        if service.lower() == "data":
            return self._data.answer(call)
        if service.lower() == "metadata":
            return self._metadata.answer(call)
        return _outside(service)


def _unauthorized(url: str, unknown_client: str) -> Reply:
    """Empty body; the header says where tokens are asked for, and of which application no user is known."""
    hint = (
        f', error="invalid_token", error_description="The application {unknown_client} has no enabled user: '
        'register it under System administration > Setup > Microsoft Entra applications."'
    )
    return Reply(401, b"", {"WWW-Authenticate": f'Bearer realm="{url}"{hint if unknown_client else ""}'})


def _throttled(error: ThrottledError, form: str) -> Reply:
    if form == "empty":
        return Reply(error.status, b"", error.headers)
    if form == "text":
        return Reply(error.status, error.message.encode(), {"Content-Type": _TEXT, **error.headers})
    return Reply(error.status, error.body(), {"Content-Type": JSON_TYPE, **error.headers})


def _outside(service: str) -> Reply:
    if service.lower() == "api":
        error = unsupported("recurring integrations and custom services (/api)")
        return Reply(error.status, error.body(), {"Content-Type": JSON_TYPE})
    return Reply(404)
