"""Faults on demand: the next matching requests are answered with an error, late, or not at all."""

from __future__ import annotations

import asyncio
import re
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from dynamics_sandbox.requestlog import target_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault.

    Attributes:
        environment: ``sign-in``, ``sales``, ``cds`` or ``fno``; empty for any.
        method: in capitals; empty for any.
        path: regular expression searched in path and query, percent-decoded; empty for any.
        times: how many requests it hits.
        skip: how many matching requests pass unharmed first.
        status: the answer's status; 0 lets the request through (after ``delay``).
        headers: of the answer, ``Retry-After`` for instance.
        body: of the answer.
        delay: seconds to wait before anything else happens.
        after_commit: the service carries the request out first, then its answer is replaced.
        drop: the connection is closed without an answer.
    """

    environment: str = ""
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: dict[str, str] = {}
    body: str = ""
    delay: float = 0
    after_commit: bool = False
    drop: bool = False

    def __post_init__(self) -> None:
        """Refuses what could never do anything.

        Raises:
            ValueError: says which field and why.
        """
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None
        if not (self.status or self.drop or self.delay):
            raise ValueError("a fault needs status, drop or delay")
        if self.status and not 200 <= self.status <= 599:  # noqa: PLR2004 - what an answer can have
            raise ValueError(f"status {self.status} is not between 200 and 599")
        if self.times < 1 or self.skip < 0 or self.delay < 0:
            raise ValueError("times must be 1 or more; skip and delay must not be negative")

    def matches(self, environment: str, method: str, target: str) -> bool:
        """Whether it is meant for this request."""
        return (
            self.environment in {"", environment}
            and self.method in {"", method}
            and re.search(self.path, unquote(target)) is not None
        )


class FaultPlan:
    """The faults that wait for their requests, in the order they were added; any thread may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Puts a fault behind those that wait already."""
        with self._lock:
            self._pending.append(fault)

    def pending(self) -> list[Fault]:
        """What has not happened yet, with what remains of ``times`` and ``skip``."""
        with self._lock:
            return list(self._pending)

    def clear(self) -> None:
        """Forgets all of them."""
        with self._lock:
            self._pending.clear()

    def take(self, environment: str, method: str, target: str) -> Fault | None:
        """The fault for this request, used up by one; None when the request goes through unharmed."""
        with self._lock:
            for index, fault in enumerate(self._pending):
                if not fault.matches(environment, method, target):
                    continue
                if fault.skip:
                    self._pending[index] = msgspec.structs.replace(fault, skip=fault.skip - 1)
                elif fault.times > 1:
                    self._pending[index] = msgspec.structs.replace(fault, times=fault.times - 1)
                else:
                    del self._pending[index]
                return None if fault.skip else fault
        return None


class FaultyApplication:
    """Wraps an ASGI application so that planned faults happen.

    Args:
        application: the service.
        environment: its name in faults.
        plan: the faults.
        abort: closes the connection of a client, given by its address and port, without an answer.
    """

    def __init__(
        self,
        application: ASGIApp,
        environment: str,
        plan: FaultPlan,
        abort: Callable[[tuple[str, int]], None],
    ) -> None:
        self._application = application
        self._environment = environment
        self._plan = plan
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, or does to it what the plan says."""
        fault = None
        if scope["type"] == "http":
            fault = self._plan.take(self._environment, scope["method"], target_of(scope))
        if fault is None:
            await self._application(scope, receive, send)
            return
        await asyncio.sleep(fault.delay)
        if not fault.status and not fault.drop:
            await self._application(scope, receive, send)
            return
        if fault.after_commit:
            await self._application(scope, receive, _ignore)
        else:
            await _drain(receive)
        if fault.drop:
            self._abort(scope["client"])
            await _drain(receive)
        else:
            await _answer(fault, send)


async def _ignore(_: Message) -> None:
    """Takes the place of ``send`` for an answer that nobody is to see."""


async def _drain(receive: Receive) -> None:
    """Reads a request to its end, so that the client is not cut off while it still sends."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def _answer(fault: Fault, send: Send) -> None:
    body = fault.body.encode()
    given = {name.lower() for name in fault.headers}
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fault.headers.items()]
    if "content-type" not in given:
        kind = "application/json" if body[:1] in {b"{", b"["} else "text/plain"
        headers.append((b"content-type", f"{kind}; charset=utf-8".encode()))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
