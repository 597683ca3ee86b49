"""Service protection: limits, texts and Retry-After (…/data-entities/service-protection-api-limits)."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.fno.settings import FnoSettings
from dynamics_sandbox.fno.throttling import Throttle, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.timezone.utc)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now += dt.timedelta(seconds=seconds)


def refusal(throttle: Throttle, user: str = "u", server: int = 0) -> ThrottledError | None:
    try:
        throttle.admit(user, server).done(0)
    except ThrottledError as error:
        return error
    return None


def test_requests_are_counted_per_user_server_and_window() -> None:
    clock = Clock()
    throttle = Throttle(FnoSettings(request_limit=2), clock)
    assert refusal(throttle) is None
    clock.advance(100)
    assert refusal(throttle) is None
    refused = refusal(throttle)
    assert refused is not None
    assert refused.message == (
        "Number of requests exceeded the limit of 2 over the time window of 300 seconds."
    )
    assert refusal(throttle, user="other") is None
    assert refusal(throttle, server=1) is None
    clock.advance(200)  # the first request has left the window, the second has not
    assert refusal(throttle) is None
    assert refusal(throttle) is not None


def test_execution_time_is_added_up() -> None:
    throttle = Throttle(FnoSettings(execution_limit=1200), Clock())
    throttle.admit("u", 0).done(700)
    throttle.admit("u", 0).done(501)
    refused = refusal(throttle)
    assert refused is not None
    assert refused.message == (
        "Combined execution time of incoming requests exceeded limit of 1200 seconds over time window of "
        "300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try "
        "again later."
    )


def test_requests_at_the_same_time() -> None:
    throttle = Throttle(FnoSettings(concurrency_limit=1), Clock())
    running = throttle.admit("u", 0)
    refused = refusal(throttle)
    assert refused is not None
    assert refused.message == "Number of concurrent requests exceeded the limit of 1."
    running.done(0)
    assert refusal(throttle) is None


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("seconds", ["7", "7", "7"]),
        ("lengthening", ["7", "14", "21"]),
        ("date", ["Sat, 31 Jan 2026 12:00:07 GMT"] * 3),
        ("missing", [None, None, None]),
    ],
)
def test_forms_of_retry_after(form: Any, expected: list[str | None]) -> None:
    throttle = Throttle(FnoSettings(request_limit=0, retry_after=form, retry_after_seconds=7), Clock())
    seen = [error.headers.get("Retry-After") for error in (refusal(throttle) for _ in range(3)) if error]
    assert seen == expected
    if form == "date":
        assert parsedate_to_datetime(seen[0] or "") == START + dt.timedelta(seconds=7)


def test_a_refused_write_is_not_carried_out(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(throttle_every=2)
    assert fno.customer("C-1").status == 201
    refused = fno.customer("C-2")
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    assert refused.problem == (
        "This request could not be processed at this time due to system experiencing high resource "
        "utilization."
    )
    assert [row["CustomerAccount"] for row in fno.get("/data/CustomersV3").rows] == ["C-1"]


def test_a_batch_counts_as_one_and_the_cookie_chooses_the_server(
    open_environment: Callable[..., Client],
) -> None:
    fno = open_environment(request_limit=1, web_servers=2)
    first, second = fno.get("/data/Companies"), fno.get("/data/Companies")
    cookies = [answer.headers["set-cookie"].partition(";")[0] for answer in (first, second)]
    assert (first.status, second.status) == (200, 200)
    assert cookies[0] != cookies[1]
    assert [fno.get("/data/Companies", cookie=cookie).status for cookie in cookies] == [429, 429]
