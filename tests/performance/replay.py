"""Serves one recorded page of a sandbox again and again over TLS, as a table of any size.

A server that only copies bytes does not hide what its clients cost, and gives all of them the same pages.
Ids, times of change (a minute a row) and versions are counted on from page to page; every other byte is the
recorded one. What is asked beside the rows, sign-in and metadata, is passed on to the sandbox itself.

Run by `replaying` as ``python -m tests.performance.replay``, which prints its port.
"""

from __future__ import annotations

import argparse
import re
import ssl
import subprocess
import sys
import urllib.parse
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamics_sandbox.testing import Sandbox

__all__ = ["Replay", "replaying"]

_FIRST_CHANGE = datetime(2020, 1, 1)  # noqa: DTZ001 - written with a Z below
_ROOT = "/api/data/v9.2/"
_COUNTED = rb'"@odata\.etag":"W/\\"(\d+)\\""|"%s":"([0-9a-f-]{36})"|"modifiedon":"([0-9TZ:-]{20})"'
_NOT_PASSED_ON = {"host", "connection", "content-length", "accept-encoding", "transfer-encoding"}


class RecordedPage:
    """The rows of a page, cut where ids, instants and versions stand."""

    def __init__(self, body: bytes, primary_id: str) -> None:
        self._pieces: list[bytes] = []
        self._kinds: list[int] = []
        start = 0
        for match in re.finditer(_COUNTED % primary_id.encode(), body):
            kind = match.lastindex or 0
            self._pieces.append(body[start : match.start(kind)])
            self._kinds.append(kind)
            start = match.end(kind)
        self._tail = body[start:].rstrip().removesuffix(b"}")
        self._size = self._kinds.count(2)

    def render(self, number: int, tail: bytes) -> bytes:
        """The page of that number, counted from 0, with `tail` as its last members."""
        row = number * self._size
        done = 0
        parts: list[bytes] = []
        for piece, kind in zip(self._pieces, self._kinds, strict=True):
            parts += (piece, _counted(kind, row))
            done += 1
            if done == 3:
                row, done = row + 1, 0
        return b"".join((*parts, self._tail, tail, b"}"))


def _counted(kind: int, row: int) -> bytes:
    if kind == 1:
        return b"%d" % (1_000_000 + row)
    if kind == 2:
        return b"%08x-0000-4000-8000-000000000000" % row
    return (_FIRST_CHANGE + timedelta(minutes=row)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


@dataclass
class _Content:
    """What the server serves, and what it passes on to whom."""

    page: RecordedPage
    entity_set: str
    pages: int
    sales: str
    authority: str
    ca_bundle: str
    origin: str = ""

    def rows(self, path: str, *, tracking: bool) -> bytes:
        """The page of rows that an address asks for."""
        address, _, query = path.partition("?")
        options = dict(urllib.parse.parse_qsl(query))
        if "$deltatoken" in options:
            return b'{"value":[],"@odata.deltaLink":"' + self._link(address, "$deltatoken=2") + b'"}'
        number = int(options.get("$skiptoken", "0"))
        if number + 1 < self.pages:
            link = self._link(address, f"$skiptoken={number + 1}")
            return self.page.render(number, b',"@odata.nextLink":"' + link + b'"')
        delta = b',"@odata.deltaLink":"' + self._link(address, "$deltatoken=1") + b'"'
        return self.page.render(number, delta if tracking else b"")

    def _link(self, address: str, query: str) -> bytes:
        return f"{self.origin}{address}?{query}".encode()

    def pass_on(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, str, bytes]:
        """Ask the sandbox; addresses in question and answer are exchanged."""
        target = self.sales if path.startswith("/api/") else self.authority
        answer = requests.request(
            method,
            target + path,
            headers={name: text for name, text in headers.items() if name.lower() not in _NOT_PASSED_ON},
            data=self._exchanged(body, self.origin, self.sales) if body else None,
            verify=self.ca_bundle,
            timeout=60,
        )
        kind = answer.headers.get("Content-Type", "application/json")
        return answer.status_code, kind, self._exchanged(answer.content, target, self.origin)

    @staticmethod
    def _exchanged(body: bytes, old: str, new: str) -> bytes:
        quote = urllib.parse.quote_plus
        return body.replace(old.encode(), new.encode()).replace(quote(old).encode(), quote(new).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    content: _Content

    def do_GET(self) -> None:
        """Answer with a page of rows, or what the sandbox says."""
        if self.path.partition("?")[0] == f"{_ROOT}{self.content.entity_set}":
            tracking = "track-changes" in self.headers.get("Prefer", "")
            self._answer(200, "application/json", self.content.rows(self.path, tracking=tracking))
        else:
            self._pass_on(None)

    def do_POST(self) -> None:
        """Answer with what the sandbox says."""
        self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _pass_on(self, body: bytes | None) -> None:
        self._answer(*self.content.pass_on(self.command, self.path, dict(self.headers), body))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing about single requests."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Note each request on standard error, for whoever counts them."""
        del size
        sys.stderr.write(f"{self.command} {code} {self.path.partition('?')[0]}\n")


@dataclass(frozen=True, slots=True)
class Replay:
    """A running replay server: its `origin` and the file that notes its requests."""

    origin: str
    log: Path

    def requests(self) -> list[str]:
        """The requests so far, each as method, status and path."""
        return self.log.read_text().splitlines()


@contextmanager
def replaying(
    sandbox: Sandbox, page: Path, *, entity_set: str, primary_id: str, pages: int
) -> Iterator[Replay]:
    """A replay server of `pages` times the recorded `page`, in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "tests.performance.replay",
        str(page),
        entity_set,
        primary_id,
        str(pages),
    ]
    command += [sandbox.sales, sandbox.authority, str(sandbox.data_dir)]
    log = page.with_suffix(f".{pages}.log")
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            port = process.stdout.readline() if process.stdout else b""
            yield Replay(f"https://localhost:{int(port)}", log)
        finally:
            process.terminate()


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser()
    for name in ("page", "entity_set", "primary_id", "pages", "sales", "authority", "certificates"):
        parser.add_argument(name)
    given = parser.parse_args()
    folder = Path(given.certificates)
    _Handler.content = _Content(
        RecordedPage(Path(given.page).read_bytes(), given.primary_id),
        given.entity_set,
        int(given.pages),
        given.sales.rstrip("/"),
        given.authority.rstrip("/"),
        str(folder / "ca.pem"),
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    _Handler.content.origin = f"https://localhost:{server.server_address[1]}"
    print(server.server_address[1], flush=True)  # noqa: T201 - the parent reads it
    server.serve_forever()


if __name__ == "__main__":
    main()
