"""The control API as Python calls, for tests: faults, holds, snapshots, the clock, the request log."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL_SECONDS = 30.0


class NotHeldError(AssertionError):
    """A hold did not do what the test needs: no request came, or it was let go before its time."""


@dataclass(frozen=True)
class Held:
    """A hook that holds, or is to hold, one request.

    Attributes:
        id: of the hook.
    """

    id: str
    _client: ControlClient

    def wait(self, seconds: float = _POLL_SECONDS) -> dict[str, Any]:
        """Waits until the request is held; gives its environment, method and path.

        Raises:
            NotHeldError: no matching request came in time, or it went through without being held.
        """
        report = self._client.control("GET", f"hooks/{self.id}/wait?seconds={seconds:g}")
        if report["state"] != "held":
            raise NotHeldError(f"No request is held: the hook is '{report['state']}': {report}")
        request: dict[str, Any] = report["request"]
        return request

    def release(self) -> None:
        """Lets the request go; more than once is the same as once.

        Raises:
            NotHeldError: its time was up before, so it went on while the test believed it held.
        """
        report = self._client.control("POST", f"hooks/{self.id}/release")
        if report["state"] == "expired":
            raise NotHeldError(
                f"The request was let go after {report['order']['seconds']:g} seconds: {report}"
            )


@dataclass(frozen=True)
class ClockClient:
    """The sandbox's clock, from which all services take the time."""

    _client: ControlClient

    def now(self) -> dt.datetime:
        """The current moment."""
        return self._moment(self._client.control("GET", "clock"))

    def set(self, moment: dt.datetime) -> dt.datetime:
        """Moves it to a moment, which needs a time zone; gives the current moment."""
        return self._order(set=moment.isoformat())

    def advance(self, **step: float) -> dt.datetime:
        """Moves it on by a step such as ``days=8`` (arguments of timedelta); gives the current moment."""
        return self._order(advance=dt.timedelta(**step).total_seconds())

    def freeze(self) -> dt.datetime:
        """Lets it stand still; gives the current moment."""
        return self._order(freeze=True)

    def run(self) -> dt.datetime:
        """Lets it run on from where it stands; gives the current moment."""
        return self._order(freeze=False)

    def real(self) -> dt.datetime:
        """Back to the machine's clock; gives the current moment."""
        return self._order(real=True)

    def _order(self, **order: object) -> dt.datetime:
        return self._moment(self._client.control("POST", "clock", order))

    @staticmethod
    def _moment(report: dict[str, Any]) -> dt.datetime:
        return dt.datetime.fromisoformat(report["now"].replace("Z", "+00:00"))


class ControlClient(ABC):
    """Calls to the control API; fields and their meaning are those of the API."""

    @abstractmethod
    def control(self, method: str, path: str, content: Any = None) -> Any:
        """Sends one order, its path relative to ``/_sandbox/``; gives the answer's content.

        Raises:
            an error of the implementation's own when the order is refused, with the API's message.
        """

    @property
    def clock(self) -> ClockClient:
        """The clock, to be moved."""
        return ClockClient(self)

    def faults(self, **fault: Any) -> None:
        """Adds a fault; fields as in POST /_sandbox/faults: ``faults(environment="cds", status=429)``."""
        self.control("POST", "faults", fault)

    def fault_script(self, *steps: dict[str, Any]) -> None:
        """Adds several faults in their order."""
        self.control("POST", "faults", {"steps": steps})

    def fault_mix(self, *mix: dict[str, Any], count: int, among: int, seed: int = 0, **pattern: Any) -> None:
        """Adds faults that hit ``count`` of the next ``among`` requests of one kind, chosen by ``seed``."""
        self.control("POST", "faults", {"mix": mix, "count": count, "among": among, "seed": seed, **pattern})

    def pending_faults(self) -> list[dict[str, Any]]:
        """The faults that have not happened yet; an empty list says that the script is exhausted."""
        found: list[dict[str, Any]] = self.control("GET", "faults")["faults"]
        return found

    def happened_faults(self) -> list[dict[str, Any]]:
        """The faults that have happened: environment, method, path, fault, problem."""
        found: list[dict[str, Any]] = self.control("GET", "faults")["happened"]
        return found

    def clear_faults(self) -> None:
        """Forgets all faults, those that have happened too."""
        self.control("DELETE", "faults")

    @contextmanager
    def hold(
        self, environment: str = "", *, when: OneOf["before", "during", "after"] = "before", **order: Any
    ) -> Iterator[Held]:
        """Holds the next matching request for the test; lets it go at the end of the block at the latest.

        Args:
            environment: whose requests.
            when: before it is carried out; during, that is with its work done and not committed; or after
                it is committed and before it is answered.
            order: further fields of POST /_sandbox/hooks: method, path, skip, seconds.
        """
        hook = self.control("POST", "hooks", {"environment": environment, "when": when, **order})
        held = Held(hook["id"], self)
        try:
            yield held
            held.release()
        finally:
            self.control("DELETE", f"hooks/{held.id}")

    def clear_hooks(self) -> None:
        """Lets every held request go and forgets all hooks."""
        self.control("DELETE", "hooks")

    def requests(self, environment: str = "", **chosen: Any) -> list[dict[str, Any]]:
        """The requests so far, oldest first: id, time, environment, method, path and status.

        Args:
            environment: whose; all by default.
            chosen: further filters of GET /_sandbox/requests: method, path, status, since; ``bodies=True``.
        """
        found: list[dict[str, Any]] = self.control("GET", f"requests?{_query(environment, chosen)}")[
            "requests"
        ]
        return found

    def count_requests(self, environment: str = "", **chosen: Any) -> int:
        """How many requests there were; filters as in `requests`."""
        query = _query(environment, {**chosen, "only_count": True})
        return int(self.control("GET", f"requests?{query}")["count"])

    def forget_requests(self) -> None:
        """Empties the request log."""
        self.control("DELETE", "requests")

    def snapshot(self, name: str) -> None:
        """Keeps a copy of all environments under a name; one of this name is replaced."""
        self.control("POST", "snapshots", {"name": name})

    def restore(self, name: str) -> None:
        """Puts all environments back to a snapshot."""
        self.control("POST", f"snapshots/{quote(name, safe='')}/restore")

    def snapshots(self) -> list[str]:
        """The names of the snapshots there are."""
        names: list[str] = self.control("GET", "snapshots")["snapshots"]
        return names

    def forget_snapshot(self, name: str) -> None:
        """Removes a snapshot."""
        self.control("DELETE", f"snapshots/{quote(name, safe='')}")

    def settings(self, environment: str) -> dict[str, Any]:
        """Every setting of an environment with its value."""
        found = self.control("GET", f"settings/{environment}")["settings"]
        return {name: setting["value"] for name, setting in found.items()}

    def change_settings(self, environment: str, **changes: Any) -> None:
        """Changes settings of an environment from the next request on, all of them or none.

        ``sandbox.change_settings("fno", page_size=5)``; one of a part by ``**{"sales.rule_code": "0x1"}``.
        """
        self.control("PUT", f"settings/{environment}", changes)

    def restore_settings(self) -> None:
        """Puts the settings of all environments back to how the sandbox was started."""
        self.control("DELETE", "settings")

    def seed(self, *, number: int = 1, **sizes: int) -> list[str]:
        """Adds generated rows: ``seed(accounts=1000, customers=50)``; gives one note per table."""
        return self._seed({"sizes": sizes, "number": number})

    def seed_csv(self, folder: Path) -> list[str]:
        """Uploads the CSV files of a folder; gives one note per file."""
        files = {path.name: path.read_text("utf-8-sig") for path in sorted(folder.glob("*.csv"))}
        return self._seed({"files": files})

    def _seed(self, order: dict[str, Any]) -> list[str]:
        notes: list[str] = self.control("POST", "seed", order)["notes"]
        return notes

    def reset(self, seed: OneOf["demo", "none"] = "none") -> None:
        """Starts all environments over, with the settings of the start."""
        self.control("POST", "reset", {"seed": seed})


def _query(environment: str, chosen: dict[str, Any]) -> str:
    given = {"environment": environment, **chosen}
    return urlencode(
        {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    )
