"""Writes the rows of one stream: learns which exist, creates or changes each, and knows what became of it.

F&O has no upsert: PATCH on an absent key fails, POST on a taken one too (F&O: odata). Rows therefore go in
rounds. Each round reads by key what it does not know, writes what is to be written, and keeps for the
next what lost a race or its answer; no write of unknown fate is repeated unread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from dynamics_odata.errors import CertificateError, ProtocolError, UnavailableError, UnreachableError
from dynamics_odata.query import EnumMember
from dynamics_singer.target import Outcome, Row, RowError
from dynamics_singer.target.unchanged import changed_fields

from .batches import READS_PER_BATCH, WRITES_PER_BATCH, Write, read_rows, write_rows
from .plan import COMPANY_KEY, DELETED_AT, Content, Plan
from .verdicts import NOT_FOUND, Verdict, judge, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from dynamics_odata.batch import BatchReply
    from dynamics_odata.transport import Transport
    from dynamics_singer.target import TargetSettings

_Item = TypeVar("_Item")

ROUNDS = 5
THROTTLED = 429
_DELETED = Outcome("skipped", "the source deleted the row; this target deletes nothing")
_EXISTS = Outcome("skipped", "the row exists and `write_mode` is create")
_ABSENT = Outcome("skipped", "the row does not exist and `write_mode` is update")
_UNCHANGED = Outcome("unchanged")
_NOT_REACHED = Outcome("rejected", "F&O did not come to this row in several tries", "not_reached")
_LOST = (UnreachableError, UnavailableError, ProtocolError)


@dataclass(slots=True)
class Job:
    """One row on its way.

    Attributes:
        content: its values in F&O's forms.
        address: where it lives.
        known: whether `stored` tells the truth.
        stored: the row at the destination, or None.
        sent: "created" or "updated" once such a write may have arrived.
        contradicted: whether a write found the opposite of what the read had said.
        last: the latest refusal, told when the rounds are used up.
        outcome: the verdict, once there is one.
    """

    content: Content
    address: str
    known: bool = False
    stored: dict[str, Any] | None = None
    sent: str = ""
    contradicted: bool = False
    last: Outcome | None = None
    outcome: Outcome | None = None

    @property
    def verdict(self) -> Outcome:
        """The verdict; where the rounds did not bring one, the latest refusal."""
        return self.outcome or self.last or _NOT_REACHED


@dataclass(slots=True)
class FnoWriter:
    """Writes one stream into one entity; a `StreamWriter`.

    Attributes:
        transport: the way to the environment's data entities.
        plan: what of the stream goes where.
        settings: write mode and whether unchanged rows are skipped.
        sleep: waits so many seconds between rounds.
    """

    transport: Transport
    plan: Plan
    settings: TargetSettings
    sleep: Callable[[float], None] = field(default=time.sleep)

    def key_of(self, record: dict[str, Any]) -> tuple[Hashable, ...]:
        """The row's key without regard to case, since F&O has none in its keys."""
        key = self.plan.key(record)
        return tuple(value if name == COMPANY_KEY else _caseless(value) for name, value in key.items())

    def write(self, rows: Sequence[Row]) -> list[Outcome]:
        """Write rows in order; see the module's text."""
        prepared = [self._prepare(row) for row in rows]
        self._run([one for one in prepared if isinstance(one, Job)])
        return [one.verdict if isinstance(one, Job) else one for one in prepared]

    def _prepare(self, row: Row) -> Job | Outcome:
        if row.record.get(DELETED_AT):
            return _DELETED
        try:
            content = self.plan.content(row.record)
        except RowError as error:
            return error.outcome()
        return Job(content, self.plan.address(content.key))

    def _run(self, jobs: Sequence[Job]) -> None:
        for turn in range(ROUNDS):
            due = [job for job in jobs if job.outcome is None]
            if not due:
                return
            if turn:
                self.sleep(2 ** (turn - 1) / 2)
            self._learn([job for job in due if not job.known])
            self._write([job for job in due if job.outcome is None], last=turn == ROUNDS - 1)

    def _learn(self, jobs: Sequence[Job]) -> None:
        """Read what is at the destination."""
        plan, waiting = self.plan, list(jobs)
        while waiting:
            chunk, rest = waiting[:READS_PER_BATCH], waiting[READS_PER_BATCH:]
            compared = self.settings.skip_unchanged or any(job.sent for job in chunk)
            select = plan.select if compared else tuple(plan.keys)
            replies = read_rows(self.transport, [job.address for job in chunk], select)
            for job, reply in zip(chunk, replies, strict=True):
                _note_stored(job, reply)
            waiting = _unreached(chunk, replies) + rest

    def _write(self, jobs: Sequence[Job], *, last: bool) -> None:
        waiting = [(job, write) for job in jobs if job.known and (write := self._planned(job)) is not None]
        while waiting:
            chunk, rest = waiting[:WRITES_PER_BATCH], waiting[WRITES_PER_BATCH:]
            try:
                replies = write_rows(self.transport, [write for _job, write in chunk])
            except _LOST as error:
                # The connection broke or the answer is damaged: rows may be written. The next round looks.
                if last or isinstance(error, CertificateError) or error.status == THROTTLED:
                    raise
                _forget(chunk)
                return
            for (job, write), reply in zip(chunk, replies, strict=True):
                self._note_reply(job, write, reply)
            waiting = _unreached(chunk, replies) + rest

    def _planned(self, job: Job) -> Write | None:
        """The write a row needs now; None when it needs none, with its verdict set."""
        if job.stored is None:
            if self.settings.write_mode == "update":
                job.outcome = _ABSENT
                return None
            return Write("POST", self.plan.entity.entity_set, job.content.create)
        if self.settings.write_mode == "create" and job.sent != "created":
            job.outcome = _EXISTS
            return None
        values = self._changes(job, job.stored)
        if values:
            return Write("PATCH", job.address, values)
        job.outcome = _written(job.sent) if job.sent else _UNCHANGED
        return None

    def _changes(self, job: Job, stored: dict[str, Any]) -> dict[str, Any]:
        """What to send to an existing row; after a write of unknown fate only what did not arrive."""
        if not (self.settings.skip_unchanged or job.sent):
            return job.content.update
        plan = self.plan
        return changed_fields(
            job.content.update, stored, plan.comparisons, calculated=plan.calculated, empties=True
        )

    @staticmethod
    def _note_reply(job: Job, write: Write, reply: BatchReply) -> None:
        verdict = judge(reply)
        if verdict is Verdict.UNREACHED:
            return
        if verdict is Verdict.DONE:
            job.outcome = _written(job.sent or _kind(write))
        elif verdict is Verdict.REFUSED:
            job.outcome = refusal(reply)
        elif verdict is Verdict.AGAIN:
            _forget([(job, write)])
            job.last = refusal(reply)
        elif job.contradicted:
            # The read contradicts the write a second time: another unique value is taken, or a read lies.
            job.outcome = refusal(reply)
        else:
            job.contradicted, job.known = True, False
            job.last = refusal(reply)


def _note_stored(job: Job, reply: BatchReply) -> None:
    """What a read by key says: the row, its absence, a refusal, or nothing yet."""
    if reply.ok:
        job.known, job.stored = True, reply.reply.json()
    elif reply.ran and reply.reply.status == NOT_FOUND:
        job.known, job.stored = True, None
    elif judge(reply) is Verdict.REFUSED:
        job.outcome = refusal(reply)
    elif reply.ran:
        job.last = refusal(reply)


def _forget(chunk: Sequence[tuple[Job, Write]]) -> None:
    for job, write in chunk:
        job.known = False
        job.sent = job.sent or _kind(write)


def _kind(write: Write) -> str:
    return "created" if write.method == "POST" else "updated"


def _written(kind: str) -> Outcome:
    return Outcome("created" if kind == "created" else "updated")


def _caseless(value: Any) -> Hashable:
    """A key part as F&O compares it: without regard to case and trailing blanks."""
    if isinstance(value, EnumMember):
        return value.member
    if not isinstance(value, str):
        hashable: Hashable = value
        return hashable
    return "".join(capital if len(capital := letter.upper()) == 1 else letter for letter in value.rstrip())


def _unreached(chunk: Sequence[_Item], replies: Sequence[BatchReply]) -> list[_Item]:
    """What a service left undone that stops at the first refusal; nothing when it did not even begin."""
    left = [item for item, reply in zip(chunk, replies, strict=True) if not reply.ran]
    return left if len(left) < len(chunk) else []
