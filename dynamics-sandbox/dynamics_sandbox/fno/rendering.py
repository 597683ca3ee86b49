"""SQL expressions that give a row as finished JSON text; Python only joins the rows.

Decimals are stored as text and pass through digit by digit; a row of 305 fields costs no Python at all.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.expressions import join_condition, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dynamics_sandbox.fno.annotations import FullMetadata
    from dynamics_sandbox.fno.model import Entity, Model, Navigation, Property

#: SQLite refuses expressions deeper than 1,000 levels, and a chain of ``||`` is one level per operand.
_CHAIN: Final = 60
_BARE: Final = frozenset({"Real", "Int32", "Int64"})


class RowRenderer:
    """Builds the expressions for one query, with a fresh alias for every related table.

    Args:
        model: to find related entities.
        etags: whether rows carry ``@odata.etag``; ``odata.metadata=none`` leaves it out.
        full: the further annotations of ``odata.metadata=full``; None leaves them out.
        references: navigation properties whose rows are shown by their address alone, with what gives it.
    """

    def __init__(
        self,
        model: Model,
        *,
        etags: bool,
        full: FullMetadata | None = None,
        references: Mapping[str, Callable[[Entity, str], str]] | None = None,
    ) -> None:
        self._model = model
        self._references = references or {}
        self._etags = etags
        self._full = full
        self._numbers = count(1)

    def row(
        self,
        entity: Entity,
        names: Iterable[str],
        alias: str,
        expands: Sequence[tuple[Navigation, Sequence[str]]] = (),
    ) -> str:
        """The expression of one row.

        Args:
            entity: the entity shown.
            names: its properties, in this order.
            alias: of its table in the query.
            expands: navigation properties to bring along, each with the properties of the related rows.
        """
        members = self._annotations(entity, alias)
        for item in (entity.properties[name] for name in names):
            typed = self._full.of_field(item) if self._full else None
            members += [typed] if typed else []
            members.append(
                f"'{json.dumps(item.name)}:' || {_json(item, value_of(item, entity, self._model, alias))}"
            )
        members += [
            f"'{json.dumps(navigation.name)}:' || {self._related(navigation, chosen, alias)}"
            for navigation, chosen in expands
        ]
        if self._full:
            members += self._full.links(entity, alias, (navigation.name for navigation, _ in expands))
        return _joined(members)

    def _annotations(self, entity: Entity, alias: str) -> list[str]:
        """The members in front of the fields."""
        own = [f"'\"@odata.etag\":' || json_quote({alias}._etag)"] if self._etags else []
        if self._full is None:
            return own
        return [*self._full.before(entity, alias), *own, *self._full.after(entity, alias)]

    def _related(self, navigation: Navigation, names: Sequence[str], alias: str) -> str:
        """A subquery that gives the related row or rows as JSON."""
        target = self._model.entities[navigation.to]
        own = f"x{next(self._numbers)}"
        reference = self._references.get(navigation.name)
        row = self.row(target, names, own) if reference is None else reference(target, own)
        condition = join_condition(navigation, self._model, own, alias)
        source = f"FROM {quoted(target.table.name)} AS {own} WHERE {condition}"
        if navigation.many:
            return f"'[' || COALESCE((SELECT group_concat({row}) {source}), '') || ']'"
        return f"COALESCE((SELECT {row} {source} LIMIT 1), 'null')"


def _json(item: Property, column: str) -> str:
    if item.type == "Boolean":
        return f"CASE {column} WHEN 0 THEN 'false' ELSE 'true' END"
    return column if item.type in _BARE else f"json_quote({column})"


def _joined(members: list[str]) -> str:
    """``{member,member,…}`` in groups, so that the expression stays shallow."""
    groups = [" || ',' || ".join(members[start : start + _CHAIN]) for start in range(0, len(members), _CHAIN)]
    return "'{' || " + " || ',' || ".join(f"({group})" for group in groups) + " || '}'" if members else "'{}'"
