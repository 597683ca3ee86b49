"""Service protection: counters per user and web server, the resource-based mode, ``Retry-After``.

The product withdrew the counters (optional since 10.0.35) and kept the resource-based limit, which follows
no number a client could know (…/data-entities/service-protection-api-limits). Both are off by default.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from email.utils import format_datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.errors import FnoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.fno.settings import FnoSettings

_RESOURCES: Final = (
    "This request could not be processed at this time due to system experiencing high resource utilization."
)


class ThrottledError(FnoError):
    """429: the request was not carried out."""

    def __init__(self, message: str, retry_after: str | None) -> None:
        super().__init__(429, message, outer=message)
        self.headers = {} if retry_after is None else {"Retry-After": retry_after}


@dataclass(slots=True)
class _Usage:
    """What one user did on one web server.

    Attributes:
        requests: when each began, and how many seconds it took.
        running: requests that are being answered.
        refusals: how often in a row the user was refused.
    """

    requests: deque[tuple[dt.datetime, list[float]]] = field(default_factory=deque)
    running: int = 0
    refusals: int = 0

    def forget_before(self, moment: dt.datetime) -> None:
        """Drops what has left the window."""
        while self.requests and self.requests[0][0] <= moment:
            self.requests.popleft()

    def seconds(self) -> float:
        """Combined execution time inside the window."""
        return sum(taken[0] for _, taken in self.requests)


class Admission:
    """A request that was let in; ``done`` tells how long it took."""

    def __init__(self, usage: _Usage, taken: list[float], lock: Lock) -> None:
        self._usage = usage
        self._taken = taken
        self._lock = lock

    def done(self, seconds: float) -> None:
        """Books the execution time and frees the place."""
        with self._lock:
            self._taken[0] = seconds
            self._usage.running -= 1


class Throttle:
    """Lets requests in or refuses them; any thread may use it.

    Args:
        settings: the limits.
        clock: gives the current moment; windows follow it.
    """

    def __init__(self, settings: FnoSettings, clock: Callable[[], dt.datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._usage: dict[tuple[str, str], _Usage] = {}
        self._asked = 0

    def admit(self, user: str, server: str) -> Admission:
        """Lets a request of a user to a web server in.

        Raises:
            ThrottledError: a limit is reached.
        """
        with self._lock:
            now = self._clock()
            usage = self._usage.setdefault((user, server), _Usage())
            usage.forget_before(now - dt.timedelta(seconds=self._settings.throttling_window))
            problem = self._problem(usage)
            if problem:
                usage.refusals += 1
                raise ThrottledError(problem, self._retry_after(usage.refusals, now))
            usage.refusals = 0
            usage.running += 1
            taken = [0.0]
            usage.requests.append((now, taken))
            return Admission(usage, taken, self._lock)

    def _problem(self, usage: _Usage) -> str:
        """The text of the limit that is reached; empty when none is."""
        settings = self._settings
        window = settings.throttling_window
        self._asked += 1
        if settings.throttle_every and self._asked % settings.throttle_every == 0:
            return _RESOURCES
        if settings.request_limit is not None and len(usage.requests) >= settings.request_limit:
            return (
                f"Number of requests exceeded the limit of {settings.request_limit} "
                f"over the time window of {window} seconds."
            )
        if settings.execution_limit is not None and usage.seconds() > settings.execution_limit:
            return (
                "Combined execution time of incoming requests exceeded limit of "
                f"{settings.execution_limit} seconds over time window of {window} seconds. Decrease number "
                "of concurrent requests or reduce the duration of requests and try again later."
            )
        if settings.concurrency_limit is not None and usage.running >= settings.concurrency_limit:
            return f"Number of concurrent requests exceeded the limit of {settings.concurrency_limit}."
        return ""

    def _retry_after(self, refusals: int, now: dt.datetime) -> str | None:
        """The header's value for the n-th refusal in a row; None to leave it out."""
        seconds = self._settings.retry_after_seconds
        form = self._settings.retry_after
        if form == "missing":
            return None
        if form == "date":
            moment = (now + dt.timedelta(seconds=seconds)).astimezone(dt.timezone.utc)
            return format_datetime(moment, usegmt=True)
        return str(seconds * refusals if form == "lengthening" else seconds)
