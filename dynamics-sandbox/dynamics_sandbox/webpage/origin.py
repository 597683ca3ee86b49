"""Keeps other web sites out of the control API, which has no sign-in.

A page of some other site that is open in the user's browser can send requests to the loopback interface. It
cannot choose what its browser says about it: the Origin of a write names that site, and the Host of a name
that was made to point here is that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_READS: Final = frozenset({"GET", "HEAD"})


class SameOrigin:
    """Wraps an application; refuses with 403 what other sites send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or refuses a request."""
        problem = _problem(scope["method"], Headers(scope=scope)) if scope["type"] == "http" else ""
        if problem:
            await JSONResponse({"error": problem}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _problem(method: str, headers: Headers) -> str:
    host = headers.get("host", "")
    if host.rpartition(":")[0] not in _LOOPBACK and host not in _LOOPBACK:
        return "The control API answers requests to localhost only."
    origin = headers.get("origin")
    if method not in _READS and origin not in {None, f"https://{host}"}:
        return "The control API takes no orders from pages of other origins."
    return ""
