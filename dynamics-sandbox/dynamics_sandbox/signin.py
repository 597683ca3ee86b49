"""The sign-in service: the endpoints of Microsoft Entra ID that azure-identity and older clients use.

Only the client-credentials grant exists here: OpenID discovery, instance discovery, and the token endpoints
of both versions. Error codes are those of Entra (``AADSTS...``), because clients show them to their users.
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection

    from starlette.requests import Request

    from dynamics_sandbox.identity import Identity
    from dynamics_sandbox.tokens import TokenIssuer

_DEFAULT_SCOPE: Final = "/.default"
# Names that stand for "any tenant"; an application has to name its own.
_SHARED_TENANTS: Final = frozenset({"common", "organizations", "consumers"})


@dataclass(eq=False)
class _RefusalError(Exception):
    """An OAuth error answer."""

    status: int
    error: str
    code: int
    message: str

    def response(self, moment: dt.datetime) -> JSONResponse:
        now = moment.strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        text = (
            f"AADSTS{self.code}: {self.message} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {now}"
        )
        body = {
            "error": self.error,
            "error_description": text,
            "error_codes": [self.code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return JSONResponse(body, self.status, headers={"Cache-Control": "no-store"})


class SignIn:
    """The endpoints, for one tenant with one registered application.

    Args:
        authority: own address, without a trailing slash.
        identity: the tenant, the application and its secret.
        issuer: makes the tokens.
        resources: addresses of the environments, without a trailing slash.
        clock: gives the current moment.
    """

    def __init__(
        self,
        authority: str,
        identity: Identity,
        issuer: TokenIssuer,
        resources: Collection[str],
        *,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._authority = authority
        self._identity = identity
        self._issuer = issuer
        self._resources = frozenset(resources)
        self._clock = clock

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/common/discovery/instance", self._instance),
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._openid_configuration),
                Route("/{tenant}/.well-known/openid-configuration", self._openid_configuration),
                Route("/{tenant}/discovery/v2.0/keys", self._keys),
                Route("/{tenant}/oauth2/v2.0/token", self._token_v2, methods=["POST"]),
                Route("/{tenant}/oauth2/token", self._token_v1, methods=["POST"]),
            ]
        )

    async def _instance(self, request: Request) -> JSONResponse:
        """Instance discovery: this authority stands for itself only."""
        tenant = request.query_params.get("authorization_endpoint", "").removeprefix(self._authority)
        name = tenant.strip("/").partition("/")[0] or self._identity.tenant_id
        host = self._authority.removeprefix("https://")
        root = f"{self._authority}/{name}"
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{root}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    async def _openid_configuration(self, request: Request) -> JSONResponse:
        try:
            self._check_tenant(request, error="invalid_tenant")
        except _RefusalError as refusal:
            return refusal.response(self._clock())
        root = f"{self._authority}/{self._identity.tenant_id}"
        version = "/v2.0" if "/v2.0/" in request.url.path else ""
        return JSONResponse(
            {
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/oauth2{version}/authorize",
                "token_endpoint": f"{root}/oauth2{version}/token",
                "device_authorization_endpoint": f"{root}/oauth2{version}/devicecode",
                "jwks_uri": f"{root}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": None,
            }
        )

    async def _keys(self, _: Request) -> JSONResponse:
        """No public keys: tokens are signed with a key that only the sandbox has."""
        return JSONResponse({"keys": []})

    async def _token_v2(self, request: Request) -> JSONResponse:
        try:
            form = await self._signed_in_form(request)
            token = self._issuer.issue(
                self._identity.client_id, self._resource_of_scope(form.get("scope", ""))
            )
        except _RefusalError as refusal:
            return refusal.response(self._clock())
        seconds = self._issuer.lifetime
        return _granted({"expires_in": seconds, "ext_expires_in": seconds, "access_token": token})

    async def _token_v1(self, request: Request) -> JSONResponse:
        """Version 1 names a resource instead of a scope and answers its numbers as strings."""
        try:
            form = await self._signed_in_form(request)
            resource = self._known_resource(form.get("resource", ""))
        except _RefusalError as refusal:
            return refusal.response(self._clock())
        now, seconds = int(self._clock().timestamp()), self._issuer.lifetime
        return _granted(
            {
                "expires_in": str(seconds),
                "ext_expires_in": str(seconds),
                "expires_on": str(now + seconds),
                "not_before": str(now),
                "resource": resource,
                "access_token": self._issuer.issue(self._identity.client_id, resource),
            }
        )

    def _check_tenant(self, request: Request, *, error: str) -> None:
        tenant = request.path_params["tenant"].lower()
        if tenant in _SHARED_TENANTS:
            raise _RefusalError(
                400, error, 50059, f"No tenant-identifying information found in the request but '{tenant}'."
            )
        if tenant != self._identity.tenant_id:
            raise _RefusalError(
                400,
                error,
                90002,
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
                "signing into the correct cloud.",
            )

    async def _signed_in_form(self, request: Request) -> dict[str, str]:
        """The form of a token request, once tenant, application and secret are right."""
        self._check_tenant(request, error="invalid_request")
        body = (await request.body()).decode("utf-8", "replace")
        form = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        self._check_form(form)
        if not hmac.compare_digest(form["client_secret"].encode(), self._identity.client_secret.encode()):
            raise _RefusalError(
                401,
                "invalid_client",
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                f"secret value, not the client secret ID, for a secret added to app '{form['client_id']}'.",
            )
        return form

    def _check_form(self, form: dict[str, str]) -> None:
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                text = f"The request body must contain the following parameter: '{name}'."
                raise _RefusalError(400, "invalid_request", 900144, text)
        if form["grant_type"] != "client_credentials":
            text = f"The app requested an unsupported grant type '{form['grant_type']}'."
            raise _RefusalError(400, "unsupported_grant_type", 70003, text)
        if form["client_id"].lower() != self._identity.client_id:
            text = (
                f"Application with identifier '{form['client_id']}' was not found in the directory "
                f"'{self._identity.tenant_id}'."
            )
            raise _RefusalError(400, "unauthorized_client", 700016, text)
        if form.get("client_assertion"):
            text = "This sandbox knows no certificates of the application: sign in with its client secret."
            raise _RefusalError(401, "invalid_client", 700027, text)
        if not form.get("client_secret"):
            text = "The request body must contain the parameter 'client_assertion' or 'client_secret'."
            raise _RefusalError(401, "invalid_client", 7000218, text)

    def _resource_of_scope(self, scope: str) -> str:
        scopes = scope.split()
        if len(scopes) != 1:
            text = f"The provided request must include one scope. The scope '{scope}' is not valid."
            raise _RefusalError(400, "invalid_scope", 70011, text)
        if not scopes[0].endswith(_DEFAULT_SCOPE):
            text = (
                f"The provided value for scope {scope} is not valid. Client credential flows must have a "
                "scope value with /.default suffixed to the resource identifier (application ID URI)."
            )
            raise _RefusalError(400, "invalid_scope", 1002012, text)
        return self._known_resource(scopes[0].removesuffix(_DEFAULT_SCOPE))

    def _known_resource(self, resource: str) -> str:
        """The resource as asked for: its letters become the token's audience, trailing slash included."""
        if resource.lower().rstrip("/") not in self._resources:
            text = (
                f"The resource principal named {resource} was not found in the tenant named "
                f"{self._identity.tenant_id}: no environment of the sandbox has this URL."
            )
            raise _RefusalError(400, "invalid_resource", 500011, text)
        return resource


def _granted(fields: dict[str, str | int]) -> JSONResponse:
    return JSONResponse({"token_type": "Bearer", **fields}, headers={"Cache-Control": "no-store"})
