"""How long the server asks to wait."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from dynamics_odata.waiting import backoff, retry_after


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("0", 0), (" 120 ", 120), ("1.5", 1.5)])
def test_seconds(text: str, seconds: float) -> None:
    assert retry_after({"Retry-After": text}) == seconds


def test_a_date_counts_from_the_answers_own_date() -> None:
    headers = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:30:00 GMT"}
    assert retry_after(headers) == 120


def test_a_date_counts_from_now_when_the_answer_has_no_date() -> None:
    seconds = retry_after({"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    assert seconds is not None
    assert 55 < seconds <= 60


@pytest.mark.parametrize("text", ["", "soon", "-5", "Someday, 99 Foo 2026", "1.2.3", "²"])
def test_unreadable_times_are_none(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None


def test_backoff_doubles_up_to_a_minute() -> None:
    assert [backoff(n) for n in (0, 1, 2, 5, 6, 7, 5000)] == [1, 2, 4, 32, 60, 60, 60]
