"""Runs the sandbox: one process, four HTTPS listeners on the loopback interface, a clean stop on a signal."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from dynamics_sandbox.assembly import assemble
from dynamics_sandbox.certificates import keep_certificates
from dynamics_sandbox.clock import Clock
from dynamics_sandbox.environments import Addresses, open_environments
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.identity import keep_identity
from dynamics_sandbox.ready import Ready, publish, sole_server, withdraw
from dynamics_sandbox.settings import ENVIRONMENTS, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from dynamics_sandbox.assembly import Shell
    from dynamics_sandbox.certificates import Certificates
    from dynamics_sandbox.identity import Identity
    from dynamics_sandbox.settings import SandboxSettings

#: The services in the order of their ports.
SERVICES: Final = (SIGN_IN, *ENVIRONMENTS)
# Longer than a client pauses between requests, so that kept connections do not break under it.
_KEEP_ALIVE_SECONDS: Final = 120
_STOP_SECONDS: Final = 5
# URLs that are too long for a service get that service's own answer, not one of the HTTP parser.
_LARGEST_HEAD: Final = 256 * 1024


def serve(settings: SandboxSettings, *, announce: Callable[[str], None]) -> None:
    """Serves until SIGINT or SIGTERM.

    Args:
        settings: where the data is and which ports to use.
        announce: called with the content of the ready file once all four listeners accept connections.

    Raises:
        SandboxError: a port is taken, the data folder is in use or cannot be written.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError(f"The data folder {folder} cannot be made: {error.strerror}.") from None
    with ExitStack() as stack:
        stack.enter_context(sole_server(folder))
        withdraw(folder)
        identity = keep_identity(folder)
        certificates = keep_certificates(folder)
        sockets = stack.enter_context(_listening(settings))
        addresses = Addresses.on_ports([listener.getsockname()[1] for listener in sockets])
        clock = Clock()
        environments = stack.enter_context(open_environments(settings, identity, addresses, clock))
        environments.fill_new(settings.seed)
        applications = assemble(settings, identity, addresses, environments=environments, clock=clock)
        servers = [_Server(application, name, certificates) for name, application in applications.items()]
        ready = _ready(addresses, identity, certificates)

        def when_ready() -> None:
            publish(folder, ready)
            announce(ready.line())

        stack.callback(withdraw, folder)
        stack.enter_context(_stopping_on_signals(servers))
        asyncio.run(_serve_all(servers, sockets, when_ready))


def _ready(addresses: Addresses, identity: Identity, certificates: Certificates) -> Ready:
    return Ready(
        authority=addresses.authority,
        sales=addresses.sales,
        cds=addresses.cds,
        fno=addresses.fno,
        ca_bundle=str(certificates.ca_bundle.resolve()),
        tenant_id=identity.tenant_id,
        client_id=identity.client_id,
        client_secret=identity.client_secret,
        pid=os.getpid(),
    )


@contextmanager
def _listening(settings: SandboxSettings) -> Iterator[list[socket.socket]]:
    """Four bound sockets, in the order of the services."""
    with ExitStack() as stack:
        sockets = []
        for offset, service in enumerate(SERVICES):
            port = settings.base_port + offset if settings.base_port else 0
            sockets.append(stack.enter_context(_bound(settings.host, port, service)))
        yield sockets


def _bound(host: str, port: int, service: str) -> socket.socket:
    # Only on sockets that name TCP does asyncio switch off the delay of small packets, 40 ms per answer.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # A port whose last connections still linger may be taken again at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Listening at once claims the port: SO_REUSEADDR lets two sockets bind it, but only one listen.
        listener.listen()
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        problem = "is in use by another program" if taken else f"cannot be opened: {error.strerror}"
        raise SandboxError(
            f"Port {port} ({service}) on {host} {problem}. Stop that program, or choose other ports with "
            "--base-port."
        ) from None
    return listener


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process and can cut a connection."""

    def __init__(self, shell: Shell, name: str, certificates: Certificates) -> None:
        self.name = name
        super().__init__(
            uvicorn.Config(
                shell.application(self),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                ssl_certfile=certificates.certificate,
                ssl_keyfile=certificates.private_key,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_STOP_SECONDS,
                h11_max_incomplete_event_size=_LARGEST_HEAD,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Four servers share the process, so none of them may have its signals."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops after the requests that are being answered.

        Idle connections are cut first: closing them politely would wait for clients that do not listen.
        """
        for connection in list(self.server_state.connections):
            if isinstance(connection, H11Protocol) and (
                connection.cycle is None or connection.cycle.response_complete
            ):
                connection.transport.abort()
        await super().shutdown(sockets)

    def abort(self, client: tuple[str, int]) -> None:
        """Closes the connection of a client at once, without an answer."""
        for connection in self._connections_of(client):
            connection.transport.abort()

    def close(self, client: tuple[str, int]) -> None:
        """Closes the connection of a client once it has what was sent so far."""
        for connection in self._connections_of(client):
            connection.transport.close()

    def _connections_of(self, client: tuple[str, int]) -> list[H11Protocol]:
        return [
            connection
            for connection in self.server_state.connections
            if isinstance(connection, H11Protocol) and connection.client == client
        ]


@contextmanager
def _stopping_on_signals(servers: Sequence[uvicorn.Server]) -> Iterator[None]:
    """Lets the first signal stop all servers after what they are doing, and a second one at once."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for server in servers:
            server.force_exit = server.should_exit
            server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def _serve_all(
    servers: Sequence[uvicorn.Server], sockets: Sequence[socket.socket], when_ready: Callable[[], None]
) -> None:
    """Runs the servers; one that ends takes the others with it."""
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, sockets, strict=True)
    ]
    try:
        while not all(server.started for server in servers):
            if any(task.done() for task in tasks):
                break
            await asyncio.sleep(0.01)
        else:
            when_ready()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
