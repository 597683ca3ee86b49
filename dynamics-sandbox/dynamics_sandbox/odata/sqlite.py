"""What SQLite lacks for OData: text order without case, exact decimals, wildcards; for every connection.

Text compares as under the SQL Server collations of the services: case and trailing blanks do not count,
accents do. Decimals are kept as text and compared by value, so 19-digit money stays exact. An index that
shall serve such a comparison, or a column that shall sort so, has to name the collation too.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DecimalException, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    import sqlite3

TEXT_COLLATION: Final = "service_text"
DECIMAL_COLLATION: Final = "exact_decimal"
# Wide enough for the product of two 28-digit decimals, SQL Server's widest.
_EXACT: Final = Context(prec=60)
_MOST_DIGITS: Final = 1000
_AVERAGE_DIGITS: Final = Decimal("1e-20")


def register(connection: sqlite3.Connection) -> None:
    """Adds the collations and functions that compiled filters use to a connection."""
    connection.create_collation(TEXT_COLLATION, compare_text)
    connection.create_collation(DECIMAL_COLLATION, compare_decimals)
    connection.create_function("odata_like", 2, _like, deterministic=True)
    connection.create_function("odata_star", 2, _star, deterministic=True)
    connection.create_function("odata_arithmetic", 3, _arithmetic, deterministic=True)
    connection.create_function("odata_key_text", 1, _key_text, deterministic=True)
    connection.create_aggregate("odata_sum", 1, _ExactSum)
    connection.create_aggregate("odata_average", 1, _ExactAverage)


def fold(text: str) -> str:
    """The text without what comparison ignores: case (``ß`` equals ``ss``) and trailing blanks."""
    return text.rstrip(" ").casefold()


def compare_text(left: str, right: str) -> int:
    """-1, 0 or 1 by folded text."""
    if left == right:
        return 0
    one, other = fold(left), fold(right)
    return (one > other) - (one < other)


def compare_decimals(left: str, right: str) -> int:
    """-1, 0 or 1 by exact value; text that is no number sorts behind all numbers."""
    one, other = _decimal(left), _decimal(right)
    if one is None or other is None:
        return (one is None) - (other is None) or (left > right) - (left < right)
    return (one > other) - (one < other)


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return None if value.is_nan() else value


def _key_text(value: str) -> str:
    """Text as it stands between the apostrophes of a key in a URL."""
    return quote(value.replace("'", "''"), safe="':")


def _like(pattern: str | None, value: str | None) -> bool | None:
    """SQL Server's LIKE, as Dataverse passes it through: ``%``, ``_``, ``[a-f]``, ``[^x]``."""
    if pattern is None or value is None:
        return None
    return _like_expression(pattern).fullmatch(str(value).casefold()) is not None


def _star(pattern: str | None, value: str | None) -> bool | None:
    """F&O's wildcard in ``eq``: ``*`` stands for any text."""
    if pattern is None or value is None:
        return None
    return _star_expression(pattern).fullmatch(fold(str(value))) is not None


@lru_cache(maxsize=256)
def _star_expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in fold(pattern).split("*")), re.DOTALL)


@lru_cache(maxsize=256)
def _like_expression(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\[\^?\]?[^\]]*\]|.", pattern.casefold(), re.DOTALL)
    return re.compile("".join(_like_part(part) for part in parts), re.DOTALL)


def _like_part(part: str) -> str:
    if len(part) == 1:
        return {"%": ".*", "_": "."}.get(part) or re.escape(part)
    negated = part.startswith("[^")
    members = part[2:-1] if negated else part[1:-1]
    escaped = re.sub(r"([\\\[\]^&|~])", r"\\\1", members)
    try:
        re.compile(f"[{escaped}]")
    except re.error:  # a range the wrong way round matches nothing on SQL Server either
        return r"(?!)"
    return f"[{'^' if negated else ''}{escaped}]"


def _arithmetic(operator: str, left: str | None, right: str | None) -> str | None:
    """Exact arithmetic on decimal text; null for null operands, division by zero and results out of range."""
    one, other = _decimal(left or ""), _decimal(right or "")
    if one is None or other is None or (operator in {"div", "divby", "mod"} and not other):
        return None
    try:
        if operator == "div" and one == one.to_integral_value() and other == other.to_integral_value():
            return _plain(_EXACT.divide_int(one, other))
        return _plain(_OPERATIONS[operator](one, other))
    except DecimalException:
        return None


class _ExactSum:
    """Sums decimal text exactly; null for no values."""

    def __init__(self) -> None:
        self._total = Decimal(0)
        self._count = 0

    def step(self, value: object, /) -> None:
        number = None if value is None else _decimal(str(value))
        if number is not None:
            self._total = _EXACT.add(self._total, number)
            self._count += 1

    def finalize(self) -> Any:
        return format(self._total, "f") if self._count else None


class _ExactAverage(_ExactSum):
    """Averages decimal text, to twenty digits after the point."""

    def finalize(self) -> Any:
        if not self._count:
            return None
        return format(_EXACT.divide(self._total, Decimal(self._count)).quantize(_AVERAGE_DIGITS), "f")


def _plain(result: Decimal) -> str | None:
    """A number without exponent; None for one whose digits would fill pages."""
    return format(result, "f") if abs(result.adjusted()) <= _MOST_DIGITS else None


_OPERATIONS = {
    "add": _EXACT.add,
    "sub": _EXACT.subtract,
    "mul": _EXACT.multiply,
    "div": _EXACT.divide,
    "divby": _EXACT.divide,
    "mod": _EXACT.remainder,
}
