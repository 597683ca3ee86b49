"""The faults that wait for their requests, and those that have happened."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_sandbox.control.faults import Fault


class HappenedFault(msgspec.Struct):
    """A fault and the request it hit.

    Attributes:
        environment: the service that was asked.
        method: in capitals.
        path: path and query as sent.
        fault: as it was ordered, with what remained of ``times``.
        problem: why a part of it could not be done; empty when all went as ordered.
    """

    environment: str
    method: str
    path: str
    fault: Fault
    problem: str = ""


class FaultPlan:
    """Faults in the order they were added; any thread may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[Fault] = []
        self._happened: list[HappenedFault] = []

    def add(self, *faults: Fault) -> None:
        """Puts faults behind those that wait already."""
        with self._lock:
            self._pending.extend(faults)

    def pending(self) -> list[Fault]:
        """What has not happened yet, with what remains of ``times`` and ``skip``."""
        with self._lock:
            return list(self._pending)

    def happened(self) -> list[HappenedFault]:
        """What has happened, oldest first."""
        with self._lock:
            return list(self._happened)

    def clear(self) -> None:
        """Forgets what waits and what has happened."""
        with self._lock:
            self._pending.clear()
            self._happened.clear()

    def take(self, environment: str, method: str, target: str) -> HappenedFault | None:
        """The fault for this request, used up by one; None when the request goes through unharmed."""
        with self._lock:
            for index, fault in enumerate(self._pending):
                if not fault.matches(environment, method, target):
                    continue
                self._pending[index : index + 1] = _remaining(fault)
                if fault.skip:
                    return None
                happened = HappenedFault(environment, method, target, fault)
                self._happened.append(happened)
                return happened
        return None


def _remaining(fault: Fault) -> Iterable[Fault]:
    """What is left of a fault after one matching request."""
    if fault.skip:
        return [msgspec.structs.replace(fault, skip=fault.skip - 1)]
    return [msgspec.structs.replace(fault, times=fault.times - 1)] if fault.times > 1 else []
