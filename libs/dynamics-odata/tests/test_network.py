"""Connections that fail: what is repeated, and what a person is told."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest
from dynamics_odata.errors import CertificateError, UnreachableError
from dynamics_odata.settings import Connection
from dynamics_odata.transport import Request, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import CountedTokens, FakeClock, ScriptedServer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_dropped_connection_is_repeated_for_a_read(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    server.drop()
    server.drop()
    server.reply(200, b"{}")
    assert transport.get("accounts").json() == {}
    assert clock.slept == [1, 2]
    assert transport.statistics.retries == 2


def test_an_answer_cut_short_is_repeated_for_a_read(server: ScriptedServer, transport: Transport) -> None:
    server.cut()
    server.reply(200, b'{"value":[]}')
    assert transport.get("accounts").json() == {"value": []}


def test_a_dropped_connection_does_not_repeat_a_create(server: ScriptedServer, transport: Transport) -> None:
    server.drop()
    with pytest.raises(UnreachableError, match="closed the connection before the answer was complete"):
        transport.send(Request("POST", "accounts", body=b"{}"))
    assert len(server.seen) == 1


def test_dropping_without_end_ends_with_what_was_tried(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    transport = make_transport(max_retries=2)
    for _ in range(3):
        server.drop()
    with pytest.raises(UnreachableError, match=r"\(tried 3 times with 3 s of waiting\).*`environment_url`"):
        transport.get("accounts")
    assert len(server.seen) == 3


def test_a_silent_server_is_a_timeout(clock: FakeClock, tokens: CountedTokens) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection.from_config(
            {
                "environment_url": f"http://127.0.0.1:{silent.getsockname()[1]}",
                "auth": "access_token",
                "access_token": "t",
                "request_timeout": 0.05,
                "max_retries": 1,
            }
        )
        root = f"{connection.environment_url}/data/"
        with (
            Transport(connection, root, tokens=tokens, sleep=clock.sleep, clock=clock) as transport,
            pytest.raises(UnreachableError, match="did not answer in time"),
        ):
            transport.get("accounts")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_names_host_and_setting_and_is_repeated_whatever_the_method(
    make_transport: Callable[..., Transport], clock: FakeClock, method: str
) -> None:
    port = free_port()
    transport = make_transport(environment_url=f"http://localhost:{port}", max_retries=2)
    with pytest.raises(UnreachableError) as caught:
        transport.send(Request(method, "accounts", body=b"{}"))
    assert str(caught.value) == (
        f"Host localhost:{port} refuses the connection or cannot be routed to (tried 3 times with 3 s of "
        "waiting). Check `environment_url` and the network in between."
    )
    assert clock.slept == [1, 2]


def test_an_unknown_host_names_host_and_setting(make_transport: Callable[..., Transport]) -> None:
    transport = make_transport(environment_url="https://no-such-environment.invalid", max_retries=0)
    with pytest.raises(
        UnreachableError, match=r"Host no-such-environment\.invalid is unknown.*`environment_url`"
    ):
        transport.get("accounts")


def test_a_server_without_tls_is_told_apart_from_a_bad_certificate(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    transport = make_transport(environment_url=f"https://127.0.0.1:{server.server_port}", max_retries=0)
    with pytest.raises(UnreachableError) as caught:
        transport.get("accounts")
    assert not isinstance(caught.value, CertificateError)


# --- certificates, with a real TLS listener


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    """A listener that answers every request with an empty JSON object."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve() -> None:
        while not stop.is_set():
            try:
                raw, _ = listener.accept()
            except TimeoutError:
                continue
            with raw:
                raw.settimeout(5)
                try:
                    with context.wrap_socket(raw, server_side=True) as wrapped:
                        wrapped.recv(65536)
                        wrapped.sendall(
                            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                        )
                except OSError:
                    continue  # the client did not like the certificate

    thread = threading.Thread(target=serve)
    thread.start()
    yield int(listener.getsockname()[1])
    stop.set()
    thread.join()
    listener.close()


def test_an_untrusted_certificate_names_the_ca_bundle_and_is_not_repeated(
    make_transport: Callable[..., Transport], clock: FakeClock, tls_port: int
) -> None:
    transport = make_transport(environment_url=f"https://localhost:{tls_port}")
    with pytest.raises(CertificateError, match=r"certificate that is not trusted here.*`ca_bundle`"):
        transport.get("accounts")
    assert clock.slept == []


def test_a_certificate_for_another_name_is_not_trusted(
    make_transport: Callable[..., Transport], tls_port: int, certificate: Path
) -> None:
    transport = make_transport(environment_url=f"https://127.0.0.1:{tls_port}", ca_bundle=str(certificate))
    with pytest.raises(CertificateError, match="mismatch"):
        transport.get("accounts")


def test_the_ca_bundle_makes_the_certificate_trusted_whatever_the_environment_says(
    make_transport: Callable[..., Transport],
    tls_port: int,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = tmp_path / "other.pem"
    other.write_text("nothing in here\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    transport = make_transport(environment_url=f"https://localhost:{tls_port}", ca_bundle=str(certificate))
    assert transport.get("accounts").json() == {}


def test_waits_are_real_when_nothing_is_injected(server: ScriptedServer, transport: Transport) -> None:
    server.reply(429, b"", {"Retry-After": "0.2"})
    with Transport(transport.connection, transport.root, tokens=transport.tokens) as real:
        began = time.monotonic()
        real.get("accounts")
        assert time.monotonic() - began >= 0.2
