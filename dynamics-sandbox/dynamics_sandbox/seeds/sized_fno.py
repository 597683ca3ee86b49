"""Seeds by size in a Finance and Operations environment."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.store import MIGRATED, RECORD_IDS, etag
from dynamics_sandbox.seeds.copies import Copier, chunks, serial

if TYPE_CHECKING:
    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.model import Entity
    from dynamics_sandbox.seeds.sized import SizedSeed, SizedTable


def seed_sized(environment: FnoEnvironment, seed: SizedSeed) -> None:
    """Adds generated rows to the default company, some ten thousand per transaction.

    Raises:
        SandboxError: the environment has rows of this seed already.
    """
    entity = environment.model.entities[seed.table.entity_set]
    copier = Copier(entity.table.name, _expressions(entity, seed.table))
    store, database = environment.store, environment.database
    try:
        with database.writing() as connection:
            (above,) = connection.execute(
                f"SELECT coalesce(max(_record_id), 0) FROM {quoted(entity.table.name)}"  # noqa: S608 - a quoted name
            ).fetchone()
            for fields in seed.patterns():
                company = environment.settings.default_company
                environment.writer.create(connection, entity, fields, company, version=MIGRATED)
            copier.take_patterns(connection, above)
        for first, last in chunks(seed.size):
            with database.writing() as connection:
                connection.create_function("fno_etag", 3, etag, deterministic=True)
                record = store.take_numbers(connection, RECORD_IDS, last - first + 1) - first
                copier.copy(connection, first, last, number=seed.number, record=record)
    except (FnoError, sqlite3.IntegrityError) as error:
        raise seed.refused(str(error)) from None


def _expressions(entity: Entity, described: SizedTable) -> dict[str, str]:
    expressions = {
        "_record_id": ":record + numbers.n",
        "_etag": f"fno_etag({MIGRATED}, :record + numbers.n, {entity.table.sources})",
    }
    for name, text in described.serial.items():
        column = entity.properties[name].stored
        expressions[column] = serial(text, column)
    return expressions
