"""Many rows from a few: copies of pattern rows with serial values of their own, made inside SQLite."""

# Names are quoted, texts are escaped or bound.
# ruff: noqa: S608

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

#: Rows per transaction: others may read and write in between, and the log file stays small.
CHUNK: Final = 50_000
_PATTERNS: Final = "temp.seed_patterns"
_FIELD: Final = re.compile(r"\{(n|number|value)(?::0(\d+))?\}")
# Row 0 has the first second of 2020, each further row a minute more: stamps rise with the rows, as they do in
# real life, so that indexes over them grow at their end.
_FIRST_SECOND: Final = 1_577_836_800
_SECONDS_PER_ROW: Final = 60
STAMP: Final = (
    f"strftime('%Y-%m-%dT%H:%M:%SZ', {_FIRST_SECOND} + {_SECONDS_PER_ROW} * numbers.n, 'unixepoch')"
)
#: Ids that rise with the rows, as sequential GUIDs of the services do, and differ by seed.
ID: Final = (
    "printf('%08x-%04x-4%03x-a%03x-%012x', numbers.n, :number + 16, (numbers.n * 7919) & 4095, "
    "(numbers.n * 104729) & 4095, (numbers.n * 2654435761) & 281474976710655)"
)


def serial(text: str, column: str) -> str:
    """The SQL expression of a serial value such as ``S{number:02}-{n:08}`` or ``{value} {n}``."""
    pieces, end = [], 0
    for match in _FIELD.finditer(text):
        pieces.append(_literal(text[end : match.start()]))
        name, width = match.groups()
        if name == "value":
            pieces.append(f"pattern.{quoted(column)}")
        else:
            pieces.append(f"printf('%0{width or 1}d', {'numbers.n' if name == 'n' else ':number'})")
        end = match.end()
    pieces.append(_literal(text[end:]))
    return " || ".join(pieces)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Copier:
    """Copies pattern rows of one table, which are taken out of it at first.

    Args:
        table: its name in SQLite.
        expressions: SQL of the columns that differ from row to row; ``numbers.n`` is the row's number,
            ``pattern`` its pattern row, and ``copy``'s parameters are bound by name.
    """

    def __init__(self, table: str, expressions: Mapping[str, str]) -> None:
        self._table = quoted(table)
        self._expressions = dict(expressions)
        self._columns: list[str] = []
        self._count = 0

    def take_patterns(self, connection: sqlite3.Connection, above: int) -> None:
        """Moves the rows with SQLite row ids above this one into a table of patterns."""
        connection.execute(f"DROP TABLE IF EXISTS {_PATTERNS}")
        connection.execute(
            f"CREATE TEMP TABLE seed_patterns AS SELECT row_number() OVER (ORDER BY rowid) - 1 AS _place, * "
            f"FROM {self._table} WHERE rowid > {above}"
        )
        connection.execute(f"CREATE UNIQUE INDEX {_PATTERNS}_place ON seed_patterns (_place)")
        connection.execute(f"DELETE FROM {self._table} WHERE rowid > {above}")
        described = connection.execute(f"SELECT * FROM {_PATTERNS} LIMIT 0").description
        names = [column[0] for column in described if column[0] != "_place"]
        (self._count, *filled) = connection.execute(
            f"SELECT count(*), {', '.join(f'count({quoted(name)})' for name in names)} FROM {_PATTERNS}"
        ).fetchone()
        # Columns that no pattern fills need no copying.
        self._columns = [
            name for name, count in zip(names, filled, strict=True) if count or name in self._expressions
        ]

    def copy(self, connection: sqlite3.Connection, first: int, last: int, **values: int) -> None:
        """Writes the rows with numbers from ``first`` to ``last``."""
        names = ", ".join(quoted(name) for name in self._columns)
        chosen = ", ".join(self._expressions.get(name, f"pattern.{quoted(name)}") for name in self._columns)
        connection.execute(
            "WITH RECURSIVE numbers(n) AS "
            "(SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last) "
            f"INSERT INTO {self._table} ({names}) SELECT {chosen} FROM numbers "
            f"CROSS JOIN {_PATTERNS} AS pattern ON pattern._place = numbers.n % :patterns",
            {"first": first, "last": last, "patterns": self._count, **values},
        )


def chunks(size: int) -> Iterable[tuple[int, int]]:
    """First and last row number of each transaction."""
    return [(first, min(first + CHUNK, size) - 1) for first in range(0, size, CHUNK)]
