"""The control API under ``/_sandbox/``: what was asked of the sandbox, faults to come, and a fresh start.

It has no sign-in; the listener it is on accepts local connections only.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from dynamics_sandbox.faults import Fault
from dynamics_sandbox.settings import ENVIRONMENTS, SIGN_IN, Seed

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynamics_sandbox.environments import Environments
    from dynamics_sandbox.faults import FaultPlan
    from dynamics_sandbox.requestlog import RequestLog

_Body = TypeVar("_Body")


class _ResetOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /reset."""

    seed: Seed


class Control:
    """The endpoints.

    Args:
        environments: what a reset starts over.
        faults: the plan that POST /faults adds to.
        log: the requests that GET /requests shows.
    """

    def __init__(self, environments: Environments, faults: FaultPlan, log: RequestLog) -> None:
        self._environments = environments
        self._faults = faults
        self._log = log

    def application(self) -> Starlette:
        """The ASGI application, to be mounted at ``/_sandbox``."""
        return Starlette(
            routes=[
                Route("/requests", self._list_requests, methods=["GET"]),
                Route("/requests", self._forget_requests, methods=["DELETE"]),
                Route("/faults", self._list_faults, methods=["GET"]),
                Route("/faults", self._add_fault, methods=["POST"]),
                Route("/faults", self._forget_faults, methods=["DELETE"]),
                Route("/reset", self._reset, methods=["POST"]),
            ]
        )

    async def _list_requests(self, _: Request) -> Response:
        return _json({"requests": self._log.entries()})

    async def _forget_requests(self, _: Request) -> Response:
        self._log.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _list_faults(self, _: Request) -> Response:
        return _json({"faults": self._faults.pending()})

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault = await _read(request, Fault)
        except msgspec.MsgspecError as error:
            return _refused(str(error))
        known = (SIGN_IN, *ENVIRONMENTS)
        if fault.environment and fault.environment not in known:
            return _refused(f"environment '{fault.environment}' is none of {', '.join(known)}")
        self._faults.add(fault)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _forget_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _reset(self, request: Request) -> Response:
        try:
            order = await _read(request, _ResetOrder)
        except msgspec.MsgspecError as error:
            return _refused(str(error))
        await run_in_threadpool(self._environments.reset, order.seed)
        return Response(status_code=HTTPStatus.NO_CONTENT)


async def _read(request: Request, kind: type[_Body]) -> _Body:
    return msgspec.json.decode(await request.body(), type=kind)


def _json(content: object, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _refused(problem: str) -> Response:
    return _json({"error": problem}, HTTPStatus.BAD_REQUEST)
