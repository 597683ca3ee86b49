"""The control API under ``/_sandbox/``: all routes, each a few lines over the part that does the work.

It has no sign-in; the listener it is on accepts local connections only.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Route

from dynamics_sandbox.control.exchange import (
    UnknownNameError,
    answered,
    done,
    read_order,
    read_query,
    refused,
)
from dynamics_sandbox.control.faults import Fault, FaultScript
from dynamics_sandbox.control.hooks import HookOrder
from dynamics_sandbox.control.orders import ClockOrder, ClockReport, ResetOrder, SeedOrder, SnapshotOrder
from dynamics_sandbox.control.requestlog import LogFilter
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.orders.routes import order_routes
from dynamics_sandbox.settings import ENVIRONMENTS
from dynamics_sandbox.webpage.origin import SameOrigin
from dynamics_sandbox.webpage.routes import page_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynamics_sandbox.clock import Clock
    from dynamics_sandbox.control.fault_plan import FaultPlan
    from dynamics_sandbox.control.hooks import HookPlan
    from dynamics_sandbox.control.interludes import OtherClients
    from dynamics_sandbox.control.requestlog import RequestLog
    from dynamics_sandbox.control.snapshots import Snapshots
    from dynamics_sandbox.environments import Environments
    from dynamics_sandbox.switches import Switchboard

_LONGEST_POLL_SECONDS: Final = 600.0


class _LogQuery(LogFilter, frozen=True, forbid_unknown_fields=True):
    """Query of GET /requests: ``only_count`` leaves the requests out, ``bodies`` adds their bodies."""

    bodies: bool = False
    only_count: bool = False


class _PollQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Query of GET /hooks/{id}/wait: how long to wait for the request."""

    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Control:
    """The endpoints over the parts they control."""

    environments: Environments
    faults: FaultPlan
    hooks: HookPlan
    log: RequestLog
    snapshots: Snapshots
    clock: Clock
    clients: OtherClients

    def routes(self) -> list[Route]:
        """Every route below ``/_sandbox``."""
        return [
            Route("/requests", self._list_requests, methods=["GET"]),
            Route("/requests", self._forget_requests, methods=["DELETE"]),
            Route("/faults", self._list_faults, methods=["GET"]),
            Route("/faults", self._add_faults, methods=["POST"]),
            Route("/faults", self._forget_faults, methods=["DELETE"]),
            Route("/hooks", self._list_hooks, methods=["GET"]),
            Route("/hooks", self._add_hook, methods=["POST"]),
            Route("/hooks", self._forget_hooks, methods=["DELETE"]),
            Route("/hooks/{hook}/wait", self._wait_for_hook, methods=["GET"]),
            Route("/hooks/{hook}/release", self._release_hook, methods=["POST"]),
            Route("/hooks/{hook}", self._forget_hook, methods=["DELETE"]),
            Route("/snapshots", self._list_snapshots, methods=["GET"]),
            Route("/snapshots", self._take_snapshot, methods=["POST"]),
            Route("/snapshots/{name}/restore", self._restore_snapshot, methods=["POST"]),
            Route("/snapshots/{name}", self._forget_snapshot, methods=["DELETE"]),
            Route("/clock", self._show_clock, methods=["GET"]),
            Route("/clock", self._move_clock, methods=["POST"]),
            Route("/settings", self._restore_all_settings, methods=["DELETE"]),
            Route("/settings/{environment}", self._show_settings, methods=["GET"]),
            Route("/settings/{environment}", self._change_settings, methods=["PUT", "PATCH"]),
            Route("/settings/{environment}", self._restore_settings, methods=["DELETE"]),
            Route("/seed", self._seed, methods=["POST"]),
            Route("/reset", self._reset, methods=["POST"]),
            *order_routes(lambda: self.environments.fno),
            *page_routes(lambda: self.environments, lambda: self.clients),
        ]

    def application(self) -> Starlette:
        """The ASGI application, to be mounted at ``/_sandbox``."""
        return Starlette(
            routes=self.routes(),
            exception_handlers={SandboxError: refused},
            middleware=[Middleware(SameOrigin)],
        )

    async def _list_requests(self, request: Request) -> Response:
        query = read_query(request, _LogQuery)
        found = self.log.entries(query)
        if query.only_count:
            return answered({"count": len(found)})
        shown: list[Any] = list(found)
        if query.bodies:
            shown = [{**msgspec.structs.asdict(entry), "body": self.log.body(entry.id)} for entry in found]
        return answered({"count": len(found), "requests": shown})

    async def _forget_requests(self, _: Request) -> Response:
        self.log.clear()
        return done()

    async def _list_faults(self, _: Request) -> Response:
        pending = self.faults.pending()
        happened = self.faults.happened()
        return answered({"exhausted": not pending, "faults": pending, "happened": happened})

    async def _add_faults(self, request: Request) -> Response:
        given = await read_order(request, dict[str, msgspec.Raw])
        if {"steps", "mix"} & given.keys():
            self.faults.add(*(await read_order(request, FaultScript)).faults())
        else:
            self.faults.add(await read_order(request, Fault))
        return done()

    async def _forget_faults(self, _: Request) -> Response:
        self.faults.clear()
        return done()

    async def _list_hooks(self, _: Request) -> Response:
        return answered({"hooks": [hook.report() for hook in self.hooks.all()]})

    async def _add_hook(self, request: Request) -> Response:
        hook = self.hooks.add(await read_order(request, HookOrder))
        return answered(hook.report(), HTTPStatus.CREATED)

    async def _wait_for_hook(self, request: Request) -> Response:
        seconds = read_query(request, _PollQuery).seconds
        hook = self.hooks.get(request.path_params["hook"])
        await hook.settled(min(seconds, _LONGEST_POLL_SECONDS))
        return answered(hook.report())

    async def _release_hook(self, request: Request) -> Response:
        hook = self.hooks.get(request.path_params["hook"])
        hook.release()
        return answered(hook.report())

    async def _forget_hook(self, request: Request) -> Response:
        self.hooks.forget(request.path_params["hook"])
        return done()

    async def _forget_hooks(self, _: Request) -> Response:
        self.hooks.clear()
        return done()

    async def _list_snapshots(self, _: Request) -> Response:
        return answered({"snapshots": self.snapshots.names()})

    async def _take_snapshot(self, request: Request) -> Response:
        order = await read_order(request, SnapshotOrder)
        await run_in_threadpool(self.snapshots.take, order.name)
        return done()

    async def _restore_snapshot(self, request: Request) -> Response:
        await run_in_threadpool(self.snapshots.restore, request.path_params["name"])
        return done()

    async def _forget_snapshot(self, request: Request) -> Response:
        await run_in_threadpool(self.snapshots.forget, request.path_params["name"])
        return done()

    async def _show_clock(self, _: Request) -> Response:
        return answered(
            ClockReport(self.clock(), self.clock.frozen, round(self.clock.ahead.total_seconds(), 6))
        )

    async def _move_clock(self, request: Request) -> Response:
        (await read_order(request, ClockOrder)).apply(self.clock)
        return await self._show_clock(request)

    def _switches(self, request: Request) -> Switchboard:
        name = request.path_params["environment"]
        environment = self.environments.by_name().get(name)
        if environment is None:
            raise UnknownNameError(f"There is no environment '{name}': use {', '.join(ENVIRONMENTS)}.")
        return environment.switches

    async def _show_settings(self, request: Request) -> Response:
        return answered({"settings": self._switches(request).report()})

    async def _change_settings(self, request: Request) -> Response:
        given = await read_order(request, dict[str, msgspec.Raw])
        self._switches(request).change(given)
        return await self._show_settings(request)

    async def _restore_all_settings(self, _: Request) -> Response:
        self.environments.restore_settings()
        return done()

    async def _restore_settings(self, request: Request) -> Response:
        self._switches(request).restore()
        return done()

    async def _seed(self, request: Request) -> Response:
        order = await read_order(request, SeedOrder)
        return answered({"notes": await run_in_threadpool(order.fill, self.environments)})

    async def _reset(self, request: Request) -> Response:
        order = await read_order(request, ResetOrder)
        await run_in_threadpool(self.environments.reset, order.seed)
        return done()
