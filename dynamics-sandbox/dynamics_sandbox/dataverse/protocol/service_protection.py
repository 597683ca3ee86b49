"""Service protection of Dataverse: three limits per user and web server, answered with 429.

Dataverse: api-limits, send-parallel-requests.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import DataverseError
from dynamics_sandbox.usage import Limit, Limits, Meters
from dynamics_sandbox.web_servers import AFFINITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.settings import DataverseSettings
    from dynamics_sandbox.usage import Admission, Usage

_CODES = {Limit.REQUESTS: "0x80072322", Limit.SECONDS: "0x80072321", Limit.CONCURRENCY: "0x80072326"}


class ServiceProtection:
    """Lets requests run or refuses them."""

    def __init__(self, settings: DataverseSettings, now: Callable[[], float]) -> None:
        """Start with nothing used.

        Args:
            settings: the limits.
            now: the current moment in seconds; tests move it.
        """
        self._settings = settings
        self._meters = Meters(now)

    @property
    def _limits(self) -> Limits:
        settings = self._settings
        return Limits(
            settings.request_limit,
            settings.execution_seconds_limit,
            settings.concurrency_limit,
            settings.protection_window_seconds,
        )

    def admit(self, user: str, server: int) -> Admission:
        """Let a request run.

        Raises:
            DataverseError: 429 with Retry-After while one of the limits is exceeded.
        """
        limits = self._limits
        with self._meters.reading(user, server, limits.window) as (usage, now):
            if usage.blocked_until > now:
                # Requests that do not wait make the wait longer.
                usage.blocked_until += self._settings.impatience_seconds
                raise self._refusal(usage, now)
            reached = usage.reached(limits)
            if reached is None:
                return self._meters.begin(usage)
            at_once = reached is Limit.CONCURRENCY
            free_at = now + self._settings.concurrency_wait_seconds if at_once else usage.room_at(limits)
            usage.reason, usage.blocked_until = reached, max(free_at, now + 1)
            raise self._refusal(usage, now)

    def headers(self, admission: Admission) -> dict[str, str]:
        """Give the headers that tell what is left on the server."""
        requests = self._settings.request_limit - admission.requests
        seconds = self._settings.execution_seconds_limit - admission.seconds
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(requests, 0)),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(seconds, 0.0):,.2f}",
        }

    def _refusal(self, usage: Usage, now: float) -> DataverseError:
        wait = math.ceil(usage.blocked_until - now)
        headers = {"Retry-After": str(wait)}
        return DataverseError(429, _CODES[usage.reason], _text(usage.reason, self._limits), headers)


def _text(reason: Limit, limits: Limits) -> str:
    over = f"over time window of {limits.window:g} seconds."
    if reason is Limit.CONCURRENCY:
        return f"Number of concurrent requests exceeded the limit of {limits.concurrency}."
    if reason is Limit.REQUESTS:
        return f"Number of requests exceeded the limit of {limits.requests} {over}"
    return (
        f"Combined execution time of incoming requests exceeded limit of {(limits.seconds or 0) * 1000:,.0f} "
        f"milliseconds {over} Decrease number of concurrent requests or reduce the duration of requests "
        "and try again later."
    )


def affinity_cookies(token: str, host: str) -> list[str]:
    """Give the Set-Cookie values that keep a client on a server."""
    common = f"{token};Path=/;HttpOnly;Secure;Domain={host}"
    return [f"{AFFINITY}={common}", f"{AFFINITY}SameSite={common};SameSite=None"]
