"""Reads several streams at the same time, at most so many as the service takes well.

Each stream is read by a thread of its own, in its own order; the lock of the one writer keeps lines whole and
every STATE true of all streams. The SDK's loop over the streams stays: it waits for each in turn.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Job", "SideBySide", "StoppedError"]


@dataclass(frozen=True, slots=True)
class Job:
    """One stream to be read: its `name`, and what reads it from beginning to end."""

    name: str
    read: Callable[[], None]


class StoppedError(Exception):
    """A stream stops at the end of a page, since another one has failed."""


class SideBySide:
    """Runs jobs in their order, never more at a time than `limit` says, which is asked before each one.

    After an error no other job starts, and those that run are expected to ask `check` now and then.
    """

    def __init__(self, jobs: Iterable[Job], limit: Callable[[], int]) -> None:
        self._waiting = deque(jobs)
        self._limit = limit
        self._changed = threading.Condition()
        self._running = 0
        self._finished: set[str] = set()
        self._error: BaseException | None = None

    def wait_for(self, name: str) -> None:
        """Return when the job of that name is done; the first call starts the first jobs.

        Raises:
            BaseException: what any job raised first, once none runs any more.
        """
        with self._changed:
            self._start()
            self._changed.wait_for(lambda: name in self._finished or self._has_failed())
            if name not in self._finished and self._error is not None:
                raise self._error

    def check(self) -> None:
        """Raise `StoppedError` when another job has failed."""
        if self._error is not None:
            raise StoppedError

    def _has_failed(self) -> bool:
        return self._error is not None and not self._running

    def _start(self) -> None:
        while self._waiting and self._error is None and self._running < max(1, self._limit()):
            job = self._waiting.popleft()
            self._running += 1
            threading.Thread(target=self._run, args=(job,), name=f"read {job.name}", daemon=True).start()

    def _run(self, job: Job) -> None:
        error: BaseException | None = None
        try:
            job.read()
        except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
            error = raised
        with self._changed:
            self._running -= 1
            if error is None:
                self._finished.add(job.name)
            else:
                self._error = self._error or error
            self._start()
            self._changed.notify_all()
