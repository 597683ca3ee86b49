"""Asks a running sandbox through its control API, for commands that find one on their data folder."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from dynamics_sandbox.ready import Ready

_SECONDS: Final = 120


def ask(ready: Ready, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
    """Sends one order, its path relative to ``/_sandbox/``; gives the answer's content.

    Raises:
        SandboxError: the sandbox refuses it, with its reason, or cannot be reached.
    """
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(  # noqa: S310 - https, to the sandbox itself
        f"{ready.authority}/_sandbox/{path}", body, method=method
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ready.ca_bundle)),
    )
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            raise SandboxError(json.loads(error.read())["error"]) from None
    except OSError as error:
        raise SandboxError(f"The running sandbox (process {ready.pid}) does not answer: {error}.") from None
