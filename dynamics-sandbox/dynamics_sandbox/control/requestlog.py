"""The log of requests that the control API shows, kept in memory."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec looks it up
from collections import deque
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from dynamics_sandbox.control.patterns import RequestPattern, target_of
from dynamics_sandbox.settings import SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEPT: Final = 100_000
# Bodies are for looking at: long ones are cut, old ones give way to new ones.
_BODY_BYTES: Final = 64 * 1024
_ALL_BODIES_BYTES: Final = 8 * 1024 * 1024


class LoggedRequest(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        id: counts up from 1 in the order of the answers; it goes on after the log was emptied.
        time: when it arrived, UTC, by the sandbox's clock.
        environment: ``sign-in``, ``sales``, ``cds`` or ``fno``.
        method: in capitals.
        path: path and query as sent, percent-encoding included.
        status: of the answer; null when the connection was dropped.
    """

    id: int
    time: dt.datetime
    environment: str
    method: str
    path: str
    status: int | None


class LogFilter(RequestPattern, frozen=True, forbid_unknown_fields=True):
    """Which of the requests to show.

    Attributes:
        since: only those with a higher id.
        status: only those answered with it; 0 for any.
    """

    since: int = 0
    status: int = 0

    def admits(self, entry: LoggedRequest) -> bool:
        """Whether a request is to be shown, ``skip`` not counted."""
        return (
            entry.id > self.since
            and self.status in {0, entry.status}
            and self.matches(entry.environment, entry.method, entry.path)
        )


class RequestLog:
    """The latest requests, oldest first, at most 100,000; any thread may use it.

    The beginning of their bodies is kept too, except those of sign-in, which hold secrets: 64 KiB of each,
    8 MiB of the latest.

    Attributes:
        clock: gives the moment at which a request arrives.
    """

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self.clock = clock
        self._lock = Lock()
        self._ids = count(1)
        self._entries: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self._bodies: dict[int, bytes] = {}
        self._body_bytes = 0

    def add(self, arrived: Arrived, status: int | None) -> None:
        """Notes a request."""
        with self._lock:
            entry = LoggedRequest(
                next(self._ids), arrived.time, arrived.environment, arrived.method, arrived.path, status
            )
            self._entries.append(entry)
            if arrived.body and arrived.environment != SIGN_IN:
                self._keep_body(entry.id, bytes(arrived.body))

    def _keep_body(self, request_id: int, body: bytes) -> None:
        self._bodies[request_id] = body
        self._body_bytes += len(body)
        while self._body_bytes > _ALL_BODIES_BYTES:
            self._body_bytes -= len(self._bodies.pop(next(iter(self._bodies))))

    def entries(self, chosen: LogFilter | None = None) -> list[LoggedRequest]:
        """The noted requests, or those chosen, in the order in which they were answered."""
        with self._lock:
            entries = list(self._entries)
        if chosen is None:
            return entries
        return [entry for entry in entries if chosen.admits(entry)][chosen.skip :]

    def body(self, request_id: int) -> str | None:
        """The beginning of a request's body as text; None when it had none or it is no longer kept."""
        body = self._bodies.get(request_id)
        return None if body is None else body.decode("utf-8", "replace")

    def clear(self) -> None:
        """Forgets them."""
        with self._lock:
            self._entries.clear()
            self._bodies.clear()
            self._body_bytes = 0


class Arrived(msgspec.Struct):
    """What is known of a request before it is answered."""

    time: dt.datetime
    environment: str
    method: str
    path: str
    body: bytearray


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
        arrived = Arrived(
            self._log.clock(), self._environment, scope["method"], target_of(scope), bytearray()
        )
        noted = False

        async def noting_receive() -> Message:
            message = await receive()
            room = _BODY_BYTES - len(arrived.body)
            arrived.body.extend(message.get("body", b"")[: max(room, 0)])
            return message

        async def noting_send(message: Message) -> None:
            nonlocal noted
            if message["type"] == "http.response.start":
                noted = True
                self._log.add(arrived, message["status"])
            await send(message)

        try:
            await self._application(scope, noting_receive, noting_send)
        finally:
            if not noted:
                self._log.add(arrived, None)
