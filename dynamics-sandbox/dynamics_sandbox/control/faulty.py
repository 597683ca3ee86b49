"""Makes the planned faults happen around a service."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from dynamics_sandbox.control.answers import failure, worded
from dynamics_sandbox.control.patterns import target_of
from dynamics_sandbox.control.shaping import ShapedAnswer
from dynamics_sandbox.database import BEFORE_COMMIT
from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dynamics_sandbox.control.fault_plan import FaultPlan, HappenedFault
    from dynamics_sandbox.control.faults import Fault
    from dynamics_sandbox.control.interventions import Interventions
    from dynamics_sandbox.control.shaping import Connections

_AUTHORIZATION: Final = b"authorization"


class _LostTransactionError(Exception):
    """Ends a transaction as the death of the server would."""


class FaultyApplication:
    """Wraps an ASGI application so that planned faults happen.

    Args:
        application: the service.
        environment: its name in faults.
        plan: the faults.
        connections: can close a client's connection.
        interventions: what a fault does to the services themselves.
    """

    def __init__(
        self,
        application: ASGIApp,
        environment: str,
        plan: FaultPlan,
        *,
        connections: Connections,
        interventions: Interventions,
    ) -> None:
        self._application = application
        self._environment = environment
        self._plan = plan
        self._connections = connections
        self._interventions = interventions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, or does to it what the plan says."""
        happened = None
        if scope["type"] == "http":
            happened = self._plan.take(self._environment, scope["method"], target_of(scope))
        if happened is None:
            await self._application(scope, receive, send)
            return
        fault = happened.fault
        await asyncio.sleep(fault.delay)
        await self._prepare(happened, scope)
        if fault.replaces_answer:
            await self._replace(fault, scope, receive, send)
        elif fault.error:
            await self._fail(happened, scope, receive, send)
        elif fault.shapes_body:
            shaped = ShapedAnswer(fault, send, self._connections, scope["client"])
            await self._application(scope, receive, shaped.send)
            await shaped.finish(receive)
        else:
            await self._application(scope, receive, send)

    async def _prepare(self, happened: HappenedFault, scope: Scope) -> None:
        """What happens before the request is carried out."""
        fault, levers, problems = happened.fault, self._interventions, []
        if fault.expire_token:
            levers.expire_token(_header(scope, _AUTHORIZATION))
        try:
            if fault.expire_delta_links:
                await run_in_threadpool(levers.expire_delta_links, self._environment)
            if fault.pending_key:
                await run_in_threadpool(levers.rebuild_key, self._environment, fault.pending_key)
        except SandboxError as error:
            problems.append(str(error))
        problems += await levers.carry_out(fault.meanwhile)
        happened.problem = " ".join(problems)

    async def _replace(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.after_commit:
            await self._application(scope, receive, _ignore)
        elif fault.before_commit:
            await self._lose(scope, receive)
        else:
            await _drain(receive)
        if fault.drop:
            self._connections.abort(scope["client"])
            await _drain(receive)
        else:
            await self._answer(fault, send)

    async def _lose(self, scope: Scope, receive: Receive) -> None:
        """Carries the request out as far as its first commit."""

        def lose() -> None:
            raise _LostTransactionError

        token = BEFORE_COMMIT.set((*BEFORE_COMMIT.get(), lose))
        try:
            await self._application(scope, receive, _ignore)
        except _LostTransactionError:
            pass
        finally:
            BEFORE_COMMIT.reset(token)

    async def _fail(self, happened: HappenedFault, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the service's own code fail when it commits for the first time."""
        name, path = happened.fault.error, target_of(scope).partition("?")[0]
        if name is None:
            return
        request = await _whole(receive)
        ending = _Ending(failure(name, self._interventions.fno_model, path, request.body))
        token = BEFORE_COMMIT.set((*BEFORE_COMMIT.get(), ending))
        try:
            await self._application(scope, request.replay, send)
        finally:
            BEFORE_COMMIT.reset(token)
        if not ending.came:
            happened.problem = f"The request committed nothing, so no {name} happened."

    async def _answer(self, fault: Fault, send: Send) -> None:
        kind, body = worded(self._environment, fault.status)
        if fault.body is not None:
            body = fault.body.encode()
            kind = "application/json" if body[:1] in {b"{", b"["} else "text/plain"
            kind += "; charset=utf-8"
        headers = {name.lower(): value for name, value in fault.headers.items()}
        if kind:
            headers.setdefault("content-type", kind)
        headers["content-length"] = str(len(body))
        pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": fault.status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})


@dataclass(slots=True)
class _Ending:
    """Raises an exception once."""

    error: Exception
    came: bool = False

    def __call__(self) -> None:
        if not self.came:
            self.came = True
            raise self.error


@dataclass(slots=True)
class _Request:
    """A request that has been read to its end, to be read again."""

    body: bytes
    receive: Receive
    read: bool = field(default=False)

    async def replay(self) -> Message:
        if self.read:
            return await self.receive()
        self.read = True
        return {"type": "http.request", "body": self.body, "more_body": False}


async def _whole(receive: Receive) -> _Request:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return _Request(b"".join(parts), receive)


def _header(scope: Scope, wanted: bytes) -> str:
    values = [value for name, value in scope["headers"] if name.lower() == wanted]
    return bytes(values[-1]).decode("latin-1") if values else ""


async def _ignore(_: Message) -> None:
    """Takes the place of ``send`` for an answer that nobody is to see."""


async def _drain(receive: Receive) -> None:
    """Reads a request to its end, so that the client is not cut off while it still sends."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
