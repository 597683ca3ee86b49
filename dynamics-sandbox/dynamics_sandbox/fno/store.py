"""Rows in SQLite: one table per business table; record ids, versions, stamps, number sequences.

A row is handled by column names: whole, whatever entity it is reached through.
"""

# Every name in the SQL comes from the model and is quoted; values travel as parameters.
# ruff: noqa: S608

from __future__ import annotations

import base64
import datetime as dt
import secrets
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.expressions import KINDS
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.values import Row, Stored, empty_value, instant_text
from dynamics_sandbox.odata.sqlite import DECIMAL_COLLATION, TEXT_COLLATION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dynamics_sandbox.fno.model import Entity, Model, Property, Table
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.odata.operands import ColumnKind

#: First record id; the product's own start there.
FIRST_RECORD_ID: Final = 5_637_144_576
#: The sequence that record ids come from.
RECORD_IDS: Final = "RecId"
#: RecVersion of a row nobody has changed; demo data of the product carries 0.
FRESH: Final = 1
MIGRATED: Final = 0

_COLUMN_TYPES: Final[dict[ColumnKind, str]] = {
    "string": f"TEXT COLLATE {TEXT_COLLATION}",
    "decimal": f"TEXT COLLATE {DECIMAL_COLLATION}",
    "integer": "INTEGER",
    "boolean": "INTEGER",
}
_RANDOM_VERSIONS: Final = 2**31
_NEVER: Final = "1900-01-01T00:00:00Z"
#: Columns of every table besides those of the model; the stamps are what the BI entities show.
_OWN_COLUMNS: Final = {
    "_record_id": "INTEGER PRIMARY KEY",
    "_version": "INTEGER NOT NULL DEFAULT 0",
    "_joined_version": "INTEGER NOT NULL DEFAULT 0",
    "_modified": "TEXT NOT NULL DEFAULT '1900-01-01T00:00:00Z'",
    "_joined_modified": "TEXT NOT NULL DEFAULT '1900-01-01T00:00:00Z'",
    "_etag": "TEXT NOT NULL DEFAULT ''",
}


def etag(version: int, record_id: int, sources: int, joined: int = 0) -> str:
    """Weak etag: RecVersion and RecId per data source, those not joined as ``0,0``.

    ``joined`` is the RecVersion of the joined table that was written last; 0 when none ever was.
    """
    others = ["0,0"] * (sources - 1)
    if joined and others:
        others[0] = f"{joined},{record_id}"
    pairs = ";".join([f"{version},{record_id}", *others])
    return f'W/"{base64.b64encode(f"{chr(39)}{pairs}{chr(39)}".encode()).decode()}"'


class Store:
    """What the service keeps; every method works on the connection of the caller's transaction."""

    def __init__(self, model: Model, settings: FnoSettings, clock: Callable[[], dt.datetime]) -> None:
        self.model = model
        self._settings = settings
        self._clock = clock

    def now(self, *, ago: float = 0) -> str:
        """The current moment, or the one so many seconds ago, as a stored instant."""
        return instant_text(self._clock() - dt.timedelta(seconds=ago))

    def _stamp(self, table: Table) -> str:
        """What a write puts into the modified stamp."""
        return _NEVER if table.name in self._settings.tables_without_stamp else self.now()

    def create_tables(self, connection: sqlite3.Connection) -> None:
        """Makes the tables that are missing, and the columns an entity has gained since the file was made."""
        connection.execute(
            "CREATE TABLE IF NOT EXISTS _sequences (name TEXT PRIMARY KEY, last INTEGER NOT NULL)"
        )
        for table in self.model.tables.values():
            self._create_table(connection, table)
            for number, key in enumerate(table.keys):
                self._create_index(connection, table, f"key{number or ''}", key, unique=True)
            for name, item in table.columns.items():
                if item.indexed:
                    company = (COMPANY,) if COMPANY in table.columns else ()
                    self._create_index(connection, table, name, (*company, name))

    def _create_table(self, connection: sqlite3.Connection, table: Table) -> None:
        own = [f"{name} {declared}" for name, declared in _OWN_COLUMNS.items()]
        declared = [self._declaration(name, item) for name, item in table.columns.items()]
        columns = ", ".join([*own, *declared])
        connection.execute(f"CREATE TABLE IF NOT EXISTS {quoted(table.name)} ({columns})")
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({quoted(table.name)})")}
        missing = [f"{name} {declared}" for name, declared in _OWN_COLUMNS.items() if name not in present]
        missing += [
            self._declaration(name, item) for name, item in table.columns.items() if name not in present
        ]
        for declaration in missing:
            connection.execute(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {declaration}")

    @staticmethod
    def _create_index(
        connection: sqlite3.Connection,
        table: Table,
        suffix: str,
        names: Iterable[str],
        *,
        unique: bool = False,
    ) -> None:
        columns = ", ".join(map(quoted, names))
        connection.execute(
            f"CREATE {'UNIQUE ' if unique else ''}INDEX IF NOT EXISTS {quoted(f'{table.name}_{suffix}')} "
            f"ON {quoted(table.name)} ({columns})"
        )

    def _declaration(self, name: str, item: Property) -> str:
        kind: ColumnKind = "enum" if item.is_enum else KINDS[item.type]
        empty = empty_value(item, self.model)
        default = f"'{empty}'" if isinstance(empty, str) else empty
        return f"{quoted(name)} {_COLUMN_TYPES.get(kind, 'TEXT')} NOT NULL DEFAULT {default}"

    def clear(self, connection: sqlite3.Connection) -> None:
        """Deletes every row and starts the sequences again."""
        for table in self.model.tables:
            connection.execute(f"DELETE FROM {quoted(table)}")
        connection.execute("DELETE FROM _sequences")

    def is_empty(self, connection: sqlite3.Connection) -> bool:
        """Whether no number was ever given, so no row was ever written."""
        return connection.execute("SELECT 1 FROM _sequences LIMIT 1").fetchone() is None

    def next_number(self, connection: sqlite3.Connection, name: str, *, before_first: int = 0) -> int:
        """The next number of a sequence, which is made when it is first used."""
        connection.execute("INSERT OR IGNORE INTO _sequences VALUES (?, ?)", (name, before_first))
        connection.execute("UPDATE _sequences SET last = last + 1 WHERE name = ?", (name,))
        row = connection.execute("SELECT last FROM _sequences WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    @staticmethod
    def take_numbers(connection: sqlite3.Connection, name: str, count: int) -> int:
        """Several numbers in a row of a sequence that has been used before; gives the first."""
        connection.execute("UPDATE _sequences SET last = last + ? WHERE name = ?", (count, name))
        row = connection.execute("SELECT last FROM _sequences WHERE name = ?", (name,)).fetchone()
        return int(row[0]) - count + 1

    def insert(self, connection: sqlite3.Connection, table: Table, row: Row, *, version: int = FRESH) -> int:
        """Writes a complete row and gives its record id."""
        record_id = self.next_number(connection, RECORD_IDS, before_first=FIRST_RECORD_ID - 1)
        system = ["_record_id", "_version", "_etag", "_modified", "_joined_modified"]
        names = ", ".join([*system, *map(quoted, row)])
        marks = ", ".join("?" * (len(row) + len(system)))
        mark = etag(version, record_id, table.sources)
        connection.execute(
            f"INSERT INTO {quoted(table.name)} ({names}) VALUES ({marks})",
            [record_id, version, mark, *[self._stamp(table)] * 2, *row.values()],
        )
        return record_id

    def update(
        self, connection: sqlite3.Connection, table: Table, record_id: int, changes: Mapping[str, Stored]
    ) -> None:
        """Writes the changed columns of a row, which thereby gets a new etag.

        Version and modified stamp are those of the business table itself: columns of joined tables
        (addresses, totals) leave them alone and move the etag's second part instead.
        """
        own, joined = self._versions(connection, table, record_id)
        written = 2 + secrets.randbelow(_RANDOM_VERSIONS - 2)
        system: dict[str, Stored] = {}
        if changes and table.joined.issuperset(changes):
            joined = system["_joined_version"] = written
            system["_joined_modified"] = self._stamp(table)
        else:
            own = system["_version"] = written
            system["_modified"] = self._stamp(table)
        system["_etag"] = etag(own, record_id, table.sources, joined)
        assignments = ", ".join(f"{quoted(name)} = ?" for name in (*system, *changes))
        connection.execute(
            f"UPDATE {quoted(table.name)} SET {assignments} WHERE _record_id = ?",
            [*system.values(), *changes.values(), record_id],
        )

    @staticmethod
    def _versions(connection: sqlite3.Connection, table: Table, record_id: int) -> tuple[int, int]:
        found: tuple[int, int] = connection.execute(
            f"SELECT _version, _joined_version FROM {quoted(table.name)} WHERE _record_id = ?", (record_id,)
        ).fetchone()
        return found

    def delete(self, connection: sqlite3.Connection, table: Table, record_id: int) -> None:
        """Removes a row."""
        connection.execute(f"DELETE FROM {quoted(table.name)} WHERE _record_id = ?", (record_id,))

    def find(
        self, connection: sqlite3.Connection, table: Table, values: Mapping[str, Stored]
    ) -> tuple[int, str, Row] | None:
        """Record id, etag and all columns of the row with these values; None when there is none."""
        return next(self.select(connection, table, values), None)

    def select(
        self, connection: sqlite3.Connection, table: Table, values: Mapping[str, Stored], order: str = ""
    ) -> Iterator[tuple[int, str, Row]]:
        """Record id, etag and all columns of every row with these values, by a column or as created."""
        names = list(table.columns)
        found = connection.execute(
            f"SELECT _record_id, _etag, {', '.join(map(quoted, names))} FROM {quoted(table.name)} "
            f"WHERE {self._condition(values)} ORDER BY {quoted(order or '_record_id')}",
            list(values.values()),
        ).fetchall()
        for record_id, mark, *row in found:
            yield record_id, mark, dict(zip(names, row, strict=True))

    def exists(
        self,
        connection: sqlite3.Connection,
        table: Table,
        values: Mapping[str, Stored],
        *,
        besides: int = 0,
    ) -> bool:
        """Whether some row has these values, the one with record id ``besides`` not counted."""
        found = connection.execute(
            f"SELECT 1 FROM {quoted(table.name)} WHERE {self._condition(values)} AND _record_id <> ? LIMIT 1",
            [*values.values(), besides],
        ).fetchone()
        return found is not None

    @staticmethod
    def _condition(names: Iterable[str]) -> str:
        return " AND ".join(f"{quoted(name)} = ?" for name in names)

    def exists_in_company(
        self, connection: sqlite3.Connection, target: Entity, value: Stored, company: Stored
    ) -> bool:
        """Whether a value another entity refers to exists, in the company if the target has companies."""
        wanted: Row = {target.reference_field.stored: value}
        if target.has_company and target.reference_field.name != COMPANY:
            wanted[COMPANY] = company
        return self.exists(connection, target.table, wanted)
