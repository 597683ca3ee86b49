"""Service protection: three limits per user and web server over a sliding window, answered with 429.

Dataverse: api-limits. A request is admitted when it arrives and accounted for when it ends; both happen in
the event loop, so no lock is needed.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import DataverseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.settings import DataverseSettings

TOO_MANY_REQUESTS = "0x80072322"
TOO_MUCH_TIME = "0x80072321"
TOO_MANY_AT_ONCE = "0x80072326"


@dataclass(slots=True)
class _Budget:
    """What one user has used of one web server; `ended` holds moments (s) and execution times (s)."""

    ended: deque[tuple[float, float]] = field(default_factory=deque)
    seconds: float = 0.0
    running: int = 0
    blocked_until: float = 0.0
    reason: tuple[str, str] = ("", "")

    @property
    def requests(self) -> int:
        return len(self.ended) + self.running

    def forget_before(self, moment: float) -> None:
        while self.ended and self.ended[0][0] <= moment:
            self.seconds -= self.ended.popleft()[1]

    def account(self, moment: float, seconds: float) -> None:
        self.running -= 1
        self.ended.append((moment, seconds))
        self.seconds += seconds

    def free_at(self, window: float, requests: int, seconds: float) -> float:
        """Give the moment at which enough has left the window to be within both limits again."""
        left, used, moment = self.requests, self.seconds, 0.0
        for ended, cost in self.ended:
            if left < requests and used < seconds:
                break
            left, used, moment = left - 1, used - cost, ended + window
        return moment


@dataclass(slots=True)
class Admission:
    """One request that may run; `done` accounts for it."""

    _budget: _Budget
    _settings: DataverseSettings
    _now: Callable[[], float]

    def done(self, seconds: float) -> None:
        """End the request, which took this many seconds."""
        self._budget.account(self._now(), seconds)

    def headers(self) -> dict[str, str]:
        """Give the headers that tell what is left on this server."""
        requests = self._settings.request_limit - self._budget.requests
        seconds = self._settings.execution_seconds_limit - self._budget.seconds
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(requests, 0)),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{max(seconds, 0.0):,.2f}",
        }


class ServiceProtection:
    """The budgets of all users on all web servers of one environment."""

    def __init__(self, settings: DataverseSettings, now: Callable[[], float]) -> None:
        """Start with nothing used.

        Args:
            settings: the limits.
            now: the current moment in seconds; tests move it.
        """
        self._settings = settings
        self._now = now
        self._budgets: dict[tuple[str, int], _Budget] = {}

    def admit(self, user: str, server: int) -> Admission:
        """Let a request run.

        Raises:
            DataverseError: 429 with Retry-After while one of the limits is exceeded.
        """
        budget = self._budgets.setdefault((user, server), _Budget())
        now = self._now()
        budget.forget_before(now - self._settings.protection_window_seconds)
        if budget.blocked_until > now:
            # Requests that do not wait make the wait longer.
            budget.blocked_until += self._settings.impatience_seconds
            raise _refusal(budget, now)
        self._check(budget, now)
        budget.running += 1
        return Admission(budget, self._settings, self._now)

    def _check(self, budget: _Budget, now: float) -> None:
        limits = self._settings
        reason = self._exceeded(budget)
        if reason is None:
            return
        if reason[0] == TOO_MANY_AT_ONCE:
            free_at = now + limits.concurrency_wait_seconds
        else:
            free_at = budget.free_at(
                limits.protection_window_seconds, limits.request_limit, limits.execution_seconds_limit
            )
        budget.reason = reason
        budget.blocked_until = max(free_at, now + 1)
        raise _refusal(budget, now)

    def _exceeded(self, budget: _Budget) -> tuple[str, str] | None:
        """Give code and message of the limit that leaves no room for another request."""
        limits = self._settings
        over = f"over time window of {limits.protection_window_seconds:g} seconds."
        if budget.running >= limits.concurrency_limit:
            text = f"Number of concurrent requests exceeded the limit of {limits.concurrency_limit}."
            return TOO_MANY_AT_ONCE, text
        if budget.requests >= limits.request_limit:
            return (
                TOO_MANY_REQUESTS,
                f"Number of requests exceeded the limit of {limits.request_limit} {over}",
            )
        if budget.seconds >= limits.execution_seconds_limit:
            milliseconds = f"{limits.execution_seconds_limit * 1000:,.0f} milliseconds"
            text = (
                f"Combined execution time of incoming requests exceeded limit of {milliseconds} {over} "
                "Decrease number of concurrent requests or reduce the duration of requests "
                "and try again later."
            )
            return TOO_MUCH_TIME, text
        return None


def _refusal(budget: _Budget, now: float) -> DataverseError:
    code, message = budget.reason
    wait = math.ceil(budget.blocked_until - now)
    return DataverseError(429, code, message, {"Retry-After": str(wait)})
