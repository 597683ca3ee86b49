"""Faults on demand: what is to go wrong, and with which requests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

import msgspec

from dynamics_sandbox.control.interludes import Interlude  # noqa: TC001 - msgspec looks it up
from dynamics_sandbox.control.patterns import RequestPattern

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Refusals that come from inside the service when a write is about to be committed, in a batch as its part.
NamedError: TypeAlias = OneOf["update_conflict", "deadlock", "sql_timeout"]
_SWITCHES: Final = (
    "status", "error", "drop", "delay", "expire_token", "expire_delta_links", "pending_key", "meanwhile",
)  # fmt: skip
_AMOUNTS: Final = ("cut_after", "truncate", "bytes_per_second")
_HOMES_OF_ERRORS: Final[dict[NamedError, tuple[str, ...]]] = {
    "update_conflict": ("fno",),
    "deadlock": ("sales", "cds"),
    "sql_timeout": ("sales", "cds"),
}
_DATAVERSE_ONLY: Final = ("expire_delta_links", "pending_key")


class Fault(RequestPattern, frozen=True, forbid_unknown_fields=True):
    """One fault: a kind of request and what becomes of it.

    Attributes:
        times: how many requests it hits.
        delay: seconds to wait before anything else happens.
        meanwhile: requests of other clients that get through first: rows inserted between two pages, say.
        expire_token: the request's access token is worth nothing from now on; the next one is fine.
        expire_delta_links: every change-tracking link given so far is expired (Sales and CDS).
        pending_key: an alternate key that is being built again, as ``table/key`` (Sales and CDS).
        status: of an answer that takes the place of the service's.
        error: a failure inside the service, worded and placed (in a batch: in its part) as its own:
            ``update_conflict`` (F&O), ``deadlock`` or ``sql_timeout`` (Sales and CDS). Nothing is written.
        headers: of the answer with that status, ``Retry-After`` for instance.
        body: of that answer; null: as the service words it, for 502, 503 and 504 the page of a gateway.
        drop: the connection is cut without an answer.
        before_commit: the work is done but rolled back, then comes the answer above or the cut.
        after_commit: the request is carried out, then comes the answer above or the cut.
        cut_after: the connection is cut after so many bytes of the body.
        truncate: the body ends after so many bytes, as if it were whole.
        bytes_per_second: the body comes no faster than this.
    """

    times: int = 1
    delay: float = 0
    meanwhile: tuple[Interlude, ...] = ()
    expire_token: bool = False
    expire_delta_links: bool = False
    pending_key: str = ""
    status: int = 0
    error: NamedError | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: str | None = None
    drop: bool = False
    before_commit: bool = False
    after_commit: bool = False
    cut_after: int | None = None
    truncate: int | None = None
    bytes_per_second: int | None = None

    def __post_init__(self) -> None:
        """Refuses what could never do anything.

        Raises:
            ValueError: says which field and why.
        """
        super().__post_init__()
        chosen = [name for name in _SWITCHES if getattr(self, name)]
        chosen += [name for name in _AMOUNTS if getattr(self, name) is not None]
        if not chosen:
            raise ValueError(f"a fault needs one of {', '.join((*_SWITCHES, *_AMOUNTS))}")
        self._check_numbers()
        self._check_answer()
        self._check_environment()

    @property
    def replaces_answer(self) -> bool:
        """Whether the client gets another answer than the service's, or none."""
        return bool(self.status or self.drop)

    @property
    def shapes_body(self) -> bool:
        """Whether the service's answer goes out late or in part."""
        return any(getattr(self, name) is not None for name in _AMOUNTS)

    def _check_numbers(self) -> None:
        if self.times < 1 or self.delay < 0:
            raise ValueError("times must be 1 or more; delay must not be negative")
        for name in _AMOUNTS:
            value, least = getattr(self, name), int(name == "bytes_per_second")
            if value is not None and value < least:
                raise ValueError(f"{name} must be {least} or more, not {value}")

    def _check_answer(self) -> None:
        if self.status and not 200 <= self.status <= 599:  # noqa: PLR2004 - what an answer can have
            raise ValueError(f"status {self.status} is not between 200 and 599")
        if sum(map(bool, (self.status, self.error, self.drop))) > 1:
            raise ValueError("status, error and drop exclude one another")
        if self.replaces_answer and self.shapes_body:
            raise ValueError(f"{', '.join(_AMOUNTS)} change the service's answer, so they need one")
        if self.before_commit and self.after_commit:
            raise ValueError("before_commit and after_commit exclude one another")
        if (self.before_commit or self.after_commit) and not self.replaces_answer:
            raise ValueError("before_commit and after_commit need status or drop")
        for name, value in self.headers.items():
            if not name.isascii() or any(character in name + value for character in "\r\n\0"):
                raise ValueError(f"headers: '{name}' cannot be sent")

    def _check_environment(self) -> None:
        for name in _DATAVERSE_ONLY:
            if getattr(self, name) and self.environment not in {"sales", "cds"}:
                raise ValueError(f"{name} needs the environment sales or cds")
        if self.pending_key and not all(self.pending_key.partition("/")):
            raise ValueError("pending_key must be table/key, such as account/cdm_key")
        if self.error and self.environment not in _HOMES_OF_ERRORS[self.error]:
            raise ValueError(
                f"{self.error} needs the environment {' or '.join(_HOMES_OF_ERRORS[self.error])}"
            )


class FaultScript(RequestPattern, frozen=True, forbid_unknown_fields=True):
    """Several faults at once: a list of steps, or a random mix among requests of one kind.

    Attributes:
        steps: faults in their order; one that waits for the same requests as an earlier one comes after it.
        mix: faults to choose from at random; environment, method, path and skip are the script's.
        count: how many requests the mix hits.
        among: out of how many, counted behind ``skip``.
        seed: the same number gives the same choice.
    """

    steps: tuple[Fault, ...] = ()
    mix: tuple[Fault, ...] = ()
    count: int = 1
    among: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses a script that does nothing or chooses more than there is.

        Raises:
            ValueError: says which field and why.
        """
        super().__post_init__()
        if bool(self.steps) == bool(self.mix):
            raise ValueError("a script needs either steps or a mix")
        if not 1 <= self.count <= self.among:
            raise ValueError(f"a mix hits 1 to {self.among} of {self.among} requests, not {self.count}")
        if any(fault.times > 1 or fault.skip for fault in self.mix):
            raise ValueError("faults of a mix have no times and no skip: count and among say how often")

    def faults(self) -> list[Fault]:
        """The faults in the order in which they wait."""
        return list(self.steps or self._mixed())

    def _mixed(self) -> Iterator[Fault]:
        choice = random.Random(self.seed)  # noqa: S311 - to be repeatable, not secret
        behind = -1
        for place in sorted(choice.sample(range(self.among), self.count)):
            # A fault counts the requests that come after the fault before it.
            gap = place - behind - 1 + (self.skip if behind < 0 else 0)
            kind = {"environment": self.environment, "method": self.method, "path": self.path, "skip": gap}
            yield msgspec.structs.replace(choice.choice(self.mix), **kind)
            behind = place
