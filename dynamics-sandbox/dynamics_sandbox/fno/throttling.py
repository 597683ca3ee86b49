"""Service protection of F&O: its counters, the resource-based mode, ``Retry-After``.

The product withdrew the counters (optional since 10.0.35) and kept the resource-based limit, which follows
no number a client could know (…/data-entities/service-protection-api-limits). Both are off by default.
"""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from itertools import count
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.usage import Limit, Limits, Meters

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.usage import Admission, Usage

_RESOURCES: Final = (
    "This request could not be processed at this time due to system experiencing high resource utilization."
)


class ThrottledError(FnoError):
    """429: the request was not carried out."""

    def __init__(self, message: str, retry_after: str | None) -> None:
        super().__init__(429, message, outer=message)
        self.headers = {} if retry_after is None else {"Retry-After": retry_after}


class Throttle:
    """Lets requests in or refuses them; any thread may use it.

    Args:
        settings: the limits.
        clock: gives the current moment; windows follow it.
    """

    def __init__(self, settings: FnoSettings, clock: Callable[[], dt.datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._meters = Meters(lambda: clock().timestamp())
        self._asked = count(1)

    def admit(self, user: str, server: int) -> Admission:
        """Lets a request of a user to a web server in.

        Raises:
            ThrottledError: a limit is reached.
        """
        with self._meters.reading(user, server, self._settings.throttling_window) as (usage, _):
            problem = self._problem(usage)
            if problem:
                usage.refusals += 1
                raise ThrottledError(problem, self._retry_after(usage.refusals))
            usage.refusals = 0
            return self._meters.begin(usage)

    def _problem(self, usage: Usage) -> str:
        """The text of the limit that is reached; empty when none is."""
        settings = self._settings
        limits = Limits(
            settings.request_limit,
            settings.execution_limit,
            settings.concurrency_limit,
            settings.throttling_window,
        )
        asked = next(self._asked)
        if settings.throttle_every and asked % settings.throttle_every == 0:
            return _RESOURCES
        return _text(usage.reached(limits), limits)

    def _retry_after(self, refusals: int) -> str | None:
        """The header's value for the n-th refusal in a row; None to leave it out."""
        seconds = self._settings.retry_after_seconds
        form = self._settings.retry_after
        if form == "missing":
            return None
        if form == "date":
            moment = (self._clock() + dt.timedelta(seconds=seconds)).astimezone(dt.timezone.utc)
            return format_datetime(moment, usegmt=True)
        return str(seconds * refusals if form == "lengthening" else seconds)


def _text(reached: Limit | None, limits: Limits) -> str:
    if reached is None:
        return ""
    if reached is Limit.CONCURRENCY:
        return f"Number of concurrent requests exceeded the limit of {limits.concurrency}."
    if reached is Limit.REQUESTS:
        return (
            f"Number of requests exceeded the limit of {limits.requests} "
            f"over the time window of {limits.window:g} seconds."
        )
    return (
        f"Combined execution time of incoming requests exceeded limit of {limits.seconds:g} seconds over "
        f"time window of {limits.window:g} seconds. Decrease number of concurrent requests or reduce the "
        "duration of requests and try again later."
    )
