"""The solution as a package: what it adds to tables is data, `dataverse/tables/solution/p2c.json`."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec looks it up
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.dataverse.autonumber import AutoNumber  # noqa: TC001 - msgspec looks it up
from dynamics_sandbox.dataverse.schema.columns import Attribute, Option  # noqa: TC001 - as above
from dynamics_sandbox.dataverse.schema.model import Key  # noqa: TC001 - as above
from dynamics_sandbox.dataverse.schema.system import with_money_companions

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Schema, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChange:
    """What a solution does to one table: columns and keys added, columns made required, options added."""

    table: str
    attributes: tuple[Attribute, ...] = ()
    required: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A solution: its names, its changes to tables, its automatic numbers, its copies of columns."""

    unique_name: str
    friendly_name: str
    publisher: Mapping[str, Any]
    changes: tuple[TableChange, ...]
    auto_numbers: tuple[AutoNumber, ...]
    copies: Mapping[str, tuple[tuple[str, str], ...]]
    """By table of lines: columns of the header, and the columns of the lines that show them."""

    def apply(self, schema: Schema) -> Schema:
        """Give the schema with the solution installed."""
        return schema.with_tables([_changed(schema.tables[change.table], change) for change in self.changes])


def p2c_solution() -> Solution:
    """Read the Prospect-to-cash solution."""
    path = files("dynamics_sandbox.dataverse") / "tables" / "solution" / "p2c.json"
    return msgspec.json.decode(path.read_bytes(), type=Solution)


def _changed(table: Table, change: TableChange) -> Table:
    changed = with_money_companions(table.with_attributes(*change.attributes))
    required = [replace(changed.columns[name], required="ApplicationRequired") for name in change.required]
    extended = [
        replace(changed.columns[name], options=(*changed.columns[name].options, *options))
        for name, options in change.options.items()
    ]
    changed = changed.with_attributes(*required, *extended)
    for key in change.keys:
        changed = changed.with_key(key)
    return changed
