"""How tables live in SQLite: a real column per attribute, the definitions beside them, and the versions."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec

from dynamics_sandbox.database import DECIMAL_COLLATION, TEXT_COLLATION, quoted
from dynamics_sandbox.dataverse.schema.model import Schema, Table
from dynamics_sandbox.dataverse.schema.system import MODIFIED_ON, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Key

_BOOKKEEPING = (
    "CREATE TABLE IF NOT EXISTS _sandbox_tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS _sandbox_state (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS _sandbox_deleted
       (table_name TEXT, id TEXT, version INTEGER, PRIMARY KEY (table_name, id))""",
    "CREATE INDEX IF NOT EXISTS _sandbox_deleted_version ON _sandbox_deleted (table_name, version)",
)

SCHEMA_VERSION = "schema_version"
ROW_VERSION = "row_version"
TRACKING_FLOOR = "tracking_floor"

_SQL_TYPES = {
    "guid": "TEXT",
    "string": f"TEXT COLLATE {TEXT_COLLATION}",
    "integer": "INTEGER",
    "decimal": f"TEXT COLLATE {DECIMAL_COLLATION}",
    "double": "REAL",
    "boolean": "INTEGER",
    "datetime": "TEXT",
    "date": "TEXT",
}


def prepare(connection: sqlite3.Connection) -> None:
    """Create the sandbox's own tables where they are missing."""
    for statement in _BOOKKEEPING:
        connection.execute(statement)


def state(connection: sqlite3.Connection, name: str, default: int = 0) -> int:
    """Read one number of the environment's state."""
    row = connection.execute("SELECT value FROM _sandbox_state WHERE name = ?", (name,)).fetchone()
    return default if row is None else int(row[0])


def set_state(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Keep one number of the environment's state."""
    connection.execute("INSERT OR REPLACE INTO _sandbox_state VALUES (?, ?)", (name, value))


def load_schema(connection: sqlite3.Connection) -> Schema:
    """Read the definitions of all tables."""
    rows = connection.execute("SELECT definition FROM _sandbox_tables ORDER BY name")
    decoder = msgspec.json.Decoder(Table)
    tables = [decoder.decode(definition) for (definition,) in rows]
    return Schema({table.logical_name: table for table in tables}, state(connection, SCHEMA_VERSION))


def save_schema(connection: sqlite3.Connection, schema: Schema, changed: Iterable[str]) -> None:
    """Keep the definitions of the changed tables and the schema's version."""
    for name in changed:
        definition = msgspec.json.encode(schema.tables[name]).decode()
        connection.execute("INSERT OR REPLACE INTO _sandbox_tables VALUES (?, ?)", (name, definition))
    set_state(connection, SCHEMA_VERSION, schema.version)


def forget_table(connection: sqlite3.Connection, name: str) -> None:
    """Remove the definition of a table."""
    connection.execute("DELETE FROM _sandbox_tables WHERE name = ?", (name,))


def create_table(connection: sqlite3.Connection, table: Table) -> None:
    """Create the storage of a new table with its indexes and active keys."""
    columns = [f"{quoted(table.primary_id)} TEXT PRIMARY KEY NOT NULL"]
    columns += [
        declaration
        for attribute in table.attributes
        if attribute.name != table.primary_id
        for declaration in _declarations(attribute)
    ]
    connection.execute(f"CREATE TABLE {quoted(table.logical_name)} ({', '.join(columns)})")
    for attribute in table.attributes:
        _index_lookup(connection, table, attribute)
    for column in (VERSION, MODIFIED_ON):
        _create_index(connection, table, column)
    for key in table.keys:
        if key.status == "Active":
            build_key(connection, table, key)


def add_column(connection: sqlite3.Connection, table: Table, attribute: Attribute) -> None:
    """Add the storage of a new column to an existing table."""
    for declaration in _declarations(attribute):
        connection.execute(f"ALTER TABLE {quoted(table.logical_name)} ADD COLUMN {declaration}")
    _index_lookup(connection, table, attribute)


def drop_column(connection: sqlite3.Connection, table: Table, attribute: Attribute) -> None:
    """Remove the storage of a column that no key uses."""
    connection.execute(f"DROP INDEX IF EXISTS {quoted(f'{table.logical_name}.by.{attribute.name}')}")
    names = (attribute.name, attribute.target_column) if attribute.is_polymorphic else (attribute.name,)
    for name in names:
        connection.execute(f"ALTER TABLE {quoted(table.logical_name)} DROP COLUMN {quoted(name)}")


def build_key(connection: sqlite3.Connection, table: Table, key: Key) -> bool:
    """Build the unique index of an alternate key; say whether the rows allow it.

    Rows with a null in a key column stay outside, as in the service: SQLite holds nulls for different.
    """
    columns = ", ".join(quoted(column) for column in key.columns)
    name = quoted(f"{table.logical_name}.{key.name}")
    try:
        connection.execute(f"CREATE UNIQUE INDEX {name} ON {quoted(table.logical_name)} ({columns})")
    except sqlite3.IntegrityError:
        return False
    return True


def drop_key(connection: sqlite3.Connection, table: Table, key: Key) -> None:
    """Remove the unique index of an alternate key."""
    connection.execute(f"DROP INDEX IF EXISTS {quoted(f'{table.logical_name}.{key.name}')}")


def drop_everything(connection: sqlite3.Connection) -> None:
    """Remove all tables with their rows and definitions; the environment's counters go on."""
    names = [name for (name,) in connection.execute("SELECT name FROM _sandbox_tables").fetchall()]
    for name in names:
        connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
    connection.execute("DELETE FROM _sandbox_tables")
    connection.execute("DELETE FROM _sandbox_deleted")


def _declarations(attribute: Attribute) -> Iterator[str]:
    yield f"{quoted(attribute.name)} {_SQL_TYPES[attribute.kind]}"
    if attribute.is_polymorphic:
        yield f"{quoted(attribute.target_column)} TEXT"


def _index_lookup(connection: sqlite3.Connection, table: Table, attribute: Attribute) -> None:
    if any(branch.on_delete != "NoCascade" for branch in attribute.relationships):
        _create_index(connection, table, attribute.name)


def _create_index(connection: sqlite3.Connection, table: Table, column: str) -> None:
    name = quoted(f"{table.logical_name}.by.{column}")
    connection.execute(f"CREATE INDEX {name} ON {quoted(table.logical_name)} ({quoted(column)})")
