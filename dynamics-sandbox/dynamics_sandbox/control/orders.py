"""What the control API is told to do, as the JSON bodies it reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import msgspec

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.settings import Seed  # noqa: TC001 - msgspec looks it up

if TYPE_CHECKING:
    from dynamics_sandbox.clock import Clock


class ResetOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /reset: what to start over from."""

    seed: Seed


class SnapshotOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /snapshots."""

    name: str


class ClockOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /clock; done in the order of the attributes.

    Attributes:
        real: back to the machine's clock.
        set: the moment to move to, with a time zone (``2026-03-01T12:00:00Z``).
        advance: seconds to move on by; negative moves back.
        freeze: true lets the clock stand still, false lets it run on from where it stands.
    """

    real: bool = False
    set: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None
    advance: float = 0
    freeze: bool | None = None

    def apply(self, clock: Clock) -> None:
        """Moves the clock.

        Raises:
            SandboxError: it would leave the calendar.
        """
        try:
            if self.real:
                clock.real()
            if self.set is not None:
                clock.set(self.set)
            clock.advance(dt.timedelta(seconds=self.advance))
        except OverflowError:
            raise SandboxError("The clock cannot go there: years 1 to 9999 are all there is.") from None
        if self.freeze is not None:
            clock.freeze() if self.freeze else clock.run()


class ClockReport(msgspec.Struct):
    """The clock as GET /clock shows it: ``ahead`` is in seconds before the machine's clock."""

    now: dt.datetime
    frozen: bool
    ahead: float
