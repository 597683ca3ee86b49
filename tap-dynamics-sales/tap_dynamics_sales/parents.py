"""Which related rows count as parents of a stream: those its filter or its expansions look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_singer.tap.parents import Parent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_odata.metadata.model import Table

    from tap_dynamics_sales.settings import ReadSettings
    from tap_dynamics_sales.shape import Tables

__all__ = ["parents_of"]


def parents_of(
    metadata: Tables, table: Table, paths: Iterable[tuple[str, ...]], settings: ReadSettings
) -> tuple[Parent, ...]:
    """The parents on navigation paths that exist, each step once; tables without a time of change end a path.

    The business keys of hub lookups are no parents' columns: they never change.
    """
    found: dict[tuple[str, ...], Parent] = {}
    for path in paths:
        here = table
        for length, step in enumerate(path, start=1):
            target = next((each.target for each in here.lookups if each.navigation == step), "")
            here = metadata.table(target)
            stamp = settings.stamp(here.entity_set)
            if stamp not in here.columns:
                break
            found[path[:length]] = Parent(path[:length], stamp, here.entity_set)
    return tuple(found.values())
