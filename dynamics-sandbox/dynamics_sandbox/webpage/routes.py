"""The routes of the page: its files, the entity sets, and their rows."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from dynamics_sandbox.control.exchange import UnknownNameError, answered, done, read_order, read_query
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.webpage.rows import RowChange, RowsQuery, change, find_set, list_rows, read_row
from dynamics_sandbox.webpage.sets import by_name, entity_sets

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from dynamics_sandbox.control.interludes import OtherClients
    from dynamics_sandbox.environments import Environments

_TYPES: Final = {"index.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_routes(environments: Callable[[], Environments], clients: Callable[[], OtherClients]) -> list[Route]:
    """The routes for environments and clients, which are asked for with each request."""

    async def page(_: Request) -> Response:
        return _file("index.html")

    async def file(request: Request) -> Response:
        return _file(request.path_params["file"])

    async def sets(_: Request) -> Response:
        shown = {
            name: {
                "url": environment.url,
                "sets": await run_in_threadpool(entity_sets, environment),
            }
            for name, environment in by_name(environments()).items()
        }
        return answered(shown)

    async def rows(request: Request) -> Response:
        query = read_query(request, RowsQuery)
        return answered(await run_in_threadpool(list_rows, environments(), *_named(request), query))

    async def row(request: Request) -> Response:
        return answered(await run_in_threadpool(read_row, environments(), *_named(request), _key(request)))

    async def update(request: Request) -> Response:
        order = await read_order(request, RowChange)
        name, entity_set = _named(request)
        found = await run_in_threadpool(find_set, environments(), name, entity_set)
        problem = await clients().send(change(found, name, _key(request), order))
        if problem:
            raise SandboxError(problem)
        return done()

    return [
        Route("/", page, methods=["GET"]),
        Route("/page/{file}", file, methods=["GET"]),
        Route("/sets", sets, methods=["GET"]),
        Route("/rows/{environment}/{set}", rows, methods=["GET"]),
        Route("/rows/{environment}/{set}/{key:path}", row, methods=["GET"]),
        Route("/rows/{environment}/{set}/{key:path}", update, methods=["PATCH"]),
    ]


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["environment"], request.path_params["set"]


def _key(request: Request) -> str:
    return str(request.path_params["key"])


def _file(name: str) -> Response:
    if name not in _TYPES:
        raise UnknownNameError(f"The page has no file '{name}'.")
    content = resources.files(__package__).joinpath("static").joinpath(name).read_bytes()
    return Response(content, media_type=_TYPES[name], headers=_HEADERS)
