"""The rows a fresh environment holds: companies, set-up data, users and (demo) a few customers."""

from __future__ import annotations

from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.store import MIGRATED

if TYPE_CHECKING:
    import sqlite3

    from dynamics_sandbox.fno.model import Model
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.fno.writing import Writer

SeedName: TypeAlias = Literal["demo", "none"]


class _SeedRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of one set in a seed file; ``fields`` names the columns of ``rows``."""

    set: str
    fields: list[str]
    rows: list[list[Any]]
    companies: list[str] = []


_SEEDS = msgspec.json.Decoder(list[_SeedRows], float_hook=Decimal)


class Seeder:
    """Plants seeds through the same rules as any other write, so that a wrong seed fails at once."""

    def __init__(self, model: Model, writer: Writer, settings: FnoSettings) -> None:
        self._model = model
        self._writer = writer
        self._settings = settings

    def plant(self, connection: sqlite3.Connection, seed: SeedName) -> None:
        """Writes the rows of a seed into empty tables."""
        for name in ("setup", "demo") if seed == "demo" else ("setup",):
            text = (resources.files(__package__) / "data" / "seeds" / f"{name}.json").read_bytes()
            for rows in _SEEDS.decode(text):
                self._plant_rows(connection, rows)
        self.register_client(connection)

    def _plant_rows(self, connection: sqlite3.Connection, rows: _SeedRows) -> None:
        entity = self._model.entities[rows.set]
        for company in rows.companies or [""]:
            for values in rows.rows:
                fields = dict(zip(rows.fields, values, strict=True))
                if company:
                    fields[COMPANY] = company
                self._writer.create(connection, entity, fields, company, version=MIGRATED)

    def register_client(self, connection: sqlite3.Connection) -> None:
        """Makes sure that the user of the settings and the application's registration exist."""
        settings = self._settings
        if not settings.client_id:
            return
        user = {
            "UserID": settings.user_id,
            "UserName": "Integration user",
            "Company": settings.default_company,
            "Language": "en-us",
        }
        client = {"AADClientId": settings.client_id, "Name": "Integration", "UserId": settings.user_id}
        for name, fields in (("SystemUsers", user), ("SysAADClients", client)):
            self._writer.create_if_missing(connection, self._model.entities[name], fields)
