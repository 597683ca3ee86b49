"""Requests of other clients that get through while one is being answered, carried out inside the process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message

_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"
_FIRST_ERROR: Final = 400
_NOTHING: Final = msgspec.Raw(b"null")


class Interlude(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request of somebody else.

    Attributes:
        environment: ``sales``, ``cds`` or ``fno``.
        method: in capitals.
        path: from the host's root, with its query.
        json: content to send; null sends none.
        headers: more header fields.
    """

    environment: str
    method: str
    path: str
    json: msgspec.Raw = _NOTHING
    headers: dict[str, str] = {}


class OtherClients:
    """Sends interludes straight to the services, past log, faults and hooks.

    Args:
        services: the applications by environment.
        authorize: gives the ``Authorization`` header for an environment.
    """

    def __init__(self, services: Mapping[str, ASGIApp], authorize: Callable[[str], str]) -> None:
        self._services = services
        self._authorize = authorize

    async def send(self, interlude: Interlude) -> str:
        """Carries a request out; gives what went wrong, empty when nothing did."""
        application = self._services.get(interlude.environment)
        if application is None:
            return f"there is no environment '{interlude.environment}'"
        content = b"" if interlude.json == _NOTHING else bytes(interlude.json)
        status, body = await _exchange(application, self._scope(interlude), content)
        if status < _FIRST_ERROR:
            return ""
        return (
            f"{interlude.method} {interlude.path} was refused with {status}: {body.decode(errors='replace')}"
        )

    def _scope(self, interlude: Interlude) -> dict[str, Any]:
        path, _, query = interlude.path.partition("?")
        headers = {
            "accept": "application/json",
            "content-type": "application/json",
            "authorization": self._authorize(interlude.environment),
            **{name.lower(): value for name, value in interlude.headers.items()},
        }
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": interlude.method,
            "scheme": "https",
            "path": path,
            "raw_path": quote(path, safe=_SAFE).encode(),
            "query_string": quote(query, safe=_SAFE).encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "server": ("localhost", 443),
            "client": ("127.0.0.1", 0),
        }


async def _exchange(application: ASGIApp, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    status, parts, gone = 0, [], asyncio.Event()
    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await gone.wait()  # this client stays until it has its answer
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await application(scope, receive, send)
    return status, b"".join(parts)
