"""How the control API reads orders and answers: JSON both ways, and one clear message for a bad order."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.responses import Response

from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from starlette.requests import Request

_Order = TypeVar("_Order")


async def read_order(request: Request, kind: type[_Order]) -> _Order:
    """The body of a request; an empty one counts as ``{}``.

    Raises:
        SandboxError: it is not as it should be; says what and where.
    """
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except msgspec.MsgspecError as error:
        raise SandboxError(str(error)) from None


def read_query(request: Request, kind: type[_Order]) -> _Order:
    """The query of a request as an order.

    Raises:
        SandboxError: it is not as it should be.
    """
    try:
        return msgspec.convert(dict(request.query_params), kind, strict=False)
    except msgspec.MsgspecError as error:
        raise SandboxError(str(error)) from None


def answered(content: object, status: int = HTTPStatus.OK) -> Response:
    """An answer with content."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def done() -> Response:
    """The answer to an order that leaves nothing to say."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def refused(_: Request, error: Exception) -> Response:
    """The answer to an order that cannot be carried out."""
    missing = isinstance(error, UnknownNameError)
    status = HTTPStatus.NOT_FOUND if missing else HTTPStatus.BAD_REQUEST
    return answered({"error": str(error)}, status)


class UnknownNameError(SandboxError):
    """An order names something that does not exist."""
