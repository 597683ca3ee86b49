"""The word to people: by POST to an address of theirs, never in the clear, and no hook breaks a run."""

from __future__ import annotations

import http.server
import json
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from prospect_to_cash.history.database import Execution, Run
from prospect_to_cash.notifying import notify
from prospect_to_cash.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Office

DONE = Run("r-1", "accounts", "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z", "Warning", by_p2c=True)
PART = Execution("mapper-p2c", "accounts-to-cds", "Account", "Warning", "", "", rejected=1)


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server on this machine, and what was posted to it."""
    bodies: list[dict[str, Any]] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    server.server_close()


def tell(office: Office, run: Run = DONE, **variables: str) -> None:
    project = Project.here(office.root)
    notify(replace(project, variables={**project.variables, **variables}), run, [PART])


def test_a_post_with_the_run_and_its_counts(
    office: Office, received: tuple[str, list[dict[str, Any]]]
) -> None:
    url, bodies = received
    tell(office, P2C_NOTIFY_URL=url)
    tell(office, replace(DONE, status="Completed"), P2C_NOTIFY_URL=url)
    [body] = bodies
    assert (body["id"], body["job"], body["status"], body["company"]) == (
        "r-1",
        "accounts",
        "Warning",
        "usmf",
    )
    assert [part["rejected"] for part in body["executions"]] == [1]


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("P2C_NOTIFY_URL", "http://example.com/secret", "P2C_NOTIFY_URL is no https address"),
        ("P2C_NOTIFY_URL", "{server}/broken", "P2C_NOTIFY_URL failed (500)"),
        ("P2C_NOTIFY_COMMAND", "no-such-command --token=secret", "P2C_NOTIFY_COMMAND failed (No such file"),
        ("P2C_NOTIFY_COMMAND", "false --token=secret", "P2C_NOTIFY_COMMAND failed (CalledProcessError"),
    ],
)
def test_a_hook_that_fails_is_told_without_its_secrets(
    office: Office,
    received: tuple[str, list[dict[str, Any]]],
    caplog: pytest.LogCaptureFixture,
    variable: str,
    value: str,
    told: str,
) -> None:
    with caplog.at_level(logging.WARNING):
        tell(office, **{variable: value.replace("{server}", received[0])})
    assert told in caplog.text
    assert "secret" not in caplog.text
