"""Query functions of relative time, at a clock that stands on Thursday, 2 May 2024, 08:21:20 UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_MOMENTS = {
    "A": "2022-12-31T23:59:59Z",
    "B": "2023-07-01T00:00:00Z",
    "C": "2024-04-01T10:00:00Z",
    "D": "2024-04-27T23:00:00Z",  # Saturday, the last day of last week
    "E": "2024-04-28T00:00:00Z",  # Sunday, the first of this week
    "F": "2024-05-01T12:00:00Z",
    "G": "2024-05-02T05:30:00Z",
    "H": "2024-05-02T08:21:20Z",  # now
    "I": "2024-05-02T10:59:59Z",
    "J": "2024-05-03T08:00:00Z",
    "K": "2024-05-05T00:00:00Z",
    "L": "2024-06-15T00:00:00Z",
    "M": "2025-02-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def crm(open_shared_client: Callable[..., Any]) -> Any:
    client = open_shared_client("sales")
    for number, moment in _MOMENTS.items():
        client.post("accounts", {"name": number, "accountnumber": number, "overriddencreatedon": moment})
    return client


def ask(crm: Any, function: str, value: str = "") -> Any:
    argument = f",PropertyValue={value}" if value else ""
    condition = f"Microsoft.Dynamics.CRM.{function}(PropertyName='createdon'{argument})"
    return crm.get(f"accounts?$select=accountnumber&$filter={quote(condition)}")


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        ("Today", "", "GHI"),
        ("Yesterday", "", "F"),
        ("Tomorrow", "", "J"),
        ("ThisWeek", "", "EFGHIJ"),
        ("LastWeek", "", "D"),
        ("NextWeek", "", "K"),
        ("ThisMonth", "", "FGHIJK"),
        ("LastMonth", "", "CDE"),
        ("NextMonth", "", "L"),
        ("ThisYear", "", "CDEFGHIJKL"),
        ("LastYear", "", "B"),
        ("NextYear", "", "M"),
        ("Last7Days", "", "DEFGH"),
        ("Next7Days", "", "HIJK"),
        ("LastXHours", "3", "GH"),
        ("LastXHours", "2", "H"),
        ("NextXHours", "2", "HI"),
        ("LastXDays", "1", "FGH"),
        ("LastXDays", "'1'", "FGH"),
        ("NextXDays", "1", "HIJ"),
        ("LastXWeeks", "1", "DEFGH"),
        ("LastXMonths", "1", "DEFGH"),
        ("LastXMonths", "2", "CDEFGH"),
        ("LastXYears", "1", "BCDEFGH"),
        ("NextXMonths", "2", "HIJKL"),
        ("NextXYears", "1", "HIJKLM"),
        ("OlderThanXMonths", "1", "ABC"),
        ("OlderThanXYears", "1", "A"),
        ("OlderThanXDays", "1", "ABCDE"),
        ("OlderThanXHours", "2", "ABCDEFG"),
        ("OlderThanXMinutes", "1", "ABCDEFG"),
        ("OlderThanXWeeks", "1", "ABC"),
    ],
)
def test_ranges(crm: Any, function: str, value: str, expected: str) -> None:
    rows = ask(crm, function, value).rows
    assert "".join(sorted(row["accountnumber"] for row in rows)) == expected


@pytest.mark.parametrize(
    ("function", "value"),
    [("LastXDays", ""), ("LastXDays", "0"), ("LastXDays", "-1"), ("LastXDays", "'two'"), ("Today", "1")],
)
def test_numbers_that_are_missing_or_make_no_sense(crm: Any, function: str, value: str) -> None:
    assert ask(crm, function, value).error == (400, "0x80060888")


def test_numbers_beyond_the_calendar(crm: Any) -> None:
    assert ask(crm, "LastXYears", "99999").error == (400, "0x80060888")


def test_text_has_no_relative_time(crm: Any) -> None:
    condition = "Microsoft.Dynamics.CRM.Today(PropertyName='name')"
    assert crm.get(f"accounts?$filter={quote(condition)}").error == (400, "0x80060888")


def test_weeks_begin_on_the_day_the_settings_say(crm: Any) -> None:
    settings = crm.environment.settings
    for first_day, expected in (("Monday", "FGHIJK"), ("Thursday", "GHIJK"), ("Sunday", "EFGHIJ")):
        settings.week_start = first_day
        assert "".join(sorted(row["accountnumber"] for row in ask(crm, "ThisWeek").rows)) == expected
