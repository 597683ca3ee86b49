"""The query functions of relative time: `Today`, `LastXDays`, `OlderThanXMonths` and their relatives.

Each stands for a range of moments, taken in UTC (Dataverse: query/filter-rows, and the reference of its query
functions). `LastX…` begins at the start of the unit X back and ends now, `NextX…` the other way round;
`OlderThanX…` ends X back. The day a week begins on comes with the moment.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.operands import Fragment, SqlColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHOLE = re.compile(r"(Last|This|Next)(Week|Month|Year)")
_COUNTED = re.compile(r"(Last|Next|OlderThan)X(Minutes|Hours|Days|Weeks|Months|Years)")
_SEVEN_DAYS: Final = {"Last7Days": ("LastXDays", 7), "Next7Days": ("NextXDays", 7)}
_DAYS: Final = {"Yesterday": -1, "Today": 0, "Tomorrow": 1}
_SHIFT: Final = {"Last": -1, "This": 0, "Next": 1}
_LENGTHS: Final = {
    "Minutes": dt.timedelta(minutes=1),
    "Hours": dt.timedelta(hours=1),
    "Days": dt.timedelta(days=1),
    "Weeks": dt.timedelta(weeks=1),
}
_MONTHS: Final = {"Months": 1, "Years": 12}
_DAY: Final = dt.timedelta(days=1)


def is_relative(name: str) -> bool:
    """Whether a query function, named without its namespace, is one of these."""
    counted = _COUNTED.fullmatch(name)
    if counted:
        return counted[1] == "OlderThan" or counted[2] != "Minutes"
    return name in _DAYS or name in _SEVEN_DAYS or _WHOLE.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the functions start from.

    Attributes:
        now: the current moment.
        week_start: first day of the week, as ``isoweekday`` counts: Monday is 1, Sunday 7.
    """

    now: dt.datetime
    week_start: int = 7


def relative_test(name: str, column: SqlColumn, texts: Sequence[str], today: Calendar) -> Fragment:
    """The condition that a column lies in the range of a function at a moment.

    Raises:
        QueryError: the column holds no dates, or a number of units is missing, superfluous or out of range.
    """
    if column.kind not in {"datetime", "date"}:
        raise QueryError(f"The query function '{name}' needs a date property.")
    now = today.now.astimezone(dt.timezone.utc).replace(microsecond=0)
    try:
        low, high = _range(name, texts, now, today.week_start)
    except (ValueError, OverflowError):
        raise QueryError(f"The query function '{name}' needs PropertyValue with a whole number.") from None
    form = "%Y-%m-%d" if column.kind == "date" else "%Y-%m-%dT%H:%M:%SZ"
    bounds = [(">=", low), ("<", high)]
    sql = " AND ".join(f"{column.expression} {sign} ?" for sign, moment in bounds if moment)
    return Fragment(f"({sql})", tuple(moment.strftime(form) for _, moment in bounds if moment))


def _range(
    name: str, texts: Sequence[str], now: dt.datetime, week_start: int
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """First moment and the one after the last; None where the range is open."""
    if name in _SEVEN_DAYS:
        name, count = _SEVEN_DAYS[name]
        texts = [*texts, str(count)]
    counted = _COUNTED.fullmatch(name)
    if counted:
        [text] = texts
        return _counted(counted[1], counted[2], _count(text), now)
    if texts:
        raise ValueError
    day = now.replace(hour=0, minute=0, second=0)
    if name in _DAYS:
        first = day + _DAYS[name] * _DAY
        return first, first + _DAY
    shift, unit = name[:4], name[4:]
    return _whole(unit, _SHIFT[shift], day, week_start)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _counted(
    direction: str, unit: str, count: int, now: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None]:
    after_now = now + dt.timedelta(seconds=1)
    if direction == "OlderThan":
        return None, _moved(now, unit, -count)
    if direction == "Last":
        return _start(_moved(now, unit, -count), unit), after_now
    end = _start(_moved(now, unit, count), unit)
    return now, end + (_LENGTHS["Hours"] if unit == "Hours" else _DAY)


def _start(moment: dt.datetime, unit: str) -> dt.datetime:
    """The start of the hour for hours, of the day for longer units."""
    hour = moment.replace(minute=0, second=0)
    return hour if unit == "Hours" else hour.replace(hour=0)


def _whole(unit: str, shift: int, day: dt.datetime, week_start: int) -> tuple[dt.datetime, dt.datetime]:
    if unit == "Week":
        begin = day - ((day.isoweekday() - week_start) % 7) * _DAY
        first = begin + shift * 7 * _DAY
        return first, first + 7 * _DAY
    months = 1 if unit == "Month" else 12
    begin = day.replace(day=1) if unit == "Month" else day.replace(day=1, month=1)
    first = _months_later(begin, shift * months)
    return first, _months_later(first, months)


def _moved(moment: dt.datetime, unit: str, count: int) -> dt.datetime:
    if unit in _LENGTHS:
        return moment + count * _LENGTHS[unit]
    return _months_later(moment, count * _MONTHS[unit])


def _months_later(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day some months on, or the last day of a month that has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
