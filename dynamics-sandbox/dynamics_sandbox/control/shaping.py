"""An answer on its way out: slow, cut off with its connection, or shortened as if that were all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

    from dynamics_sandbox.control.faults import Fault

#: Pieces per second of a slow body.
_BEATS: Final = 10


class Connections(Protocol):
    """Closes the connections of one listener; a client is its address and port."""

    def abort(self, client: tuple[str, int]) -> None:
        """At once; what was sent last may be lost."""

    def close(self, client: tuple[str, int]) -> None:
        """After what was sent has gone out."""


class ShapedAnswer:
    """Takes the place of ``send`` for one answer.

    Args:
        fault: ``cut_after``, ``truncate`` and ``bytes_per_second`` say what to do.
        send: where the answer goes.
        connections: closes the client's connection.
        client: its address and port.
    """

    def __init__(self, fault: Fault, send: Send, connections: Connections, client: tuple[str, int]) -> None:
        self._fault = fault
        self._send = send
        self._connections = connections
        self._client = client
        limits = [limit for limit in (fault.cut_after, fault.truncate) if limit is not None]
        self._room = min(limits) if limits else None
        self._cuts = fault.cut_after is not None and fault.cut_after == self._room
        self._over = False

    async def send(self, message: Message) -> None:
        """Passes on what may still go out."""
        if self._over:
            return
        if message["type"] == "http.response.start":
            await self._send(self._start(message))
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._room is not None and len(body) >= self._room and (body[self._room :] or more):
            body, more, self._over = body[: self._room], self._cuts, True
        elif self._room is not None:
            self._room -= len(body)
        await self._body(body, more=more)

    def _start(self, message: Message) -> Message:
        """A shortened body must not be given away by its announced length."""
        if self._room is None or self._cuts:
            return message
        headers = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
        return {**message, "headers": headers}

    async def _body(self, body: bytes, *, more: bool) -> None:
        pace = self._fault.bytes_per_second
        step = max(1, pace // _BEATS) if pace else max(1, len(body))
        for start in range(0, len(body), step):
            await self._send(_piece(body[start : start + step], more=True))
            if pace:
                await asyncio.sleep(step / pace)
        if not more:
            await self._send(_piece(b"", more=False))

    async def finish(self, receive: Receive) -> None:
        """Closes the connection when that is what the fault is about."""
        if not (self._over and self._cuts):
            return
        self._connections.close(self._client)
        while (await receive())["type"] != "http.disconnect":
            pass


def _piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
