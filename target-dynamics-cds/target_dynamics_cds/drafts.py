"""Drafts: rows on their way, from a record to column values with keys and lookups resolved to ids."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynamics_singer.target.rows import RowError

from target_dynamics_cds.keys import folded, key_of
from target_dynamics_cds.values import convert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynamics_singer.target.rows import Outcome, Row

    from target_dynamics_cds.keys import KeyValues
    from target_dynamics_cds.parents import Parents
    from target_dynamics_cds.plan import Branch, LookupFields, StreamPlan


@dataclass(slots=True)
class Draft:
    """One row on its way.

    Attributes:
        row: what arrived.
        key: the key's values, parents resolved to ids once `resolve` has run.
        values: column (``_x_value`` for a lookup) to its value as the Web API answers it.
        bindings: ``_x_value`` to navigation property and entity set of the parent it is bound to.
        wanted: lookups still to resolve, with the parents named in order of preference.
        outcome: the verdict, once there is one.
    """

    row: Row
    key: KeyValues = ()
    values: dict[str, Any] = field(default_factory=dict)
    bindings: dict[str, tuple[str, str]] = field(default_factory=dict)
    wanted: dict[str, list[tuple[Branch, KeyValues | uuid.UUID]]] = field(default_factory=dict)
    outcome: Outcome | None = None


def make_drafts(plan: StreamPlan, rows: Sequence[Row], parents: Parents) -> list[Draft]:
    """Rows as drafts, in the same order; one that cannot be written has its reject as outcome."""
    drafts = [_draft(plan, row) for row in rows]
    usable = [draft for draft in drafts if draft.outcome is None]
    _resolve_lookups(usable, parents)
    _resolve_keys(plan, [draft for draft in usable if draft.outcome is None], parents)
    return drafts


def _draft(plan: StreamPlan, row: Row) -> Draft:
    draft = Draft(row)
    try:
        draft.key = key_of(plan.key, row.record)
        for one in plan.plain:
            if one.field in row.record:
                draft.values[one.column.name] = convert(one.column, one.field, row.record[one.field])
        for lookup in plan.lookups:
            _note_parents(draft, lookup)
    except RowError as error:
        draft.outcome = error.outcome()
    return draft


def _note_parents(draft: Draft, lookup: LookupFields) -> None:
    """Note the parents a lookup's fields name; none named but one given as null clears the lookup."""
    given = [branch for branch in lookup.branches if branch.field in draft.row.record]
    named = []
    for branch in given:
        key = branch.parent.key_of(branch.field, draft.row.record[branch.field])
        if key is not None:
            named.append((branch, key))
    if named:
        draft.wanted[lookup.column.name] = named
    elif given:
        draft.values[lookup.column.name] = None
        draft.bindings[lookup.column.name] = _binding(given[0])


def _resolve_lookups(drafts: Sequence[Draft], parents: Parents) -> None:
    """Bind every lookup to the first of its parents that exists; the next is asked for when it does not."""
    open_drafts = [draft for draft in drafts if draft.wanted]
    while open_drafts:
        asked: dict[Any, tuple[Branch, list[KeyValues]]] = {}
        for draft in open_drafts:
            for choices in draft.wanted.values():
                branch, key = choices[0]
                if isinstance(key, tuple):
                    asked.setdefault(branch.parent.identity, (branch, []))[1].append(key)
        answers = {
            identity: parents.resolve(branch.parent, keys) for identity, (branch, keys) in asked.items()
        }
        for draft in open_drafts:
            _bind(draft, answers)
        open_drafts = [draft for draft in open_drafts if draft.wanted and draft.outcome is None]


def _bind(draft: Draft, answers: dict[Any, Any]) -> None:
    for column, choices in list(draft.wanted.items()):
        branch, key = choices[0]
        found = answers[branch.parent.identity][folded(key)] if isinstance(key, tuple) else key
        if isinstance(found, uuid.UUID):
            draft.values[column] = str(found)
            draft.bindings[column] = _binding(branch)
            del draft.wanted[column]
        elif len(choices) > 1:
            del choices[0]
        else:
            draft.outcome = found.outcome()
            return


def _resolve_keys(plan: StreamPlan, drafts: Sequence[Draft], parents: Parents) -> None:
    flat = parents.flatten(plan.key, [draft.key for draft in drafts])
    for draft in drafts:
        found = flat[folded(draft.key)]
        if isinstance(found, RowError):
            draft.outcome = found.outcome()
        else:
            draft.key = _spelled(found, draft.key)


def _spelled(flat: KeyValues, given: KeyValues) -> KeyValues:
    """The resolved key with its text as this row spells it (equal keys may differ in case)."""
    return tuple(own if isinstance(own, str) else value for value, own in zip(flat, given, strict=True))


def _binding(branch: Branch) -> tuple[str, str]:
    return branch.navigation, branch.parent.table.entity_set
