"""Hooks: a request is held before, during or after its work until whoever ordered the hook lets it go."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

import anyio.from_thread
import msgspec

from dynamics_sandbox.control.exchange import UnknownNameError
from dynamics_sandbox.control.patterns import RequestPattern, target_of
from dynamics_sandbox.database import BEFORE_COMMIT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Where a request is held: before it is carried out, with its work done but not committed (at its first
#: commit), or carried out and committed but not answered.
Moment: TypeAlias = OneOf["before", "during", "after"]
#: ``waiting`` for its request, ``held``, ``released`` by order, ``expired`` (let go when its time was up),
#: ``missed`` (the request went through without coming to the moment, such as a commit).
State: TypeAlias = OneOf["waiting", "held", "released", "expired", "missed"]
_LONGEST_SECONDS: Final = 600.0


class HookOrder(RequestPattern, frozen=True, forbid_unknown_fields=True):
    """What to hold: the first matching request behind ``skip``.

    Attributes:
        when: ``before``, ``during`` or ``after``.
        seconds: how long the request is held at most; then it is let go and the hook is ``expired``.
    """

    when: Moment = "before"
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuses a time that makes no sense.

        Raises:
            ValueError: says which field and why.
        """
        super().__post_init__()
        if not 0 < self.seconds <= _LONGEST_SECONDS:
            raise ValueError(
                f"seconds must be more than 0 and at most {_LONGEST_SECONDS:g}, not {self.seconds}"
            )


class HeldRequest(msgspec.Struct, frozen=True):
    """The request a hook holds or held."""

    environment: str
    method: str
    path: str


class HookReport(msgspec.Struct, frozen=True):
    """A hook as the control API shows it; ``request`` is null until there is one."""

    id: str
    state: State
    order: HookOrder
    request: HeldRequest | None


class Hook:
    """One hook; lives in the server's event loop."""

    def __init__(self, order: HookOrder) -> None:
        self.order = order
        self.id = uuid.uuid4().hex
        self.state: State = "waiting"
        self.request: HeldRequest | None = None
        self._settled = asyncio.Event()
        self._free = asyncio.Event()

    def report(self) -> HookReport:
        """Its present state."""
        return HookReport(self.id, self.state, self.order, self.request)

    async def hold(self) -> None:
        """Holds the request at this point, once, until it is released or its time is up."""
        if self.state != "waiting":
            return
        self._become("held")
        try:
            await asyncio.wait_for(self._free.wait(), self.order.seconds)
        except asyncio.TimeoutError:
            self._become("expired")

    def hold_from_thread(self) -> None:
        """The same for the thread that works on the request."""
        anyio.from_thread.run(self.hold)

    def pass_by(self) -> None:
        """Notes that the request went through without coming to the moment."""
        if self.state == "waiting":
            self._become("missed")

    def release(self) -> None:
        """Lets the request go; a hook that waits still will hold nothing any more."""
        if self.state in {"waiting", "held"}:
            self._become("released")
        self._free.set()

    async def settled(self, seconds: float) -> None:
        """Waits until it holds its request, or never will, at most so long."""
        try:
            await asyncio.wait_for(self._settled.wait(), seconds)
        except asyncio.TimeoutError:
            return

    def _become(self, state: State) -> None:
        self.state = state
        self._settled.set()


class HookPlan:
    """The hooks of a running sandbox, in the order they were added."""

    def __init__(self) -> None:
        self._hooks: dict[str, Hook] = {}
        self._passed: dict[str, int] = {}

    def add(self, order: HookOrder) -> Hook:
        """Puts a hook behind those that wait already."""
        hook = Hook(order)
        self._hooks[hook.id] = hook
        return hook

    def get(self, hook_id: str) -> Hook:
        """A hook by its id.

        Raises:
            UnknownNameError: there is none.
        """
        try:
            return self._hooks[hook_id]
        except KeyError:
            raise UnknownNameError(f"There is no hook '{hook_id}'.") from None

    def all(self) -> list[Hook]:
        """All hooks, also those that are over."""
        return list(self._hooks.values())

    def forget(self, hook_id: str) -> None:
        """Releases a hook and forgets it."""
        self.get(hook_id).release()
        del self._hooks[hook_id]
        self._passed.pop(hook_id, None)

    def clear(self) -> None:
        """Releases and forgets all hooks."""
        for hook_id in list(self._hooks):
            self.forget(hook_id)

    def take(self, environment: str, method: str, target: str) -> Hook | None:
        """The hook for this request: the first that waits for one like it and has let enough pass."""
        for hook in self._hooks.values():
            taken = hook.state != "waiting" or hook.request is not None
            if taken or not hook.order.matches(environment, method, target):
                continue
            passed = self._passed.get(hook.id, 0)
            self._passed[hook.id] = passed + 1
            if passed < hook.order.skip:
                return None
            hook.request = HeldRequest(environment, method, target)
            return hook
        return None


class HookedApplication:
    """Wraps an ASGI application so that hooks can hold its requests."""

    def __init__(self, application: ASGIApp, environment: str, plan: HookPlan) -> None:
        self._application = application
        self._environment = environment
        self._plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, held where a hook says so."""
        hook = None
        if scope["type"] == "http":
            hook = self._plan.take(self._environment, scope["method"], target_of(scope))
        if hook is None:
            await self._application(scope, receive, send)
            return
        if hook.order.when == "before":
            await hook.hold()
        try:
            await self._held(hook, scope, receive, send)
        finally:
            hook.pass_by()

    async def _held(self, hook: Hook, scope: Scope, receive: Receive, send: Send) -> None:
        async def holding_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                if hook.order.when == "after":
                    await hook.hold()
                hook.pass_by()
            await send(message)

        if hook.order.when != "during":
            await self._application(scope, receive, holding_send)
            return
        token = BEFORE_COMMIT.set((*BEFORE_COMMIT.get(), hook.hold_from_thread))
        try:
            await self._application(scope, receive, holding_send)
        finally:
            BEFORE_COMMIT.reset(token)
