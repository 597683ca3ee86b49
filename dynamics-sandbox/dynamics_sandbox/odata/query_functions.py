"""The query functions of Dataverse that a filter may call: ``Microsoft.Dynamics.CRM.In`` and its relatives.

Each gets its own short name, the column and the values as text (Dataverse: query/filter-rows).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.odata.dialects import DATAVERSE
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.operands import (
    Fragment,
    Operand,
    SqlColumn,
    balanced,
    compare,
    constant_like,
    membership,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _in(name: str, column: SqlColumn, texts: list[str]) -> Fragment:
    if not texts:
        raise QueryError(f"The query function '{name}' needs PropertyValues with at least one value.")
    return membership(column, [constant_like(column, text) for text in texts], negated=name == "NotIn")


def _between(name: str, column: SqlColumn, texts: list[str]) -> Fragment:
    if len(texts) != 2:  # noqa: PLR2004 - a lower and an upper bound
        raise QueryError(f"The query function '{name}' needs PropertyValues with two values.")
    side = Operand(Fragment(column.expression), column.kind, column)
    low = compare("ge", side, constant_like(column, texts[0]), DATAVERSE)
    high = compare("le", side, constant_like(column, texts[1]), DATAVERSE)
    negation = "NOT " if name == "NotBetween" else ""
    return Fragment(f"({negation}({low.sql} AND {high.sql}))", low.params + high.params)


def _contain_values(name: str, column: SqlColumn, texts: list[str]) -> Fragment:
    if column.kind != "string" or not texts:
        raise QueryError(f"The query function '{name}' needs a multi-select choice and its values.")
    tests = [Fragment(f"instr(',' || {column.expression} || ',', ?) > 0", (f",{text},",)) for text in texts]
    return balanced(tests, "OR")


def _on(name: str, column: SqlColumn, texts: list[str]) -> Fragment:
    """Whole days in UTC: on, on or after, on or before."""
    if column.kind not in {"datetime", "date"} or len(texts) != 1:
        raise QueryError(f"The query function '{name}' needs a date property and PropertyValue.")
    try:
        day = dt.date.fromisoformat(texts[0][:10])
        following = day + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        raise QueryError(f"The value '{texts[0]}' of the query function '{name}' is no date.") from None
    # Both kinds of stored text begin with the day, so the day's own text bounds them from below.
    after = Fragment(f"({column.expression} >= ?)", (day.isoformat(),))
    before = Fragment(f"({column.expression} < ?)", (following.isoformat(),))
    wanted = {"On": [after, before], "OnOrAfter": [after], "OnOrBefore": [before]}
    return balanced(wanted[name], "AND")


#: The functions that are built, by their name without the namespace.
CRM_FUNCTIONS: Final[dict[str, Callable[[str, SqlColumn, list[str]], Fragment]]] = {
    "In": _in,
    "NotIn": _in,
    "Between": _between,
    "NotBetween": _between,
    "ContainValues": _contain_values,
    "On": _on,
    "OnOrAfter": _on,
    "OnOrBefore": _on,
}
