"""Sending: the one place that decides what may be repeated.

- 429, and 503 with ``Retry-After``: every thread waits as long as asked, then again, within a budget of its
own;
  503 without a time is repeated only where repeating is safe, since a write may have been carried out.
- 401: once more with a fresh token.
- A connection that was never made: again, whatever the method. A connection that was lost, 408 and 5xx:
again for
  repeatable requests. Both up to ``max_retries`` times.
- F&O's "update conflict": again, since the service lost a race and wrote nothing. F&O's "Write failed" and
  Dataverse's plug-in failures with status 500 are refusals.
- Any other 4xx: never again.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidHeader, InvalidURL

from dynamics_odata.auth import Tokens, TokenSource, token_source
from dynamics_odata.dialect import Dialect
from dynamics_odata.error_body import read_fault
from dynamics_odata.errors import DynamicsError, ProtocolError
from dynamics_odata.exchange import Request, Response, Statistics, describe, headers_of
from dynamics_odata.network import examine
from dynamics_odata.verdicts import (
    FIRST_ERROR,
    failed,
    not_accepted,
    redirected,
    still_failing,
    still_throttled,
)
from dynamics_odata.waiting import backoff, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from types import TracebackType

    from dynamics_odata.settings import Connection

__all__ = ["Request", "Response", "Statistics", "Tokens", "Transport"]

logger = logging.getLogger(__name__)

# Dataverse allows 52 concurrent requests per user (api-limits); a smaller pool would open and drop
# connections.
POOL_SIZE = 52

# Bytes of an answer that are read in one go.
READ_SIZE = 1 << 20

# F&O: service-protection-retry-operations. Throttling has a budget of its own, in seconds of total waiting.
THROTTLE_BUDGET = 900.0

UNAUTHORIZED, THROTTLED, UNAVAILABLE = 401, 429, 503
REPEATABLE_STATUSES = frozenset({408, 500, 502, 503, 504})

_USER_AGENT = f"dynamics-odata/{version('dynamics-odata')}"


@dataclass(slots=True)
class _Course:
    """How one request has fared so far."""

    request: Request
    url: str
    repetitions: int = 0
    paused_seconds: float = 0.0
    throttlings: int = 0
    throttled_seconds: float = 0.0
    renewed: bool = False

    @property
    def label(self) -> str:
        return describe(self.request.method, self.url)

    @property
    def tried(self) -> str:
        if not self.repetitions:
            return ""
        return f"tried {self.repetitions + 1} times with {self.paused_seconds:.0f} s of waiting"


class Transport:
    """Sends requests to one service root of one environment; may be used from several threads.

    ``sleep`` and ``clock`` (seconds, monotonic) are injected so that waiting can be tested. Cookies are
    dropped unless ``keep_cookies``: without the affinity cookie, bulk work spreads over the environment's
    servers (Dataverse: send-parallel-requests).
    """

    def __init__(  # noqa: PLR0913 - every collaborator can be injected
        self,
        connection: Connection,
        root: str,
        *,
        tokens: Tokens | None = None,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        keep_cookies: bool = False,
        dialect: Dialect | None = None,
    ) -> None:
        self.connection = connection
        self.root = root if root.endswith("/") else f"{root}/"
        self.host = urlsplit(self.root).netloc
        self.dialect = dialect or Dialect(name="The service", headers={"Accept": "application/json"})
        self.tokens: Tokens = tokens or token_source(connection)
        self._session = session or _session()
        self._sleep = sleep
        self._clock = clock
        self._keep_cookies = keep_cookies
        self._lock = threading.Lock()
        self._open_again_at = 0.0
        self._statistics = Statistics()
        self._recommended_parallelism: int | None = None

    def __enter__(self) -> Transport:  # noqa: PYI034 - Self is newer than Python 3.10
        """The transport itself; leaving the block closes its connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the pooled connections and those of the sign-in."""
        self._session.close()
        if isinstance(self.tokens, TokenSource):
            self.tokens.close()

    @property
    def statistics(self) -> Statistics:
        """What was sent and waited for so far."""
        with self._lock:
            return self._statistics

    @property
    def recommended_parallelism(self) -> int | None:
        """How many requests at a time the service last recommended, None when it never did.

        Dataverse: send-parallel-requests (``x-ms-dop-hint``).
        """
        return self._recommended_parallelism

    def url(self, path: str) -> str:
        """The absolute address of a path: relative to the root, to the host (``/…``) or absolute already.

        Raises:
            ProtocolError: when an absolute address leaves the environment; a token must not follow it.
        """
        root = urlsplit(self.root)
        if path.lower().startswith(("https://", "http://")):
            target = urlsplit(path)
            if _origin(target) != _origin(root):
                raise ProtocolError(
                    f"A link of {self.host} leads to another address, {target.scheme}://{target.hostname}",
                    hint="It was not followed, since the access token must not leave the environment.",
                )
            return path
        return f"{root.scheme}://{root.netloc}{path}" if path.startswith("/") else self.root + path

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET an address; errors as for :meth:`send`."""
        return self.send(Request("GET", url, headers or {}))

    def send(self, request: Request, *, accept: Container[int] = ()) -> Response:
        """Send a request and return its answer, repeating what may be repeated.

        An answer of status 400 or higher is raised as an error unless its status is in ``accept``;
        repetitions come first, so a caller that accepts 503 gets it only when waiting did not help.

        Raises:
            DynamicsError: the subclass that says what the run does next.
        """
        course = _Course(request, self.url(request.url))
        while True:
            self._wait_until_open()
            try:
                response = self._exchange(course)
            except (InvalidHeader, InvalidURL):
                raise  # our own mistake, not the network's
            except OSError as error:  # the exceptions of requests are OSErrors too
                self._repeat_or_raise(course, error)
                continue
            if not failed(response.status):
                return response
            problem = self._problem(course, response)
            if problem is None:
                continue
            if response.status in accept:
                return response
            raise problem

    def _exchange(self, course: _Course) -> Response:
        """Send once, literally, and read the whole answer."""
        request, verify = course.request, self.connection.ca_bundle or True
        # Preparing by hand, not by the session, keeps a .netrc file from replacing the bearer token.
        prepared = requests.Request(
            request.method.upper(), self.root, self._headers(request), data=request.body
        ).prepare()
        if self._keep_cookies:
            prepared.prepare_cookies(self._session.cookies)
        # The prepared address would be normalised; next links must travel as the server wrote them.
        prepared.url = course.url
        # Given here, the setting wins over REQUESTS_CA_BUNDLE; without one, that variable counts.
        settings = self._session.merge_environment_settings(course.url, {}, True, verify, None)
        self._count(requests=1)
        answer = self._session.send(
            prepared, allow_redirects=False, timeout=self.connection.request_timeout, **settings
        )
        # `answer.content` would read 10 kB at a time, a third more CPU for a page of 10 MB.
        body = b"".join(answer.iter_content(READ_SIZE))
        hint = answer.headers.get("x-ms-dop-hint", "")
        if hint.isdecimal() and int(hint):
            self._recommended_parallelism = int(hint)
        return Response(answer.status_code, headers_of(answer.headers), body, course.url)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = headers_of({"Accept-Encoding": "gzip, deflate", "User-Agent": _USER_AGENT})
        headers.update(self.dialect.headers)
        if request.body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        headers.update(request.headers)
        headers["Authorization"] = f"Bearer {self.tokens.token()}"
        return dict(headers)

    def _problem(self, course: _Course, response: Response) -> DynamicsError | None:
        """None when the request goes out again, or the error that ends it."""
        status, may_repeat = response.status, course.request.may_repeat
        if status < FIRST_ERROR:
            return redirected(response)
        if status == UNAUTHORIZED:
            return self._unauthorized(course, response)
        asked = retry_after(response.headers)
        if status == THROTTLED or (status == UNAVAILABLE and (asked is not None or may_repeat)):
            return self._throttled(course, response, asked)
        fault = read_fault(response.body)
        passing = status in REPEATABLE_STATUSES and may_repeat and not fault.is_final
        if (passing or fault.is_update_conflict) and course.repetitions < self.connection.max_retries:
            logger.info("%s answers %d to %s; trying again", self.host, status, course.label)
            self._pause(course)
            return None
        return still_failing(response, self.dialect, course.label, tried=course.tried, unsure=not may_repeat)

    def _unauthorized(self, course: _Course, response: Response) -> DynamicsError | None:
        given = self.connection.auth == "access_token"
        if course.renewed or given:
            return not_accepted(response, self.dialect, given=given)
        course.renewed = True
        self.tokens.forget()
        self._count(retries=1)
        return None

    def _throttled(self, course: _Course, response: Response, asked: float | None) -> DynamicsError | None:
        """Close the gate for every thread as long as the service asks, within this request's budget."""
        default = self.dialect.throttle_wait
        wait = asked if asked is not None else default if default is not None else backoff(course.throttlings)
        waited, cost = course.throttled_seconds, max(wait, 1.0)  # waits of zero must come to an end, too
        if waited + cost > THROTTLE_BUDGET:
            return still_throttled(response, self.dialect, course.label, waited=waited, asked=wait)
        course.throttlings += 1
        course.throttled_seconds += cost
        logger.info("%s answers %d: waiting %.0f s as asked", self.host, response.status, wait)
        with self._lock:
            self._open_again_at = max(self._open_again_at, self._clock() + wait)
        self._count(retries=1)
        return None

    def _wait_until_open(self) -> None:
        """Wait while the service wants no request of this user, whichever thread was told so."""
        with self._lock:
            until = self._open_again_at
        wait = until - self._clock() if until else 0.0
        if wait <= 0:
            return
        self._sleep(wait)
        self._count(throttled_seconds=wait)
        with self._lock:
            if self._open_again_at == until:
                self._open_again_at = 0.0

    def _repeat_or_raise(self, course: _Course, error: OSError) -> None:
        trouble = examine(error)
        again = not trouble.untrusted and (course.request.may_repeat or not trouble.sent)
        if not again or course.repetitions >= self.connection.max_retries:
            raise trouble.error(self.host, "environment_url", tried=course.tried) from error
        logger.info("%s %s; trying again", self.host, trouble.reason)
        self._pause(course)

    def _pause(self, course: _Course) -> None:
        seconds = backoff(course.repetitions)
        course.repetitions += 1
        course.paused_seconds += seconds
        self._count(retries=1)
        self._sleep(seconds)

    def _count(self, *, requests: int = 0, throttled_seconds: float = 0.0, retries: int = 0) -> None:
        with self._lock:
            was = self._statistics
            self._statistics = replace(
                was,
                requests=was.requests + requests,
                throttled_seconds=was.throttled_seconds + throttled_seconds,
                retries=was.retries + retries,
            )


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE))
    return session


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port: the things that decide where a token goes."""
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or (443 if scheme == "https" else 80)
