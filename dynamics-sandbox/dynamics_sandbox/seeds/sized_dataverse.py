"""Seeds by size in a Dataverse environment."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import DataverseError
from dynamics_sandbox.dataverse.schema.system import CREATED_ON, MODIFIED_ON, VERSION
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import create_row
from dynamics_sandbox.seeds.copies import ID, STAMP, Copier, chunks, serial
from dynamics_sandbox.seeds.dataverse import with_references

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.seeds.dataverse import SeedIds
    from dynamics_sandbox.seeds.sized import SizedSeed, SizedTable

    Lend = Callable[[], AbstractContextManager[Session]]


def seed_sized(lend: Lend, ids: SeedIds, seed: SizedSeed) -> None:
    """Adds generated rows, some ten thousand per transaction.

    Args:
        lend: gives a writing session, a new one each time.
        ids: of the seed rows that binds name.
        seed: what rows, and how many.

    Raises:
        SandboxError: the environment lacks the table, or has rows of this seed already.
    """
    try:
        with lend() as session:
            table = session.table_of_set(seed.table.entity_set)
            if table is None:
                raise seed.refused("this environment has no such table")
            copier = Copier(table.logical_name, _expressions(table, seed.table))
            bodies = [with_references(session, ids, body) for body in seed.patterns()]
            _write_patterns(session, table, copier, bodies)
        for first, last in chunks(seed.size):
            with lend() as session:
                version = session.take_versions(last - first + 1) - first
                copier.copy(session.connection, first, last, number=seed.number, version=version)
    except (DataverseError, sqlite3.IntegrityError) as error:
        raise seed.refused(str(error)) from None


def _write_patterns(session: Session, table: Table, copier: Copier, bodies: list[dict[str, Any]]) -> None:
    (above,) = session.connection.execute(
        f"SELECT coalesce(max(rowid), 0) FROM {quoted(table.logical_name)}"  # noqa: S608 - a quoted name
    ).fetchone()
    references = References(session)
    for body in bodies:
        known = {name: value for name, value in body.items() if _is_known(table, name)}
        create_row(session, table, known, references)
    copier.take_patterns(session.connection, above)


def _is_known(table: Table, member: str) -> bool:
    """Whether the table has the property: some come with a solution that may be left out."""
    name = member.partition("@")[0]
    return name in table.properties or name in table.navigations


def _expressions(table: Table, described: SizedTable) -> dict[str, str]:
    expressions = {
        table.primary_id: ID, CREATED_ON: STAMP, MODIFIED_ON: STAMP, VERSION: ":version + numbers.n",
    }  # fmt: skip
    for name, text in described.serial.items():
        if name in table.properties:
            column = table.properties[name].name
            expressions[column] = serial(text, column)
    return expressions
