"""One transaction on an environment: the schema it sees, who calls, when, and the row versions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.pipeline import check_depth
from dynamics_sandbox.dataverse.protocol.versions import CURRENT
from dynamics_sandbox.dataverse.schema import storage
from dynamics_sandbox.dataverse.schema.system import CURRENCY_TABLE, EXCHANGE_RATE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from dynamics_sandbox.dataverse.pipeline import Pipeline
    from dynamics_sandbox.dataverse.schema.model import Schema, Table
    from dynamics_sandbox.dataverse.settings import DataverseSettings


@dataclass(frozen=True, slots=True)
class Caller:
    """The user a request runs as, and the organization and business unit new rows belong to."""

    user_id: str
    business_unit_id: str
    organization_id: str
    on_behalf_by: str | None = None
    """The user who impersonates this one."""
    version: str = CURRENT
    """Version of the Web API the request addresses; links in its answer stay on it."""


@dataclass(frozen=True, slots=True)
class Currency:
    """What money needs to know of a currency."""

    row_id: str
    rate: Decimal
    precision: int


@dataclass(slots=True)
class Session:
    """A transaction. Readers see one snapshot; a writer's changes appear together when it ends well."""

    connection: sqlite3.Connection
    schema: Schema
    settings: DataverseSettings
    pipeline: Pipeline
    root: str
    now: str
    caller: Caller
    changed_tables: set[str] = field(default_factory=set)
    schema_changed: bool = False
    depth: int = 0
    """How many writes of the service itself this one is inside of; 0 for what the caller asked for."""
    _version: int | None = None
    _currencies: dict[str, Currency] = field(default_factory=dict)
    _organization: dict[str, Any] | None = None

    def table_of_set(self, entity_set: str) -> Table | None:
        """Find a table by its entity-set name (case matters)."""
        return self.schema.by_entity_set.get(entity_set)

    @property
    def version(self) -> int:
        """Highest row version given out so far."""
        if self._version is None:
            self._version = storage.state(self.connection, storage.ROW_VERSION, self.settings.first_version)
        return self._version

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Run a block whose writes are the service's own, not the caller's."""
        self.depth += 1
        check_depth(self.depth)
        try:
            yield
        finally:
            self.depth -= 1

    def next_version(self) -> int:
        """Give out the next row version of the environment."""
        self._version = self.version + 1
        return self._version

    def take_versions(self, count: int) -> int:
        """Give out several row versions in a row; give the first."""
        first = self.version + 1
        self._version = self.version + count
        return first

    def change_schema(self, *tables: Table) -> None:
        """Replace or add tables; kept when the transaction ends well."""
        self.schema = self.schema.with_tables(tables)
        self.changed_tables.update(table.logical_name for table in tables)

    def remove_table(self, table: Table) -> None:
        """Take a table out of the schema; its storage is the caller's."""
        storage.forget_table(self.connection, table.logical_name)
        tables = {name: other for name, other in self.schema.tables.items() if name != table.logical_name}
        self.schema = type(self.schema)(tables, self.schema.version).with_tables(())
        self.schema_changed = True

    def finish(self) -> None:
        """Keep versions and schema; called by the environment before the commit."""
        if self._version is not None:
            storage.set_state(self.connection, storage.ROW_VERSION, self._version)
        if self.changed_tables or self.schema_changed:
            storage.save_schema(self.connection, self.schema, self.changed_tables)

    def row(self, table: Table, row_id: str, columns: Sequence[str] = ()) -> dict[str, Any] | None:
        """Read stored columns of one row, all of them by default."""
        chosen = ", ".join(quoted(column) for column in columns) or "*"
        cursor = self.connection.execute(
            f"SELECT {chosen} FROM {quoted(table.logical_name)} WHERE {quoted(table.primary_id)} = ?",  # noqa: S608 - quoted names
            (row_id,),
        )
        found = cursor.fetchone()
        return (
            None
            if found is None
            else dict(zip((column[0] for column in cursor.description), found, strict=True))
        )

    def exists(self, table: Table, row_id: str) -> bool:
        """Say whether a row of this id exists."""
        return self.version_of(table, row_id) is not None

    def version_of(self, table: Table, row_id: str) -> int | None:
        """Read the version of a row; None when there is no such row."""
        found = self.connection.execute(
            f"SELECT versionnumber FROM {quoted(table.logical_name)} WHERE {quoted(table.primary_id)} = ?",  # noqa: S608 - quoted names
            (row_id,),
        ).fetchone()
        return None if found is None else int(found[0])

    def organization(self) -> dict[str, Any]:
        """Read the organization row with the environment's options."""
        if self._organization is None:
            table = self.schema.tables["organization"]
            self._organization = self.row(table, self.caller.organization_id) or {}
        return self._organization

    def currency(self, row_id: str) -> Currency:
        """Read a currency that exists."""
        if row_id not in self._currencies:
            row = self.row(self.schema.tables[CURRENCY_TABLE], row_id) or {}
            self._currencies[row_id] = Currency(
                row_id, Decimal(row.get(EXCHANGE_RATE) or 1), int(row.get("currencyprecision") or 0)
            )
        return self._currencies[row_id]

    def forget_cached_rows(self) -> None:
        """Forget currencies and the organization row after one of them was written."""
        self._currencies.clear()
        self._organization = None
