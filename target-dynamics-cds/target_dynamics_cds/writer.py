"""The writer of a stream: from rows to verdicts, by way of keys, lookups, comparison and sending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dynamics_singer.target.rows import Outcome

from target_dynamics_cds.drafts import Draft, make_drafts
from target_dynamics_cds.keys import folded, key_of, leaves
from target_dynamics_cds.operations import Operation, creation, decide, key_is_safe
from target_dynamics_cds.parents import PARENT_MISSING
from target_dynamics_cds.reading import find_rows

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from dynamics_odata.transport import Transport
    from dynamics_singer.target.rows import Row
    from dynamics_singer.target.settings import TargetSettings

    from target_dynamics_cds.parents import Parents
    from target_dynamics_cds.plan import StreamPlan
    from target_dynamics_cds.reading import Record
    from target_dynamics_cds.replies import Verdict
    from target_dynamics_cds.sending import Sender

_DONE = {"create": Outcome("created"), "update": Outcome("updated"), "upsert": Outcome("written")}


@dataclass(frozen=True, slots=True)
class DataverseWriter:
    """Writes one stream into its table; see `dynamics_singer.target.writer.StreamWriter`.

    Whether a row exists is looked up where that decides what is sent: to skip what has not changed, for
    another `write_mode` than upsert, where no active alternate key covers the stream's key, and where some
    columns may only be set on creation or only afterwards. Otherwise UpsertMultiple decides, without a look.
    """

    transport: Transport
    plan: StreamPlan
    parents: Parents
    sender: Sender
    settings: TargetSettings

    def key_of(self, record: dict[str, Any]) -> tuple[Hashable, ...]:
        """The row's key as the record gives it; a stream without key has nothing but new rows."""
        if self.plan.mode == "none":
            return (uuid4(),)
        return tuple(leaves(key_of(self.plan.key, record)))

    def write(self, rows: Sequence[Row]) -> Sequence[Outcome]:
        """Write rows, one verdict each, in order; parents among them come before their children."""
        outcomes = self._write(rows)
        while self.plan.points_at_itself:
            waiting = [index for index, one in enumerate(outcomes) if one.code == PARENT_MISSING]
            if not waiting:
                break
            again = self._write([rows[index] for index in waiting])
            if all(one.code == PARENT_MISSING for one in again):
                break
            for index, one in zip(waiting, again, strict=True):
                outcomes[index] = one
        return outcomes

    def _write(self, rows: Sequence[Row]) -> list[Outcome]:
        drafts = make_drafts(self.plan, rows, self.parents)
        operations = self._operations([draft for draft in drafts if draft.outcome is None])
        verdicts = self.sender.send(operations)
        surprised = [
            (one, told) for one, told in zip(operations, verdicts, strict=True) if told.about_existence
        ]
        for one, told in zip(operations, verdicts, strict=True):
            one.draft.outcome = _outcome(one, told)
        self._second_chance(surprised)
        if operations:
            self.parents.forget_missing(self.plan.table.logical_name)
        return [_settled(draft) for draft in drafts]

    def _operations(self, drafts: Sequence[Draft]) -> list[Operation]:
        """What to send; a draft for which nothing is to be sent gets its verdict."""
        if self.plan.mode == "none":
            return [creation(self.plan, draft, by_key=False) for draft in drafts]
        looked_at = [draft for draft in drafts if self._looks or not self._addressable(draft)]
        existing = self._existing(looked_at)
        operations: list[Operation] = []
        for draft in drafts:
            fold = folded(draft.key)
            if fold not in existing:
                operations.append(creation(self.plan, draft, by_key=True, kind="upsert"))
            else:
                operations += self._decided(draft, existing[fold])
        return operations

    @property
    def _looks(self) -> bool:
        return (
            self.settings.skip_unchanged
            or self.settings.write_mode != "upsert"
            or self.plan.mode == "query"
            or self.plan.updatable != self.plan.creatable.difference(self.plan.key_columns)
        )

    def _addressable(self, draft: Draft) -> bool:
        return self.plan.mode == "primary" or key_is_safe(draft)

    def _existing(self, drafts: Sequence[Draft]) -> dict[Any, list[Record]]:
        columns = [part.column for part in self.plan.key]
        select = (column.name for column in self.plan.columns if column.readable)
        return find_rows(
            self.transport, self.plan.table, columns, [draft.key for draft in drafts], select=select
        )

    def _decided(self, draft: Draft, found: Sequence[Record]) -> list[Operation]:
        """The operation on a row that was looked up, or none when the draft has its verdict already."""
        if len(found) > 1:
            where = self.plan.table.entity_set
            reason = f"{len(found)} rows of {where} have this key; delete or correct the others"
            draft.outcome = Outcome("rejected", reason, "ambiguous_key")
            return []
        decided = decide(
            self.plan,
            draft,
            found[0] if found else None,
            mode=self.settings.write_mode,
            skip_unchanged=self.settings.skip_unchanged,
        )
        if isinstance(decided, Operation):
            return [decided]
        draft.outcome = decided
        return []

    def _second_chance(self, surprised: Sequence[tuple[Operation, Verdict]]) -> None:
        """Rows that came or went between the look and the write are looked up again and written once more.

        A row that is as it was thought to be keeps the service's refusal: it is about another row.
        """
        if not surprised or self.plan.mode == "none":
            return
        found = self._existing([one.draft for one, _told in surprised])
        again: list[Operation] = []
        for one, _told in surprised:
            now = found[folded(one.draft.key)]
            if bool(now) != (one.kind == "update"):
                again += self._decided(one.draft, now)
        for one, told in zip(again, self.sender.one_by_one(again), strict=True):
            one.draft.outcome = _outcome(one, told)


def _outcome(operation: Operation, told: Verdict) -> Outcome:
    if told.ok:
        return _DONE[operation.kind]
    return Outcome("rejected", told.message, told.code, told.request_id)


def _settled(draft: Draft) -> Outcome:
    if draft.outcome is None:
        raise AssertionError("a row was left without a verdict")
    return draft.outcome
