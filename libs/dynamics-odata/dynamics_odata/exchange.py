"""Requests and responses as values: what is asked and what came back, without any sending."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from dynamics_odata.error_body import read_fault
from dynamics_odata.errors import ProtocolError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

__all__ = ["Request", "Response", "Statistics", "describe", "refusal"]

# Repeating one of these leaves the server as one sending would (HTTP semantics, section 9.2.2). PATCH joins
# them because both services address rows by key and set columns to given values.
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PATCH", "PUT", "DELETE"})

# Dataverse: compose-http-requests-handle-errors; F&O: seen as `ms-dyn-aid`, the activity id.
_REQUEST_ID_HEADERS = ("REQ_ID", "x-ms-service-request-id", "ms-dyn-aid", "x-ms-request-id")

_KEY = re.compile(r"\(.*\)")


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``url`` is absolute or relative to the transport's service root and is sent literally.

    ``repeatable`` None decides by method. Say False where a repetition could be answered differently (a
    PATCH with ``If-None-Match: *``), True for a POST that has no effect twice (UpsertMultiple by key, a
    batch of reads).
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice leaves the server as sending it once would."""
        return self.method.upper() in IDEMPOTENT_METHODS if self.repeatable is None else self.repeatable


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, read completely and decompressed; header names ignore case."""

    status: int
    headers: MutableMapping[str, str]
    body: bytes
    url: str

    @property
    def content_type(self) -> str:
        """Media type without parameters, lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str:
        """The identifier Microsoft's support asks for, or the empty string."""
        return request_id_of(self.headers)

    def json(self) -> Any:
        """The body, with every number that has a point or exponent as an exact Decimal.

        Raises:
            ProtocolError: when the body is not JSON.
        """
        return parse_json(self.body, f"The answer to {describe('GET', self.url)}")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a transport did so far; ``requests`` counts every sending, ``retries`` the repeated ones."""

    requests: int = 0
    throttled_seconds: float = 0.0
    retries: int = 0


def headers_of(items: Mapping[str, str]) -> CaseInsensitiveDict[str]:
    """A header mapping that ignores case."""
    return CaseInsensitiveDict(items)


def request_id_of(headers: Mapping[str, str]) -> str:
    """The service's request identifier from (case-insensitive) headers, or the empty string."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if headers.get(name)), "")


def parse_json(body: bytes, what: str) -> Any:
    """Exact JSON: decimals stay Decimal, NaN and Infinity are refused; ``what`` begins the error's text."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError:
        raise ProtocolError(
            f"{what} is not JSON but {shape(body)}",
            hint="Check that `environment_url` names the environment itself and not a page before it.",
        ) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def shape(body: bytes) -> str:
    """What a body that is not JSON looks like, without repeating what may be row content."""
    text = body.strip()
    if not text:
        return "empty"
    if text.startswith(b"<"):
        return read_fault(body).message[:1].lower() + read_fault(body).message[1:]
    return f"{len(body)} bytes that end early or are of another format"


def describe(method: str, url: str) -> str:
    """Method and path of a request for messages: no host, no query, no key values (row content)."""
    path = urlsplit(url).path if "://" in url else url.partition("?")[0]
    return f"{method.upper()} {_KEY.sub('(…)', path)}"


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, *, what: str = "", hint: str = ""
) -> RefusedError:
    """The error for one refused request or one refused batch part.

    ``what`` names the request (see :func:`describe`) and, with status and code, becomes the hint unless
    another is given.
    """
    fault = read_fault(body)
    request_id = request_id_of(headers)
    facts = [
        f"HTTP {status}",
        f"code {fault.code}" if fault.code else "",
        request_id and f"request {request_id}",
    ]
    trace = f"{what or 'Request'} ({', '.join(filter(None, facts))})"
    return RefusedError(
        fault.message,
        detail=fault.detail,
        hint=f"{hint} [{trace}]" if hint else f"[{trace}]",
        status=status,
        code=fault.code,
        request_id=request_id,
    )
