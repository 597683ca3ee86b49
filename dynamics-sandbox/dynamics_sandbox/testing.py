"""Starts a sandbox for a test, in a process of its own, and talks to it over verified TLS."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from typing import Literal as OneOf

from dynamics_sandbox.control.client import ControlClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0
_ANSWER_SECONDS: Final = 60.0
_SERVICE_ROOTS: Final = {"sales": "/api/data/v9.2/", "cds": "/api/data/v9.2/", "fno": "/data/"}
# Everything a URL may hold stays as it is, encoded characters included; blanks and umlauts are encoded.
_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"


class SandboxProcessError(Exception):
    """The sandbox did not start or stop as it should; the message holds what it said on standard error."""


@dataclass(frozen=True)
class Sandbox(ControlClient):
    """A running sandbox: its addresses and credentials, calls to its services and to its control API.

    Attributes:
        authority: address of the sign-in service; ``sales``, ``cds`` and ``fno`` those of the environments.
        ca_bundle: file of the certificate authority to trust.
        tenant_id: of the registered application, as ``client_id`` and ``client_secret``.
        pid: of the server process.
        data_dir: folder of its data.
    """

    authority: str
    sales: str
    cds: str
    fno: str
    ca_bundle: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    pid: int
    data_dir: Path
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict, repr=False)

    def url(self, environment: str) -> str:
        """Address of an environment: ``sales``, ``cds`` or ``fno``."""
        return {"sales": self.sales, "cds": self.cds, "fno": self.fno}[environment]

    def config(self, environment: str) -> dict[str, Any]:
        """Settings with which a connector reaches an environment."""
        return {
            "environment_url": self.url(environment),
            "auth": "client_secret",
            "tenant_id": self.tenant_id,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "authority_host": self.authority,
            "ca_bundle": self.ca_bundle,
        }

    def token(self, environment: str) -> str:
        """An access token, kept until a minute before it expires."""
        token, expires = self._tokens.get(environment, ("", 0.0))
        if time.monotonic() < expires:
            return token
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": f"{self.url(environment)}/.default",
        }
        status, _, answer = self._send(
            "POST",
            f"{self.authority}/{self.tenant_id}/oauth2/v2.0/token",
            urllib.parse.urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        if status != 200:  # noqa: PLR2004 - OK
            raise SandboxProcessError(f"Sign-in failed with status {status}: {answer}")
        token = answer["access_token"]
        self._tokens[environment] = (token, time.monotonic() + answer["expires_in"] - 60)
        return str(token)

    def forget_tokens(self) -> None:
        """Signs in anew before the next call."""
        self._tokens.clear()

    def call(
        self,
        method: str,
        environment: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, Message, Any]:
        """Sends one request with a token.

        Args:
            method: of the request.
            environment: which service.
            path: relative to the service root, from the host's root when it begins with a slash, or a whole
                URL.
            json: content to send as JSON.
            headers: more header fields; an ``Authorization`` of your own is kept.
            body: content to send as it is, instead of ``json``.

        Returns:
            Status, headers (case-insensitive) and content: JSON with exact decimals, or text, None when
            empty.
        """
        url = urllib.parse.urljoin(self.url(environment) + _SERVICE_ROOTS[environment], path)
        given = {"Accept": "application/json", "OData-Version": "4.0", **(headers or {})}
        if json is not None:
            body = _encode(json)
            given.setdefault("Content-Type", "application/json; charset=utf-8")
        if not any(name.lower() == "authorization" for name in given):
            given["Authorization"] = f"Bearer {self.token(environment)}"
        return self._send(method, url, body, given)

    def sign_ins(self) -> int:
        """How many access tokens were granted, those of this helper included."""
        return self.count_requests("sign-in", path=r"/token$", status=200)

    def control(self, method: str, path: str, content: Any = None) -> Any:
        """Sends one order to the control API, its path relative to ``/_sandbox/``; gives its answer.

        Raises:
            SandboxProcessError: the order is refused.
        """
        body = None if content is None else _encode(content)
        status, _, answer = self._send(method, f"{self.authority}/_sandbox/{path}", body, {})
        if status >= 400:  # noqa: PLR2004 - the first error status
            raise SandboxProcessError(f"The control API refused {method} {path}: {answer}")
        return answer

    def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Message, Any]:
        request = urllib.request.Request(  # noqa: S310 - https to the sandbox
            urllib.parse.quote(url, safe=_SAFE), body, dict(headers), method=method
        )
        # Next links and errors must come from the sandbox itself, whatever proxy the machine has.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca_bundle)),
        )
        try:
            with opener.open(request, timeout=_ANSWER_SECONDS) as response:
                return response.status, response.headers, _decode(response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, _decode(error.headers, error.read())


class _ExactNumber(float):
    """Lets the JSON encoder write a Decimal digit by digit."""

    def __init__(self, value: Decimal) -> None:
        self._text = format(value, "f")

    def __repr__(self) -> str:
        return self._text


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _ExactNumber(value)
    if isinstance(value, dict):
        return {name: _exact(inner) for name, inner in value.items()}
    return [_exact(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _encode(content: Any) -> bytes:
    return json.dumps(_exact(content)).encode()


def _decode(headers: Message, body: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8-sig")
    return json.loads(text, parse_float=Decimal) if headers.get_content_subtype() == "json" else text


@contextmanager
def running(
    data_dir: Path,
    seed: OneOf["demo", "none"] = "none",
    *,
    options: tuple[str, ...] = (),
    base_port: int = 0,
    timeout: float = _START_SECONDS,
) -> Iterator[Sandbox]:
    """A real sandbox process on free ports, stopped at the end.

    Args:
        data_dir: its data folder; made when missing, kept at the end.
        seed: what environments without data start from.
        options: more options of ``dynamics-sandbox serve``.
        base_port: the first of four ports, instead of free ones.
        timeout: seconds it may take to accept connections.

    Raises:
        SandboxProcessError: it did not start, or its exit code was not 0.
    """
    command = [sys.executable, "-m", "dynamics_sandbox", "serve", "--data", str(data_dir)]
    command += ["--base-port", str(base_port), "--seed", seed, *options]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, stderr=errors
        )
        try:
            yield Sandbox(**_ready_line(process, errors, timeout), data_dir=Path(data_dir))
        finally:
            code = _stop(process)
        if code != 0:
            raise SandboxProcessError(f"The sandbox ended with exit code {code}: {_text(errors)}")


def settings_options(settings: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Options of ``serve`` for settings by name, under ``dataverse`` (Sales and CDS) and ``fno``."""
    return tuple(
        f"--{service}-setting={name}={_encode(value).decode()}"
        for service, values in settings.items()
        for name, value in values.items()
    )


def _ready_line(process: subprocess.Popen[bytes], errors: IO[bytes], timeout: float) -> dict[str, Any]:
    """What the process tells about itself once it is ready."""
    lines: list[bytes] = []

    def read() -> None:
        if process.stdout is not None:
            lines.append(process.stdout.readline())

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout)
    if not lines or not lines[0]:
        state = f"is not ready after {timeout:g} seconds" if reader.is_alive() else "did not start"
        process.kill()
        process.wait()
        raise SandboxProcessError(f"The sandbox {state}: {_text(errors)}")
    ready: dict[str, Any] = json.loads(lines[0])
    return ready


def _stop(process: subprocess.Popen[bytes]) -> int:
    """Ends the process gently, or by force when it does not; gives its exit code."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    return process.returncode


def _text(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode("utf-8", "replace").strip() or "(nothing on standard error)"
