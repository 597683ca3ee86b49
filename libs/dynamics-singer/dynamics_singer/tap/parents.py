"""Parents of a stream: related rows whose change counts as a change of the rows that point to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dynamics_singer.tap.shape import Copied, Part, Related

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Parent", "changed_since", "parents_in", "with_stamps"]


@dataclass(frozen=True, slots=True)
class Parent:
    """The row that `path` (navigation properties from the stream's row on) leads to.

    `stamp` is its column of the last change, `entity_set` where such rows are found.
    """

    path: tuple[str, ...]
    stamp: str
    entity_set: str = ""

    @property
    def address(self) -> str:
        """Its stamp as it stands in a filter, such as ``quoteid/modifiedon``."""
        return "/".join((*self.path, self.stamp))


def changed_since(parents: Iterable[Parent], instant: str) -> str:
    """The condition that any of the parents changed at or after an instant."""
    return " or ".join(f"{parent.address} ge {instant}" for parent in parents)


def with_stamps(parts: tuple[Part, ...], parents: Iterable[Parent]) -> tuple[Part, ...]:
    """The parts with the stamp of each parent among them, for a query that must bring the stamps along."""
    for parent in parents:
        parts = _with_stamp(parts, parent.path, parent.stamp)
    return parts


def _with_stamp(parts: tuple[Part, ...], path: tuple[str, ...], stamp: str) -> tuple[Part, ...]:
    if not path:
        there = any(isinstance(part, Copied) and part.source == stamp for part in parts)
        return parts if there else (*parts, Copied(stamp, stamp))
    for index, part in enumerate(parts):
        if isinstance(part, Related) and part.navigation == path[0]:
            inner = replace(part, parts=_with_stamp(part.parts, path[1:], stamp))
            return (*parts[:index], inner, *parts[index + 1 :])
    return (*parts, Related(path[0], path[0], "", "", stamp, _with_stamp((), path[1:], stamp)))


def parents_in(row: Mapping[str, Any], parents: Iterable[Parent]) -> list[tuple[str, str]]:
    """Stamp and ETag of each parent that a row, decoded with its expansions, has."""
    found = []
    for parent in parents:
        related: Any = row
        for navigation in parent.path:
            related = related.get(navigation) if isinstance(related, dict) else None
        stamp = related.get(parent.stamp) if isinstance(related, dict) else None
        if isinstance(stamp, str):
            found.append((stamp, str(related.get("@odata.etag") or "")))
    return found
