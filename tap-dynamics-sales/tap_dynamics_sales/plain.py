"""Streams under Dataverse's own names: entity set, logical column names, primary id as key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest
from dynamics_singer.tap.shape import Copied

from tap_dynamics_sales.companions import companions
from tap_dynamics_sales.expansion import expanded
from tap_dynamics_sales.schemas import column_schema
from tap_dynamics_sales.shape import Branch, StreamShape, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_odata.metadata.model import Column, Table

    from tap_dynamics_sales.settings import ReadSettings

__all__ = ["chosen", "plain_shape"]


def plain_shape(metadata: Tables, table: Table, settings: ReadSettings, *, stamp: str = "") -> StreamShape:
    """The stream of one table; `stamp` is the time of change where that must be among its columns."""
    name = table.entity_set
    columns = chosen(table, name, settings.select.get(name), also=[stamp] if stamp else [])
    branches = []
    for column in columns:
        schema = column_schema(column, is_key=column.name in table.key_columns)
        branches.append(Branch(Copied(column.name, column.name), schema))
        branches += companions(column, settings)
    branches += expanded(metadata, table, name, settings.expand.get(name, ()))
    return StreamShape(name, table, tuple(branches), tuple(name for name in table.key_columns if name))


def chosen(table: Table, stream: str, names: Iterable[str] | None, also: Iterable[str] = ()) -> list[Column]:
    """The columns to offer: the primary id, `also` and those named; all readable ones without names.

    Images (``Edm.Binary``) are offered only by name: they are read row by row and can be large.

    Raises:
        SettingsError: a name is no readable column.
    """
    readable = {name: column for name, column in table.columns.items() if column.readable}
    if names is None:
        return [column for column in readable.values() if column.edm_type != "Edm.Binary"]
    wanted = list(dict.fromkeys([*table.key_columns, *also, *names]))
    for name in wanted:
        if name not in readable:
            guesses = ", ".join(nearest(name, readable, count=3))
            raise SettingsError(
                f"Setting `select`, stream `{stream}`: {table.logical_name} has no readable column {name!r}",
                setting="select",
                hint=f"Nearest: {guesses}." if guesses else "",
            )
    return [readable[name] for name in wanted]
