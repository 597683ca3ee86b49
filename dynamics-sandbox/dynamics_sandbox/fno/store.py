"""Rows in SQLite: one table per AX table, a column per field; record ids, versions, number sequences."""

# Every name in the SQL comes from the model and is quoted; values travel as parameters.
# ruff: noqa: S608

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.values import Row, Stored, empty_value
from dynamics_sandbox.odata.operands import ColumnKind, SqlColumn
from dynamics_sandbox.odata.sqlite import DECIMAL_COLLATION, TEXT_COLLATION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from dynamics_sandbox.fno.model import Entity, Model, Property

#: First record id; the product's own start there.
FIRST_RECORD_ID: Final = 5_637_144_576
#: RecVersion of a row nobody has changed; demo data of the product carries 0.
FRESH: Final = 1
MIGRATED: Final = 0

_KINDS: Final[dict[str, ColumnKind]] = {
    "String": "string",
    "Real": "decimal",
    "Int32": "integer",
    "Int64": "integer",
    "Date": "datetime",
    "UtcDateTime": "datetime",
    "Guid": "guid",
    "Boolean": "boolean",
}
_COLUMN_TYPES: Final[dict[ColumnKind, str]] = {
    "string": f"TEXT COLLATE {TEXT_COLLATION}",
    "decimal": f"TEXT COLLATE {DECIMAL_COLLATION}",
    "integer": "INTEGER",
    "boolean": "INTEGER",
}
_RANDOM_VERSIONS: Final = 2**31


def column_of(item: Property, model: Model, alias: str) -> SqlColumn:
    """The property as filters and orders see it."""
    expression = f"{alias}.{quoted(item.stored)}"
    if item.is_enum:
        members = {name: name for name in model.enums[item.type].members}
        return SqlColumn(expression, "enum", enum_type=item.edm_type, members=members)
    return SqlColumn(expression, _KINDS[item.type])


def etag(version: int, record_id: int, sources: int) -> str:
    """Weak etag: RecVersion and RecId per data source, those not joined as ``0,0``."""
    pairs = ";".join([f"{version},{record_id}", *["0,0"] * (sources - 1)])
    return f'W/"{base64.b64encode(f"{chr(39)}{pairs}{chr(39)}".encode()).decode()}"'


class Store:
    """What the service keeps; every method works on the connection of the caller's transaction."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def create_tables(self, connection: sqlite3.Connection) -> None:
        """Makes the tables that are missing, and the columns an entity has gained since the file was made."""
        connection.execute(
            "CREATE TABLE IF NOT EXISTS _sequences (name TEXT PRIMARY KEY, last INTEGER NOT NULL)"
        )
        for table, columns in self._model.tables.items():
            declared = ", ".join(self._declaration(item) for item in columns.values())
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {quoted(table)} (_record_id INTEGER PRIMARY KEY, "
                f"_version INTEGER NOT NULL, _etag TEXT NOT NULL, {declared})"
            )
            present = {row[1] for row in connection.execute(f"PRAGMA table_info({quoted(table)})")}
            for name, item in columns.items():
                if name not in present:
                    connection.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {self._declaration(item)}")
        for entity in self._model.entities.values():
            self._create_index(connection, entity, "key", entity.key, unique=True)
            for item in entity.properties.values():
                if item.indexed:
                    company = (COMPANY,) if entity.has_company else ()
                    self._create_index(connection, entity, item.stored, (*company, item.name))

    @staticmethod
    def _create_index(
        connection: sqlite3.Connection,
        entity: Entity,
        suffix: str,
        names: Iterable[str],
        *,
        unique: bool = False,
    ) -> None:
        columns = ", ".join(quoted(entity.properties[name].stored) for name in names)
        connection.execute(
            f"CREATE {'UNIQUE ' if unique else ''}INDEX IF NOT EXISTS {quoted(f'{entity.table}_{suffix}')} "
            f"ON {quoted(entity.table)} ({columns})"
        )

    def _declaration(self, item: Property) -> str:
        kind = "enum" if item.is_enum else _KINDS[item.type]
        empty = empty_value(item, self._model)
        default = f"'{empty}'" if isinstance(empty, str) else empty
        return f"{quoted(item.stored)} {_COLUMN_TYPES.get(kind, 'TEXT')} NOT NULL DEFAULT {default}"

    def clear(self, connection: sqlite3.Connection) -> None:
        """Deletes every row and starts the sequences again."""
        for table in self._model.tables:
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

    def insert(
        self, connection: sqlite3.Connection, entity: Entity, row: Row, *, version: int = FRESH
    ) -> int:
        """Writes a complete row and gives its record id."""
        record_id = self.next_number(connection, "RecId", before_first=FIRST_RECORD_ID - 1)
        columns = [quoted(entity.properties[name].stored) for name in row]
        names = ", ".join(["_record_id", "_version", "_etag", *columns])
        marks = ", ".join("?" * (len(columns) + 3))
        values = [record_id, version, etag(version, record_id, entity.sources), *row.values()]
        connection.execute(
            f"INSERT INTO {quoted(entity.table)} ({names}) VALUES ({marks})",
            values,
        )
        return record_id

    def update(
        self, connection: sqlite3.Connection, entity: Entity, record_id: int, changes: Mapping[str, Stored]
    ) -> None:
        """Writes the changed properties of a row, which thereby gets a new random version."""
        version = 2 + secrets.randbelow(_RANDOM_VERSIONS - 2)
        assignments = "".join(f", {quoted(entity.properties[name].stored)} = ?" for name in changes)
        connection.execute(
            f"UPDATE {quoted(entity.table)} SET _version = ?, _etag = ?{assignments} WHERE _record_id = ?",
            [version, etag(version, record_id, entity.sources), *changes.values(), record_id],
        )

    def delete(self, connection: sqlite3.Connection, entity: Entity, record_id: int) -> None:
        """Removes a row."""
        connection.execute(
            f"DELETE FROM {quoted(entity.table)} WHERE _record_id = ?",
            (record_id,),
        )

    def find(
        self, connection: sqlite3.Connection, entity: Entity, values: Mapping[str, Stored]
    ) -> tuple[int, str, Row] | None:
        """Record id, etag and all properties of the row with these values; None when there is none."""
        names = list(entity.properties)
        columns = ", ".join(quoted(entity.properties[name].stored) for name in names)
        found = connection.execute(
            f"SELECT _record_id, _etag, {columns} FROM {quoted(entity.table)} WHERE "
            f"{self._condition(entity, values)}",
            list(values.values()),
        ).fetchone()
        return None if found is None else (found[0], found[1], dict(zip(names, found[2:], strict=True)))

    def exists(
        self,
        connection: sqlite3.Connection,
        entity: Entity,
        values: Mapping[str, Stored],
        *,
        besides: int = 0,
    ) -> bool:
        """Whether some row has these values, the one with record id ``besides`` not counted."""
        found = connection.execute(
            f"SELECT 1 FROM {quoted(entity.table)} WHERE "
            f"{self._condition(entity, values)} AND _record_id <> ? LIMIT 1",
            [*values.values(), besides],
        ).fetchone()
        return found is not None

    @staticmethod
    def _condition(entity: Entity, names: Iterable[str]) -> str:
        return " AND ".join(f"{quoted(entity.properties[name].stored)} = ?" for name in names)

    def exists_in_company(
        self, connection: sqlite3.Connection, target: Entity, value: Stored, company: Stored
    ) -> bool:
        """Whether a value another entity refers to exists, in the company if the target has companies."""
        wanted: Row = {target.reference_field.name: value}
        if target.has_company and target.reference_field.name != COMPANY:
            wanted[COMPANY] = company
        return self.exists(connection, target, wanted)
