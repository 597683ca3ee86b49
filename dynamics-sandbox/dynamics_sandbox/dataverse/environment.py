"""One Dataverse environment on disk: opened, reset, seeded, and lent out as sessions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from dynamics_sandbox.clock import Clock
from dynamics_sandbox.database import Database, quoted
from dynamics_sandbox.dataverse.errors import NOT_A_MEMBER, DataverseError
from dynamics_sandbox.dataverse.protocol.address import existing_row, row_address
from dynamics_sandbox.dataverse.protocol.preferences import Preferences
from dynamics_sandbox.dataverse.protocol.versions import CURRENT
from dynamics_sandbox.dataverse.reading.pages import CollectionRequest, PageReader, row_body
from dynamics_sandbox.dataverse.registration import application
from dynamics_sandbox.dataverse.schema import storage
from dynamics_sandbox.dataverse.schema.keys import settled
from dynamics_sandbox.dataverse.session import Caller, Session
from dynamics_sandbox.dataverse.settings import DataverseSettings
from dynamics_sandbox.dataverse.writing.values import instant_text
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.odata.options import QueryOptions
from dynamics_sandbox.seeds.dataverse import SeedIds, seed_demo, seed_platform, seed_solution
from dynamics_sandbox.seeds.northwind import import_folder
from dynamics_sandbox.seeds.sized_dataverse import seed_sized
from dynamics_sandbox.switches import Switchboard

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dynamics_sandbox.seeds.sized import SizedSeed

API_PATH = f"/api/data/{CURRENT}"
_NOBODY = Caller("", "", "")


class DataverseEnvironment:
    """A Sales or CDS environment: its file, its URL, its settings.

    Opening seeds nothing; a file that held no data yet is `is_new`, and `reset` gives it tables and rows.
    """

    def __init__(
        self,
        database: Database,
        *,
        name: str,
        url: str,
        settings: DataverseSettings,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self.name = name
        self.url = url
        self.settings = settings
        self.switches = Switchboard(settings)
        self.clock = clock
        self.database = database
        self._seed_ids = SeedIds(name)
        self._application = application(name, settings)
        with database.writing() as connection:
            storage.prepare(connection)
            self._schema = storage.load_schema(connection)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        name: str,
        url: str,
        settings: DataverseSettings | None = None,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> DataverseEnvironment:
        """Open or create the file of an environment.

        Args:
            path: the SQLite file.
            name: "sales" or "cds"; decides which tables `reset` creates.
            url: where the environment is served, without a trailing slash.
            settings: choices of behaviour.
            clock: gives the current moment; the machine's without one.
        """
        return cls(
            Database(path),
            name=name,
            url=url,
            settings=settings or DataverseSettings(),
            clock=clock or Clock(),
        )

    @property
    def root(self) -> str:
        """URL of the service root, without a trailing slash."""
        return self.url + API_PATH

    @property
    def is_new(self) -> bool:
        """Whether the environment has no tables yet."""
        return not self._schema.tables

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    @contextmanager
    def reading(self, caller: Caller = _NOBODY) -> Iterator[Session]:
        """Lend a session that sees one snapshot."""
        with self.database.reading() as connection:
            yield self._session(connection, caller)

    @contextmanager
    def writing(self, caller: Caller = _NOBODY) -> Iterator[Session]:
        """Lend a session whose changes are kept when it ends without an exception."""
        with self.database.writing() as connection:
            session = self._session(connection, caller)
            yield session
            session.finish()
        # Readers that begin before this line still see the old schema, which fits the rows they see.
        self._schema = session.schema

    def _session(self, connection: sqlite3.Connection, caller: Caller) -> Session:
        # Another process may have changed the file: its schema version tells.
        if storage.state(connection, storage.SCHEMA_VERSION) != self._schema.version:
            self._schema = storage.load_schema(connection)
        return Session(
            connection=connection,
            schema=self._schema,
            settings=self.settings,
            pipeline=self._application.pipeline,
            root=f"{self.url}/api/data/{caller.version}",
            now=instant_text(self.clock()),
            caller=caller,
        )

    def caller(self, application_id: str) -> Caller:
        """Find the application user of a client.

        Raises:
            DataverseError: 403 when the environment has none.
        """
        found = self._user("applicationid", application_id)
        if found is None:
            raise DataverseError(403, NOT_A_MEMBER, "The user is not a member of the organization.")
        return found

    def impersonated(self, caller: Caller, column: str, value: str) -> Caller:
        """Find the user whom a caller acts for, by a column of the user table that identifies one.

        Raises:
            DataverseError: 403 when there is no such user, or the user is disabled.
        """
        found = self._user(column, value)
        if found is None:
            code = self.settings.unknown_impersonated_user_code
            raise DataverseError(403, code, f"There is no enabled user with {column} '{value}'.")
        return replace(found, on_behalf_by=caller.user_id)

    def _user(self, column: str, value: str) -> Caller | None:
        with self.reading() as session:
            found = session.connection.execute(
                "SELECT u.systemuserid, u.businessunitid, o.organizationid "  # noqa: S608 - quoted name
                f"FROM systemuser u, organization o WHERE u.{quoted(column)} = ? AND u.isdisabled = 0",
                (value.lower(),),
            ).fetchone()
        return None if found is None else Caller(*found)

    def settle_keys(self, *, asked: bool = False) -> None:
        """Let alternate keys that waited long enough become active, or failed where rows are in the way."""
        if not self._schema.pending_keys:
            return
        with self.writing() as session:
            pending = session.schema.pending_keys
            advanced = {table.logical_name: settled(session, table, asked=asked) for table in pending}
            changed = [table for name, table in advanced.items() if table != session.schema.tables[name]]
            if changed:
                session.change_schema(*changed)

    def reload(self) -> None:
        """Forget the schema, as the file has been replaced; requests that have begun keep theirs."""
        with self.database.reading() as connection:
            self._schema = storage.load_schema(connection)

    def expire_delta_links(self) -> None:
        """Make every change-tracking link given so far worthless, as the service's clean-up does."""
        with self.writing() as session:
            storage.set_state(session.connection, storage.TRACKING_FLOOR, session.next_version())

    def rebuild_key(self, table_name: str, key_name: str) -> None:
        """Put an alternate key back to Pending, as if it were being built; it comes back like a new one.

        Raises:
            SandboxError: there is no such key.
        """
        with self.writing() as session:
            table = session.schema.tables.get(table_name)
            key = next((key for key in table.keys if key.name == key_name), None) if table else None
            if table is None or key is None:
                raise SandboxError(f"There is no alternate key '{table_name}/{key_name}' in {self.name}.")
            storage.drop_key(session.connection, table, key)
            pending = replace(key, status="Pending", requested_at=session.now, reads=0)
            session.change_schema(table.with_key(pending))

    def reset(self, seed: str = "none") -> None:
        """Start over: drop everything, create the shipped tables and the rows of a seed ("demo" or "none").

        Versions go on counting, so that change-tracking links of before are refused and not misread.
        """
        if seed not in {"demo", "none"}:
            raise ValueError(f"Unknown seed '{seed}': use 'demo' or 'none'.")
        with self.writing(self._seed_ids.caller()) as session:
            storage.set_state(session.connection, storage.TRACKING_FLOOR, session.next_version())
            storage.drop_everything(session.connection)
            schema = self._application.schema()
            session.schema = type(session.schema)({}, session.schema.version)
            session.change_schema(*schema.tables.values())
            for table in schema.tables.values():
                storage.create_table(session.connection, table)
            seed_platform(session, self._seed_ids, application_id=self.settings.application_id)
            if self._application.solution is not None:
                seed_solution(session, self._seed_ids, self._application.solution)
            if seed == "demo":
                seed_demo(session, self._seed_ids, environment=self.name)

    def seed_csv(self, folder: Path) -> list[str]:
        """Load a folder of CSV files; give one note per file on what became of it."""
        with self.writing(self._seed_ids.caller()) as session:
            return import_folder(session, folder)

    def seed_sized(self, seed: SizedSeed) -> None:
        """Add generated rows of one table.

        Raises:
            SandboxError: the table is missing, or rows of this seed number are there already.
        """
        seed_sized(partial(self.writing, self._seed_ids.caller()), self._seed_ids, seed)

    def rows(self, entity_set: str, key: str | None = None) -> Iterator[bytes]:
        """Give the rows of an entity set as JSON objects, or the one with this key."""
        with self.reading(self._seed_ids.caller()) as session:
            table = session.table_of_set(entity_set)
            if table is None:
                raise DataverseError(404, "", f"There is no entity set '{entity_set}' in {self.name}.")
            request = CollectionRequest(table, entity_set, "", QueryOptions(), Preferences())
            if key is not None:
                yield (
                    row_body(session, request, existing_row(session, row_address(session, table, key))) or b""
                )
            else:
                yield from PageReader(session, request).every_row()
