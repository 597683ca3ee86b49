"""What one stream looks like: its parts, its schema and its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_odata.metadata.model import Table
    from dynamics_singer.tap.parents import Parent
    from dynamics_singer.tap.shape import Part

__all__ = ["Branch", "StreamShape", "Tables"]


class Tables(Protocol):
    """What the tap needs of an environment's metadata."""

    def entity_sets(self) -> Mapping[str, str]:
        """Logical table names by entity set."""

    def load(self, logicals: Iterable[str]) -> None:
        """Make several tables known in as few requests as possible."""

    def table(self, logical: str) -> Table:
        """One table by its logical name."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of the records and the schema of its values."""

    part: Part
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StreamShape:
    """One stream: `name`, the `table` behind it, its records' `branches` and the names of its `key`.

    A change of one of the `parents` counts as a change of the row; `filter_paths` lead to those that the
    filter looks at.
    """

    name: str
    table: Table
    branches: tuple[Branch, ...]
    key: tuple[str, ...]
    parents: tuple[Parent, ...] = ()
    filter_paths: tuple[tuple[str, ...], ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What a record is made of."""
        return tuple(branch.part for branch in self.branches)

    @property
    def properties(self) -> dict[str, Any]:
        """Schema per property of a record."""
        return {branch.part.name: branch.schema for branch in self.branches}
