"""The work of a run: takes messages, has rows written, lets a state go only when what it covers has a home.

Order: rows of a stream are written in order of arrival, streams in order of first appearance, so that parents
come before children. A batch that is full, a key that waits already, a changed SCHEMA or the end of the input
writes everything that waits. After each stream's batch its rejects file is saved, then the state may leave.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynamics_singer.locks import Holder, Locks

from .buffering import Buffer, Identity, Pending, WaitingStates
from .errors import InputError, RecordBeforeSchemaError, RejectLimitError
from .messages import RecordText
from .reasons import RejectLog
from .rejects import Reject, RejectsFile, rejects_file
from .rows import Outcome, Row
from .run import Stream, Surroundings, stamp
from .schema import StreamSchema, parse_schema
from .summary import Tally, append_summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


MAX_AGE_SECONDS = 60.0
"""A state that has waited longer than this has the waiting rows written, full batch or not."""


class Load:
    """One run of a target, from the first message to the summary."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._streams: dict[str, Stream] = {}
        self._tallies: dict[str, Tally] = {}
        self._files: dict[Path, RejectsFile] = {}
        holder = Holder.here(around.plugin, around.settings.run_id)
        self._locks = Locks(around.settings.locks_path, holder)
        self._states = WaitingStates()
        self._records = 0
        self._waiting_since: float | None = None
        self._flush_failed = False
        self._ending = False
        self._notices: set[str] = set()
        self.busy = False
        """A request, or the bookkeeping after it, is under way: a stop signal waits for its end."""
        if around.settings.summary_path:
            append_summary(around.settings.summary_path, ())

    # -- messages

    def schema(self, stream: str, definition: dict[str, Any], keys: Sequence[str], raw: bytes) -> None:
        """Take a SCHEMA; a changed one first writes what waits, then gets a writer of its own."""
        parsed = parse_schema(stream, definition, tuple(keys), raw)
        known = self._streams.get(stream)
        if known and (known.schema.definition, known.schema.key_properties) == (definition, tuple(keys)):
            return
        if known:
            self.flush()
        tally = self._tallies.setdefault(stream, Tally(parsed.task, stream, stamp(self._around.now())))
        self._locks.take([stream])
        entry = self._enter(parsed, known, tally)
        self._streams[stream] = entry
        entry.rejects.adopt(stream, lambda record: entry.identify(record)[0])
        if not known and self._around.settings.retry_rejects:
            self._retry(entry)

    def record(self, stream: str, record: RecordText) -> None:
        """Take a RECORD."""
        entry = self._streams.get(stream)
        if entry is None:
            raise RecordBeforeSchemaError(
                f"A record of stream '{stream}' came before the stream's SCHEMA",
                hint="Check the tap or mapper; everything before it was written",
            )
        identity, error = entry.identify(record)
        if not entry.buffer.takes(identity):
            self.flush()
        row = Row(stream, record.values, record.raw)
        entry.buffer.add(identity, Pending(row, self._records, error))
        entry.tally.read += 1
        self._records += 1
        self._after_adding(entry)

    def state(self, value: bytes) -> None:
        """Take a STATE; it leaves at once when nothing before it waits."""
        self._states.add(self._records, value)
        age = self._around.clock() - self._waiting_since if self._waiting_since is not None else 0.0
        if age > MAX_AGE_SECONDS:
            self.flush()
        self._emit_covered()

    def activate_version(self, stream: str) -> None:
        """Take an ACTIVATE_VERSION: nothing is ever deleted because of it."""
        if stream not in self._notices:
            self._notices.add(stream)
            self._around.log.info(
                "%s: ACTIVATE_VERSION is ignored, this target deletes no rows for it", stream
            )

    def batch(self, stream: str) -> None:
        """Refuse a BATCH."""
        raise InputError(
            f"Stream '{stream}' sent a BATCH message, which this target does not read",
            hint="Remove `batch_config` from the tap; everything before it was written",
        )

    # -- ends

    def finish(self) -> None:
        """The input has ended: write what waits, let the last state go, report."""
        try:
            self.flush()
        except BaseException as error:
            self.fail(error)
            raise
        self._ending = True
        self._end(broken=False)

    def fail(self, error: BaseException) -> None:
        """The run ends early: write what came before the fault unless writing is at fault, then report."""
        if self._ending:
            return
        self._ending = True
        try:
            if isinstance(error, Exception) and not isinstance(error, RejectLimitError):
                self._flush_rest()
        finally:
            self._emit_covered()
            self._end(broken=True)

    def _flush_rest(self) -> None:
        if self._flush_failed:
            return
        try:
            self.flush()
        except Exception as second:  # noqa: BLE001  # the error that ends the run is the first one
            self._around.log.error("%s", second)  # noqa: TRY400  # a line for people, not a traceback

    # -- writing

    def flush(self) -> None:
        """Write everything that waits, streams in order of appearance, and let the covered state go."""
        self._flush_failed = True
        for entry in self._streams.values():
            if len(entry.buffer):
                with self._undisturbed():
                    self._write(entry)
        self._flush_failed = False
        self._waiting_since = None
        self._emit_covered()
        self._check_limits()

    def _enter(self, schema: StreamSchema, known: Stream | None, tally: Tally) -> Stream:
        around = self._around
        before = around.statistics()
        with self._undisturbed():
            writer = around.make_writer(schema)
        path = rejects_file(around.settings.rejects_path, schema.owner)
        if path not in self._files:
            self._files[path] = RejectsFile(path)
        tally.usage.add_growth(before, around.statistics())
        log = known.reject_log if known else RejectLog()
        return Stream(schema, writer, self._files[path], Buffer(), tally, log)

    def _retry(self, entry: Stream) -> None:
        for _identity, reject in entry.rejects.of_stream(entry.schema.stream):
            identity, error = entry.identify(reject.record)
            row = Row(reject.stream, reject.record.values, reject.record.raw, True, reject.attempt + 1)
            entry.buffer.add(identity, Pending(row, None, error))
            self._after_adding(entry)

    def _after_adding(self, entry: Stream) -> None:
        if self._waiting_since is None:
            self._waiting_since = self._around.clock()
        if len(entry.buffer) >= self._around.settings.batch_size:
            self.flush()

    def _write(self, entry: Stream) -> None:
        """Write a stream's rows, settle each, save the rejects; only then are the rows off the buffer."""
        before = self._around.statistics()
        try:
            good = [pending.row for _identity, pending in entry.buffer if pending.error is None]
            verdicts = iter(self._verdicts(entry, good))
            for identity, pending in entry.buffer:
                outcome = pending.error.outcome() if pending.error else next(verdicts)
                self._settle(entry, identity, pending.row, outcome)
            entry.rejects.save()
            entry.buffer.clear()
        finally:
            entry.tally.usage.add_growth(before, self._around.statistics())

    @staticmethod
    def _verdicts(entry: Stream, rows: Sequence[Row]) -> Sequence[Outcome]:
        outcomes = entry.writer.write(rows) if rows else ()
        if len(outcomes) != len(rows):
            raise RuntimeError(
                f"the writer of {entry.schema.stream} gave {len(outcomes)} verdicts on {len(rows)} rows"
            )
        return outcomes

    def _settle(self, entry: Stream, identity: Identity, row: Row, outcome: Outcome) -> None:
        entry.tally.count(row, outcome)
        if outcome.kind != "rejected":
            entry.rejects.discard(row.stream, identity)
            return
        older = entry.rejects.get(row.stream, identity) if row.retried else None
        reject = Reject(
            stream=row.stream,
            schema=older.schema if older else entry.schema.raw,
            record=older.record if older else RecordText(row.record, row.raw),
            reason=outcome.reason,
            code=outcome.code,
            request_id=outcome.request_id,
            attempt=row.attempt,
            rejected_at=stamp(self._around.now()),
        )
        entry.rejects.put(identity, reject)
        entry.reject_log.add(
            outcome.reason, outcome.code, row.record, identity[1:] if identity[0] == "key" else ()
        )

    def _emit_covered(self) -> None:
        positions = [entry.buffer.first_position() for entry in self._streams.values()]
        state = self._states.take_covered(min((one for one in positions if one is not None), default=None))
        if state is not None:
            with self._undisturbed():
                self._around.emit_state(state)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """What runs inside is not cut short by a first stop signal; the run ends behind it instead."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False
        if not self._ending:
            self._around.between_requests()

    def _check_limits(self) -> None:
        """End the run where the settings say so; a retried row that fails again is no reason."""
        settings = self._around.settings
        fresh = sum(entry.tally.rejected_new for entry in self._streams.values())
        if settings.on_reject == "fail" and fresh:
            raise RejectLimitError(
                f"{fresh} rows were rejected and `on_reject` is fail",
                hint=f"They are kept in {settings.rejects_path}; mend them and run again",
            )
        if settings.max_rejects is not None and fresh > settings.max_rejects:
            raise RejectLimitError(
                f"{fresh} rows were rejected, `max_rejects` allows {settings.max_rejects}",
                hint=f"They are kept in {settings.rejects_path}; mend their cause or raise the limit",
            )

    # -- report

    def _end(self, *, broken: bool) -> None:
        self.busy = True
        ended = stamp(self._around.now())
        tallies = [*self._tallies.values()] or ([Tally("", "", ended)] if broken else [])
        if path := self._around.settings.summary_path:
            plugin, run_id = self._around.plugin, self._around.settings.run_id
            append_summary(path, [one.line(plugin, ended, broken=broken, run_id=run_id) for one in tallies])
        for entry in self._streams.values():
            self._report(entry)
        self._locks.release()

    def _report(self, entry: Stream) -> None:
        log, tally = self._around.log, entry.tally
        for line in entry.reject_log.lines(tally.owner, tally.stream, str(entry.rejects.path)):
            log.warning("%s", line)
        for reason, count in tally.skipped_for.most_common():
            log.info("%s %s: %d skipped: %s", tally.owner, tally.stream, count, reason)
        log.info("%s", tally.sentence())
