"""One F&O environment on disk: model, rows and users; opened by the server and by other commands."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.clock import Clock
from dynamics_sandbox.database import Database
from dynamics_sandbox.fno.actions import Action, Actions
from dynamics_sandbox.fno.data_management import DATA_MANAGEMENT_ACTIONS, refresh_entity_list
from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.exchange import read_key
from dynamics_sandbox.fno.model import COMPANY, Entity
from dynamics_sandbox.fno.model_files import load_model
from dynamics_sandbox.fno.queries import CROSS_COMPANY, ROOT, QueryBuilder, Statement
from dynamics_sandbox.fno.seeds import Seeder
from dynamics_sandbox.fno.setting_names import check_names
from dynamics_sandbox.fno.store import Store
from dynamics_sandbox.fno.writing import Writer
from dynamics_sandbox.seeds.sized_fno import seed_sized
from dynamics_sandbox.switches import Switchboard

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from dynamics_sandbox.fno.seeds import SeedName
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.seeds.sized import SizedSeed

_NUMBER_TYPES = frozenset({"Real", "Int32", "Int64"})


class FnoEnvironment:
    """A database file, the model it follows, and the settings it obeys.

    Attributes:
        clock: gives the current moment.
        url: address without trailing slash, for next links, contexts and the token audience.
        is_new: the file held no rows when it was opened.
        actions: the bound actions of its sets.
    """

    def __init__(
        self,
        database: Database,
        *,
        url: str,
        settings: FnoSettings,
        clock: Callable[[], dt.datetime],
        actions: Iterable[Action] = (),
    ) -> None:
        self.database = database
        self.clock = clock
        self.url = url.rstrip("/")
        self.settings = settings
        self.model = load_model(settings.further_model)
        self.switches = Switchboard(settings, partial(check_names, self.model))
        self.actions = Actions((*DATA_MANAGEMENT_ACTIONS, *actions))
        self.store = Store(self.model, settings, clock)
        self.writer = Writer(self.model, self.store, settings)
        self._seeder = Seeder(self.model, self.writer, settings)
        with database.writing() as connection:
            self.store.create_tables(connection)
            self.is_new = self.store.is_empty(connection)
            if not self.is_new:
                self._seeder.register_client(connection)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        url: str,
        settings: FnoSettings,
        clock: Callable[[], dt.datetime] | None = None,
        actions: Iterable[Action] = (),
    ) -> FnoEnvironment:
        """Opens the file, or makes it without any rows; ``reset`` fills a new one.

        Without a ``clock`` the machine's is used; ``actions`` come on top of those the sandbox has.
        """
        database = Database(Path(path))
        return cls(database, url=url, settings=settings, clock=clock or Clock(), actions=actions)

    def close(self) -> None:
        """Closes the file."""
        self.database.close()

    def reset(self, seed: SeedName) -> None:
        """Replaces all rows by a seed: ``none`` is the set-up data alone, ``demo`` adds customers."""
        with self.database.writing() as connection:
            self.store.clear(connection)
            self._seeder.plant(connection, seed)
            if self.settings.entity_list_refreshed:
                refresh_entity_list(connection, self.model)
        self.is_new = False

    def reload(self) -> None:
        """Nothing to forget: everything about the rows is read from the file each time."""

    def default_company(self, client_id: str) -> str | None:
        """Default company of the user a registered application works as; None for an unknown application."""
        with self.database.reading() as connection:
            return self._company_of(connection, client_id)

    def _company_of(self, connection: sqlite3.Connection, client_id: str) -> str | None:
        clients, users = self.model.entities["SysAADClients"], self.model.entities["SystemUsers"]
        client = self.store.find(connection, clients.table, {"AADClientId": client_id})
        user = client and self.store.find(connection, users.table, {"UserID": client[2]["UserId"]})
        return str(user[2]["Company"]).lower() if user and user[2]["Enabled"] else None

    def rows(self, entity_set: str, key: str | None = None) -> Iterator[bytes]:
        """Rows of all companies as JSON objects, one row per item, for looking at the data by hand.

        Args:
            entity_set: its name, in the right case.
            key: what stands in the parentheses of a URL, or the bare last part of the key (``US-001``).

        Raises:
            FnoError: no such set, or a key that cannot be read.
        """
        entity = self.model.public.get(entity_set)
        if entity is None:
            raise FnoError(
                404, f"There is no entity set '{entity_set}'; there are {', '.join(self.model.public)}."
            )
        queries = QueryBuilder(self.store, self.settings, f"{self.url}/data")
        options = queries.options(f"{CROSS_COMPANY}=true")
        read = queries.read(entity, options, company="", where=self._where(entity, key), metadata="none")
        statement = read.rows(-1, 0)
        with self.database.reading() as connection:
            for row in connection.execute(statement.sql, statement.params):
                yield row[0].encode()

    def _where(self, entity: Entity, key: str | None) -> tuple[Statement, ...]:
        if key is None:
            return ()
        if "=" in key:
            values = read_key(entity, key, self.writer.converter)
        else:
            values = {entity.key[-1]: key.strip("'")}
        columns = {name: entity.properties[name].stored for name in values}
        return tuple(Statement(f'{ROOT}."{columns[name]}" = ?', (value,)) for name, value in values.items())

    def seed_csv(self, folder: Path) -> list[str]:
        """Creates rows from every CSV file named after an entity set, with property names as its head line.

        Returns:
            One note per file: what was created, or that the file was ignored.

        Raises:
            FnoError: a row is refused; nothing of that file is kept then.
        """
        return [self._seed_file(path) for path in sorted(Path(folder).glob("*.csv"))]

    def seed_sized(self, seed: SizedSeed) -> None:
        """Adds generated rows of one entity set.

        Raises:
            SandboxError: rows of this seed number are there already.
        """
        seed_sized(self, seed)

    def _seed_file(self, path: Path) -> str:
        entity = self.model.public.get(path.stem)
        if entity is None:
            return f"{path.name}: ignored, no entity set of Finance and Operations has this name"
        with path.open(encoding="utf-8-sig", newline="") as lines, self.database.writing() as connection:
            created = 0
            for row in csv.DictReader(lines):
                fields = {name: self._cell(entity, name, text) for name, text in row.items() if text}
                company = str(fields.get(COMPANY, self.settings.default_company))
                self.writer.create(connection, entity, fields, company)
                created += 1
        return f"{path.name}: {created} rows into {entity.set}"

    def _cell(self, entity: Entity, name: str, text: str) -> Any:
        """The JSON value of a cell."""
        item = entity.properties.get(name)
        if item is None or item.type not in _NUMBER_TYPES:
            return text
        return self.writer.converter.number(text)
