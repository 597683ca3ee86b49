"""The steps and jobs as routes of the control API, below ``/_sandbox/fno``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from dynamics_sandbox.control.exchange import UnknownNameError, answered, read_order
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.orders.advance import (
    Advance,
    Job,
    OrderStep,
    QuotationStep,
    advance_order,
    advance_quotation,
    run_job,
)
from dynamics_sandbox.fno.orders.documents import UnknownDocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from dynamics_sandbox.fno.environment import FnoEnvironment


def order_routes(environment: Callable[[], FnoEnvironment]) -> list[Route]:
    """The routes for one environment, which is asked for with each request."""

    async def order(request: Request) -> Response:
        step = _named(request.path_params["step"], OrderStep)
        return await _advance(environment(), request, step, advance_order)

    async def quotation(request: Request) -> Response:
        step = _named(request.path_params["step"], QuotationStep)
        return await _advance(environment(), request, step, advance_quotation)

    async def job(request: Request) -> Response:
        name = _named(request.path_params["job"], Job)
        return answered({"done": await run_in_threadpool(run_job, environment(), name)})

    return [
        Route("/fno/orders/{number}/{step}", order, methods=["POST"]),
        Route("/fno/quotations/{number}/{step}", quotation, methods=["POST"]),
        Route("/fno/jobs/{job}", job, methods=["POST"]),
    ]


async def _advance(
    environment: FnoEnvironment, request: Request, step: Any, take: Callable[..., str]
) -> Response:
    how = await read_order(request, Advance)
    number = request.path_params["number"]
    try:
        return answered({"done": await run_in_threadpool(take, environment, number, step, how)})
    except UnknownDocumentError as error:
        raise UnknownNameError(str(error)) from None


def _named(text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError as error:
        raise SandboxError(f"'{text}': {error}") from None
