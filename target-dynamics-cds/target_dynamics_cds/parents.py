"""Parents: turns the keys that lookups name into ids, each distinct parent asked for once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from dynamics_singer.target.rows import RowError

from target_dynamics_cds.keys import described, folded
from target_dynamics_cds.reading import find_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynamics_odata.transport import Transport

    from target_dynamics_cds.keys import KeyPart, KeyValues, Parent

Resolved = dict[Any, "uuid.UUID | RowError"]
"""Folded key of a parent to its id, or to the reason why it has none."""

PARENT_MISSING = "parent_missing"
"""Code of a reject whose parent does not exist (yet)."""


class Parents:
    """The parents known so far, shared by the streams of a run.

    Ids are kept for the whole run. That a parent is missing is only remembered until a row is written to its
    table, since it may arrive later in the same run.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: dict[Any, dict[Any, uuid.UUID]] = {}
        self._missing: dict[Any, Resolved] = {}

    def resolve(self, parent: Parent, keys: Iterable[KeyValues]) -> Resolved:
        """The ids of the parents named by `keys`, found with one bulk query for those not known yet."""
        known = self._known.setdefault(parent.identity, {})
        missing = self._missing.setdefault(parent.identity, {})
        asked = {folded(key): key for key in keys}
        self._look_up(
            parent, [key for fold, key in asked.items() if fold not in known and fold not in missing]
        )
        return {fold: known.get(fold) or missing[fold] for fold in asked}

    def flatten(self, parts: Sequence[KeyPart], keys: Iterable[KeyValues]) -> dict[Any, KeyValues | RowError]:
        """Each key, by its folded form, with the parents in it replaced by ids, or why that cannot be."""
        flat: dict[Any, KeyValues | RowError] = {folded(key): key for key in keys}
        for index, part in enumerate(parts):
            if part.parent is None:
                continue
            nested = {
                key[index]
                for key in flat.values()
                if isinstance(key, tuple) and isinstance(key[index], tuple)
            }
            resolved = self.resolve(part.parent, nested)
            for fold, key in flat.items():
                if isinstance(key, tuple) and isinstance(key[index], tuple):
                    found = resolved[folded(key[index])]
                    flat[fold] = (
                        found if isinstance(found, RowError) else (*key[:index], found, *key[index + 1 :])
                    )
        return flat

    def forget_missing(self, logical_name: str) -> None:
        """Rows were written to a table: what was missing there, or behind it, is asked for anew."""
        for identity in list(self._missing):
            if _mentions(identity, logical_name):
                del self._missing[identity]

    def _look_up(self, parent: Parent, keys: Sequence[KeyValues]) -> None:
        missing = self._missing[parent.identity]
        flat = self.flatten(parent.parts, keys)
        missing.update({fold: key for fold, key in flat.items() if isinstance(key, RowError)})
        usable = {fold: key for fold, key in flat.items() if not isinstance(key, RowError)}
        columns = [part.column for part in parent.parts]
        rows = find_rows(self._transport, parent.table, columns, list(usable.values()))
        given = {folded(key): key for key in keys}
        for fold, key in usable.items():
            found = rows[folded(key)]
            if len(found) == 1:
                self._known[parent.identity][fold] = uuid.UUID(found[0][parent.table.primary_id])
            else:
                missing[fold] = _not_one(parent, given[fold], len(found))


def _not_one(parent: Parent, key: KeyValues, count: int) -> RowError:
    name = f"{parent.entity} with {described(parent.parts, key)}"
    if count:
        return RowError(f"{name} exists {count} times in {parent.table.entity_set}", "parent_ambiguous")
    return RowError(
        f"{name} does not exist in {parent.table.entity_set}; create it, or correct where the value comes "
        "from: the source row, or a value map or the setting `organization` of the mapper",
        PARENT_MISSING,
    )


def _mentions(identity: Any, logical_name: str) -> bool:
    name, parts = identity
    return name == logical_name or any(inner and _mentions(inner, logical_name) for _column, inner in parts)
