"""The clock that tests can move: how it runs, stands still, jumps, and comes back."""

from __future__ import annotations

import datetime as dt

import pytest
from dynamics_sandbox.clock import Clock

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc)
HOUR = dt.timedelta(hours=1)


class Machine:
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_it_runs_with_the_machine(machine: Machine) -> None:
    clock = Clock(machine)
    machine.now += HOUR

    assert (clock(), clock.seconds(), clock.frozen) == (NOON + HOUR, 1772370000.0, False)
    assert clock.ahead == dt.timedelta()


def test_a_clock_that_was_set_runs_on_from_there(machine: Machine) -> None:
    clock = Clock(machine)
    clock.set(dt.datetime(2030, 1, 1, 1, tzinfo=dt.timezone(HOUR)))
    machine.now += HOUR

    assert clock() == dt.datetime(2030, 1, 1, 1, tzinfo=dt.timezone.utc)


def test_a_frozen_clock_stands_still_until_it_runs_on(machine: Machine) -> None:
    clock = Clock(machine)
    clock.freeze()
    machine.now += HOUR
    frozen = clock()
    clock.advance(dt.timedelta(days=8))
    moved = clock()
    clock.run()
    machine.now += HOUR

    assert (frozen, moved) == (NOON, NOON + dt.timedelta(days=8))
    assert clock() == NOON + dt.timedelta(days=8, hours=1)
    assert clock.ahead == dt.timedelta(days=7, hours=23)


def test_it_comes_back_to_the_machine(machine: Machine) -> None:
    clock = Clock(machine)
    clock.advance(-HOUR)
    clock.freeze()
    clock.real()

    assert (clock(), clock.frozen) == (NOON, False)


def test_it_refuses_a_moment_outside_the_calendar(machine: Machine) -> None:
    clock = Clock(machine)

    with pytest.raises(OverflowError):
        clock.advance(dt.timedelta(days=365 * 9000))

    assert clock() == NOON
