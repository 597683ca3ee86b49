"""Checks the setting `filter` before anything is read: its names by the metadata, the rest by the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.errors import RefusedError, SettingsError
from dynamics_odata.filter_names import names_in_filter
from dynamics_odata.long_addresses import get
from dynamics_odata.query import query_string
from dynamics_singer.settings_check import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_odata.metadata.model import Table
    from dynamics_odata.transport import Transport

    from tap_dynamics_sales.shape import Tables

__all__ = ["check_filter", "paths_in_filter"]


def paths_in_filter(metadata: Tables, table: Table, text: str) -> list[tuple[str, ...]]:
    """The navigation paths a filter goes through, such as ``("quoteid",)``.

    Raises:
        SettingsError: a quote or bracket is open, or a name is no column or lookup of its table.
    """
    try:
        names = names_in_filter(text)
    except ValueError as error:
        raise _wrong(table, f"{error}") from None
    paths = []
    for name in names:
        *steps, last = name.split("/")
        here = table
        for step in steps:
            targets = {lookup.navigation: lookup.target for lookup in here.lookups}
            if step not in targets:
                raise _wrong(table, f"{here.logical_name} has no lookup {step!r}", step, targets)
            here = metadata.table(targets[step])
        if last not in here.columns:
            raise _wrong(table, f"{here.logical_name} has no column {last!r}", last, here.columns)
        if steps:
            paths.append(tuple(steps))
    return list(dict.fromkeys(paths))


def check_filter(transport: Transport, table: Table, text: str) -> None:
    """Have the service read the filter; raises `SettingsError` with its words when it does not understand."""
    key = [name for name in table.key_columns if name]
    address = table.entity_set + query_string(select=key, filter=text, top=1)
    try:
        get(transport, transport.url(address))
    except RefusedError as error:
        if error.status != 400:  # noqa: PLR2004 - what a wrong filter is answered with
            return
        raise _wrong(table, f"the service says: {error.message}") from error


def _wrong(table: Table, problem: str, name: str = "", known: Iterable[str] = ()) -> SettingsError:
    guesses = ", ".join(nearest(name, known, count=3)) if name else ""
    return SettingsError(
        f"Setting `filter`, stream `{table.entity_set}`: {problem}",
        setting="filter",
        hint=f"Nearest: {guesses}." if guesses else "Filters are OData, such as statecode eq 0.",
    )
