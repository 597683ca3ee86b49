"""What callers use of the web servers behind an address: requests, execution time, requests at once.

Both services count per user and web server over a sliding window; what they answer when a limit is reached,
and for how long, is their own (Dataverse: api-limits; F&O: service-protection-api-limits).
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Limit(Enum):
    """The limits of service protection."""

    REQUESTS = auto()
    SECONDS = auto()
    CONCURRENCY = auto()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a user may use of one web server; None is as much as there is.

    Attributes:
        requests: requests within the window.
        seconds: combined execution time of requests within the window.
        concurrency: requests that are being answered at once.
        window: seconds the first two look back.
    """

    requests: int | None
    seconds: float | None
    concurrency: int | None
    window: float


@dataclass(slots=True)
class Usage:
    """What one user has used of one web server; `ended` holds moments (s) and execution times (s).

    Attributes:
        blocked_until: moment (s) before which a service refuses everything; services set it.
        refusals: how often in a row the user was refused; services count them.
        reason: the limit of the latest refusal.
    """

    ended: deque[tuple[float, float]] = field(default_factory=deque)
    seconds: float = 0.0
    running: int = 0
    blocked_until: float = 0.0
    refusals: int = 0
    reason: Limit = Limit.REQUESTS

    @property
    def requests(self) -> int:
        """Requests within the window, those included that are being answered."""
        return len(self.ended) + self.running

    def forget_before(self, moment: float) -> None:
        """Drop what has left the window."""
        while self.ended and self.ended[0][0] <= moment:
            self.seconds -= self.ended.popleft()[1]

    def reached(self, limits: Limits) -> Limit | None:
        """Give the limit that leaves no room for another request."""
        if limits.concurrency is not None and self.running >= limits.concurrency:
            return Limit.CONCURRENCY
        if limits.requests is not None and self.requests >= limits.requests:
            return Limit.REQUESTS
        if limits.seconds is not None and self.seconds >= limits.seconds:
            return Limit.SECONDS
        return None

    def room_at(self, limits: Limits) -> float:
        """Give the moment at which enough has left the window to be within its limits again."""
        requests, seconds, moment = self.requests, self.seconds, 0.0
        for ended, cost in self.ended:
            within = limits.requests is None or requests < limits.requests
            if within and (limits.seconds is None or seconds < limits.seconds):
                break
            requests, seconds, moment = requests - 1, seconds - cost, ended + limits.window
        return moment


class Admission:
    """One request that may run; `done` accounts for it."""

    def __init__(self, usage: Usage, lock: Lock, now: Callable[[], float]) -> None:
        self._usage = usage
        self._lock = lock
        self._now = now

    def done(self, seconds: float) -> None:
        """End the request, which took this many seconds."""
        with self._lock:
            self._usage.running -= 1
            self._usage.ended.append((self._now(), seconds))
            self._usage.seconds += seconds

    @property
    def requests(self) -> int:
        """Requests of the user on this server within the window, this one included."""
        return self._usage.requests

    @property
    def seconds(self) -> float:
        """Execution time (s) of the user on this server within the window."""
        return self._usage.seconds


class Meters:
    """The usage of all users on all web servers of one environment; any thread may use it."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Start with nothing used.

        Args:
            now: the current moment in seconds; tests move it.
        """
        self._now = now
        self._lock = Lock()
        self._usage: dict[tuple[str, int], Usage] = {}

    @contextmanager
    def reading(self, user: str, server: int, window: float) -> Iterator[tuple[Usage, float]]:
        """Lend what a user has used within the window, and the moment; nobody else changes it meanwhile."""
        with self._lock:
            usage, now = self._usage.setdefault((user, server), Usage()), self._now()
            usage.forget_before(now - window)
            yield usage, now

    def begin(self, usage: Usage) -> Admission:
        """Let a request run, inside `reading`."""
        usage.running += 1
        return Admission(usage, self._lock, self._now)
