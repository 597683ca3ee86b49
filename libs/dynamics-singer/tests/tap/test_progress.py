"""Progress in a log: numbers, how often, and what is told at the end."""

from __future__ import annotations

import logging

import pytest
from dynamics_singer.tap.progress import LogDisplay, Progress, StreamProgress

LOGGER = logging.getLogger("test-progress")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def progress(clock: Clock, streams: int = 1) -> Progress:
    return Progress(LogDisplay(LOGGER, clock), streams, clock=clock)


def fail(run: Progress, clock: Clock) -> None:
    """Send eight records in four seconds, then fail."""
    with run.stream("accounts", nobody_asks) as stream:
        clock.now += 4
        stream.sent = 8
        raise OSError("cut")


def nobody_asks() -> int:
    raise AssertionError("a log shows no share, so no request is made for it")


def test_a_line_comes_after_five_seconds_and_not_with_every_page(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER.name)
    run = progress(clock, streams=2)
    with run.stream("accounts", nobody_asks) as stream:
        for _ in range(12):
            clock.now += 1
            stream.sent += 1000
            run.moved(stream)
    assert caplog.messages == [
        "progress: stream=accounts records=5000 deletions=0 seconds=5.0 records_per_second=1000",
        "progress: stream=accounts records=10000 deletions=0 seconds=10.0 records_per_second=1000",
    ]


def test_the_end_tells_of_every_stream(caplog: pytest.LogCaptureFixture, clock: Clock) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER.name)
    run = progress(clock, streams=2)
    for name, sent in (("accounts", 300), ("contacts", 50)):
        with run.stream(name, nobody_asks) as stream:
            clock.now += 2
            stream.sent = sent
            stream.deleted = 1
    assert caplog.messages == [
        "finished: stream=accounts records=300 deletions=1 seconds=2.0 records_per_second=150",
        "finished: stream=contacts records=50 deletions=1 seconds=2.0 records_per_second=26",
    ]


def test_a_failure_tells_how_far_it_came_and_nothing_follows(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER.name)
    run = progress(clock, streams=2)
    with pytest.raises(OSError, match="cut"):
        fail(run, clock)
    clock.now += 100
    run.moved(StreamProgress("accounts", 0.0))
    assert caplog.messages == [
        "broken off: stream=accounts records=8 deletions=0 seconds=4.0 records_per_second=2"
    ]


@pytest.mark.parametrize(
    ("expected", "sent", "share"), [(None, 5, None), (0, 5, None), (200, 50, 0.25), (200, 900, 0.99)]
)
def test_the_share_is_never_all_before_the_end(expected: int | None, sent: int, share: float | None) -> None:
    stream = StreamProgress("accounts", 0.0, expected, sent)
    assert stream.share == share
    stream.ended = 1.0
    assert stream.share == 1
