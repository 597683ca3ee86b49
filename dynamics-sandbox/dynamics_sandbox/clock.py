"""The sandbox's one clock: stamps, token expiry, delta links and throttling windows all take now from it.

A test may set, advance and freeze it; whoever needs the time holds the clock and asks it each time.
"""

from __future__ import annotations

import datetime as dt
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _real_now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


class Clock:
    """Gives the current moment in UTC; runs with the machine's clock until it is told otherwise.

    Any thread may use it. Called like a function it gives an aware datetime.

    Args:
        real: the machine's clock.
    """

    def __init__(self, real: Callable[[], dt.datetime] = _real_now) -> None:
        self._real = real
        self._lock = Lock()
        self._ahead = dt.timedelta()
        self._frozen_at: dt.datetime | None = None

    def __call__(self) -> dt.datetime:
        """The current moment."""
        with self._lock:
            return self._now()

    def _now(self) -> dt.datetime:
        return self._frozen_at or self._real() + self._ahead

    def seconds(self) -> float:
        """The current moment in seconds since 1970."""
        return self().timestamp()

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen_at is not None

    @property
    def ahead(self) -> dt.timedelta:
        """How far it is ahead of the machine's clock; negative when it is behind."""
        return self() - self._real()

    def set(self, moment: dt.datetime) -> None:
        """Moves it to a moment (with a time zone); a frozen clock stays frozen, there.

        Raises:
            OverflowError: the moment has no place in UTC's calendar.
        """
        with self._lock:
            self._move(moment.astimezone(dt.timezone.utc))

    def advance(self, step: dt.timedelta) -> None:
        """Moves it by a step, backwards when that is negative.

        Raises:
            OverflowError: no calendar reaches that far.
        """
        with self._lock:
            self._move(self._now() + step)

    def _move(self, moment: dt.datetime) -> None:
        if self._frozen_at is None:
            self._ahead = moment - self._real()
        else:
            self._frozen_at = moment

    def freeze(self) -> None:
        """Lets it stand still where it is."""
        with self._lock:
            self._frozen_at = self._now()

    def run(self) -> None:
        """Lets it run on from where it stands."""
        with self._lock:
            if self._frozen_at is not None:
                self._ahead = self._frozen_at - self._real()
                self._frozen_at = None

    def real(self) -> None:
        """Back to the machine's clock."""
        with self._lock:
            self._ahead, self._frozen_at = dt.timedelta(), None
