"""The Prospect-to-cash solution for Sales: a key on the account number, and numbers made by the service.

What the solution changes is data (`dataverse/tables/solution/p2c.json`); this module applies it. Other
environments, and Sales with the solution switched off, work with an empty one.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from dynamics_sandbox.dataverse.schema import storage
from dynamics_sandbox.dataverse.schema.columns import Attribute  # noqa: TC001 - msgspec looks them up
from dynamics_sandbox.dataverse.schema.model import Key  # noqa: TC001 - msgspec looks them up

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Schema, Table
    from dynamics_sandbox.dataverse.session import Session

_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoNumber:
    """A column filled on create when it is blank: `PREFIX-NNNNN-XXXXXX`, counter and random suffix."""

    table: str
    column: str
    prefix: str
    start: int = 1000
    suffix_length: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """What a solution does to one table: columns added, columns made required, keys added."""

    table: str
    attributes: tuple[Attribute, ...] = ()
    required: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A solution's changes to tables and its automatic numbers."""

    unique_name: str = ""
    changes: tuple[TableChange, ...] = ()
    auto_numbers: tuple[AutoNumber, ...] = ()
    random: random.Random = field(default_factory=random.SystemRandom)

    def apply(self, schema: Schema) -> Schema:
        """Give the schema with the solution installed; changes to tables it lacks do nothing."""
        changed = [
            _changed(schema.tables[change.table], change)
            for change in self.changes
            if change.table in schema.tables
        ]
        return schema.with_tables(changed) if changed else schema

    def numbers(self, table: Table) -> list[AutoNumber]:
        """List the automatic numbers of a table."""
        return [number for number in self.auto_numbers if number.table == table.logical_name]

    def next_number(self, session: Session, number: AutoNumber) -> str:
        """Make the next number and count on."""
        counter = f"number:{number.table}.{number.column}"
        value = storage.state(session.connection, counter, number.start)
        storage.set_state(session.connection, counter, value + 1)
        suffix = "".join(self.random.choices(_ALPHABET, k=number.suffix_length))
        return f"{number.prefix}-{value:05d}-{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SolutionFile:
    unique_name: str
    changes: tuple[TableChange, ...] = ()
    auto_numbers: tuple[AutoNumber, ...] = ()


def no_solution() -> Solution:
    """Give a solution that changes nothing."""
    return Solution()


def p2c_solution(random_seed: int | None = None) -> Solution:
    """Read the Prospect-to-cash solution; a seed makes the random suffixes repeatable."""
    path = files("dynamics_sandbox.dataverse") / "tables" / "solution" / "p2c.json"
    content = msgspec.json.decode(path.read_bytes(), type=_SolutionFile)
    seeded = random_seed is not None
    generator = random.Random(random_seed) if seeded else random.SystemRandom()  # noqa: S311 - a suffix, no secret
    return Solution(
        unique_name=content.unique_name,
        changes=content.changes,
        auto_numbers=content.auto_numbers,
        random=generator,
    )


def _changed(table: Table, change: TableChange) -> Table:
    changed = table.with_attributes(*change.attributes)
    required = [replace(changed.columns[name], required="ApplicationRequired") for name in change.required]
    changed = changed.with_attributes(*required)
    for key in change.keys:
        changed = changed.with_key(key)
    return changed
