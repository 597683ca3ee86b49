"""The log of requests that the control API shows, kept in memory."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec looks it up
from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEPT: Final = 100_000


class LoggedRequest(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        time: when it arrived, UTC.
        environment: ``sign-in``, ``sales``, ``cds`` or ``fno``.
        method: in capitals.
        path: path and query as sent, percent-encoding included.
        status: of the answer; null when the connection was dropped.
    """

    time: dt.datetime
    environment: str
    method: str
    path: str
    status: int | None


class RequestLog:
    """The latest requests, oldest first; at most 100,000 of them.

    Attributes:
        clock: gives the moment at which a request arrives.
    """

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self.clock = clock
        self._entries: deque[LoggedRequest] = deque(maxlen=_KEPT)

    def add(self, entry: LoggedRequest) -> None:
        """Notes a request."""
        self._entries.append(entry)

    def entries(self) -> list[LoggedRequest]:
        """All noted requests, in the order they were answered."""
        return list(self._entries)

    def clear(self) -> None:
        """Forgets them."""
        self._entries.clear()


def target_of(scope: Scope) -> str:
    """Path and query of a request as the client sent them."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path).decode("latin-1")


class LoggedApplication:
    """Wraps an ASGI application so that its requests are noted."""

    def __init__(self, application: ASGIApp, environment: str, log: RequestLog) -> None:
        self._application = application
        self._environment = environment
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Notes a request once its status is known: a client that has its answer finds it noted."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        arrived = self._log.clock()
        noted = False

        def note(status: int | None) -> None:
            nonlocal noted
            noted = True
            self._log.add(
                LoggedRequest(arrived, self._environment, scope["method"], target_of(scope), status)
            )

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        try:
            await self._application(scope, receive, noting_send)
        finally:
            if not noted:
                note(None)
