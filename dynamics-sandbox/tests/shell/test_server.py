"""The server process: when it is ready, how it stops, what it keeps, what it refuses."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.ready import is_served, read_ready
from dynamics_sandbox.settings import SandboxSettings
from dynamics_sandbox.testing import SandboxProcessError, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

COMMAND = [sys.executable, "-m", "dynamics_sandbox", "serve", "--base-port", "0", "--seed", "none", "--data"]
GROUP = {"dataAreaId": "usmf", "CustomerGroupId": "KEEP", "Description": "kept"}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [*COMMAND, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with started:
        yield started
        started.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_when_it_is_ready_and_stops_cleanly(
    tmp_path: Path, process: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    ready = json.loads(line)
    file = tmp_path / "sandbox.json"

    assert json.loads(file.read_text()) == ready
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(ready) == {
        "authority", "sales", "cds", "fno", "ca_bundle", "tenant_id", "client_id", "client_secret", "pid",
    }  # fmt: skip
    assert ready["pid"] == process.pid
    for name in ("authority", "sales", "cds", "fno"):
        port = int(ready[name].removeprefix("https://localhost:"))
        socket.create_connection(("127.0.0.1", port), timeout=5).close()

    process.send_signal(number)
    output, errors = process.communicate(timeout=20)

    assert (process.returncode, output, errors) == (0, "", "")
    assert not file.exists()


def test_data_identity_and_authority_outlive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        assert first.call("POST", "fno", "CustomerGroups", json=GROUP)[0] == 201
        token = first.token("sales")
        authority = (tmp_path / "ca.pem").read_bytes()
    with running(tmp_path, seed="demo") as second:
        status, _, row = second.call("GET", "fno", "CustomerGroups(dataAreaId='usmf',CustomerGroupId='KEEP')")

    assert (status, row["Description"]) == (200, "kept")
    assert (first.tenant_id, first.client_id, first.client_secret) == (
        second.tenant_id,
        second.client_id,
        second.client_secret,
    )
    assert (tmp_path / "ca.pem").read_bytes() == authority
    assert token != second.token


def test_a_reset_starts_over_and_keeps_the_identity(tmp_path: Path) -> None:
    with running(tmp_path) as sandbox:
        sandbox.call("POST", "fno", "CustomerGroups", json=GROUP)
        sandbox.reset("none")
        empty = sandbox.call("GET", "fno", "CustomersV3?cross-company=true")[2]["value"]
        status, _, _ = sandbox.call("GET", "fno", "CustomerGroups(dataAreaId='usmf',CustomerGroupId='KEEP')")
        sandbox.reset("demo")
        demo = sandbox.call("GET", "fno", "CustomersV3?cross-company=true")[2]["value"]
        accounts = sandbox.call("GET", "sales", "accounts?$select=name")[2]["value"]

    assert (empty, status) == ([], 404)
    assert demo
    assert accounts


def test_tokens_last_as_long_as_asked(tmp_path: Path) -> None:
    with running(tmp_path, options=("--token-lifetime", "120")) as sandbox:
        form = (
            f"grant_type=client_credentials&client_id={sandbox.client_id}"
            f"&client_secret={sandbox.client_secret}&scope={sandbox.fno}/.default"
        )
        url = f"{sandbox.authority}/{sandbox.tenant_id}/oauth2/v2.0/token"
        _, _, answer = sandbox.call("POST", "sales", url, body=form.encode())

    assert answer["expires_in"] == 120


def test_page_sizes_can_be_chosen(tmp_path: Path) -> None:
    options = ("--fno-page-size", "2", "--dataverse-page-size", "2")
    with running(tmp_path, options=options) as sandbox:
        groups = sandbox.call("GET", "fno", "CustomerGroups")[2]
        currencies = sandbox.call("GET", "sales", "transactioncurrencies")[2]

    assert len(groups["value"]) == len(currencies["value"]) == 2
    assert groups["@odata.nextLink"]
    assert currencies["@odata.nextLink"]


def test_answers_on_a_kept_connection_are_not_held_back(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    connection = http.client.HTTPSConnection(sandbox.authority.removeprefix("https://"), context=context)
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        connection.request("GET", "/_sandbox/faults")
        connection.getresponse().read()
        seconds.append(time.perf_counter() - began)
    connection.close()

    assert min(seconds) < 0.03  # small packets that wait for an acknowledgement take 0.04 each time


def test_clients_that_do_not_trust_the_authority_are_not_served(sandbox: Sandbox) -> None:
    context = ssl.create_default_context()

    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(sandbox.sales, context=context, timeout=10)  # noqa: S310 - https to the sandbox


def test_it_listens_on_the_loopback_interface_only(sandbox: Sandbox) -> None:
    port = int(sandbox.sales.rpartition(":")[2])
    # No packet is sent: connecting a datagram socket only finds the address this machine would send from.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            own = probe.getsockname()[0]
        except OSError:
            own = "127.0.0.2"

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((own, port), timeout=5)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


EVERYWHERE = "0.0.0.0"  # noqa: S104 - to be refused


@pytest.mark.parametrize("host", [EVERYWHERE, "192.168.1.5", "::", "localhost", "example.com", ""])
def test_other_addresses_are_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SandboxError, match="not a loopback address"):
        SandboxSettings(data_dir=tmp_path, host=host)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(SandboxProcessError) as raised, running(tmp_path, base_port=port):
            pass

    message = str(raised.value)
    assert f"Port {port} (sign-in) on 127.0.0.1 is in use by another program" in message
    assert "--base-port" in message
    assert "Traceback" not in message


def test_a_data_folder_has_one_server(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxProcessError, match="already running on") as raised, running(sandbox.data_dir):
        pass

    assert "Traceback" not in str(raised.value)
    ready = read_ready(sandbox.data_dir)
    assert ready is not None
    assert ready.sales == sandbox.sales


def test_a_killed_server_leaves_nothing_that_looks_alive(
    tmp_path: Path, process: subprocess.Popen[str]
) -> None:
    assert process.stdout is not None
    process.stdout.readline()
    assert is_served(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)

    assert (tmp_path / "sandbox.json").exists()
    assert read_ready(tmp_path) is None
    with running(tmp_path) as sandbox:
        assert sandbox.call("GET", "fno", "SystemUsers")[0] == 200


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    folder = tmp_path / "file" / "data"

    with pytest.raises(SandboxProcessError, match="The data folder") as raised, running(folder):
        pass

    assert "Traceback" not in str(raised.value)


def test_a_damaged_identity_is_named(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_text("{}")

    with (
        pytest.raises(SandboxProcessError, match=r"identity\.json cannot be read .* remove it"),
        running(tmp_path),
    ):
        pass
