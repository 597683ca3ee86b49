"""One task at work on its source stream: schema, records, rejects and counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from mapper_p2c import lines, schemas
from mapper_p2c.errors import InputError, RejectLimitError, RowError
from mapper_p2c.program import ENCODER, OutLine, Program, Way, compiled
from mapper_p2c.rejects import Key, KeyReader, RejectFile, key_text
from mapper_p2c.summary import Clock, TaskSummary, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mapper_p2c.marks import StateLine
    from mapper_p2c.settings import Settings
    from mapper_p2c.templates import Task

_WRONG_TYPE = re.compile(r"Expected `(?P<wanted>.+)`, got `(?P<given>.+)` - at `\$\.record\.(?P<field>.+)`")


class TaskRun:
    """Maps the records of one source stream for one task.

    Attributes:
        task: the task, overrides applied.
        rejects: what could not be mapped, and what was sent again but may not be written yet.
        summary: what was counted.
    """

    def __init__(self, task: Task, settings: Settings, clock: Clock, token: str) -> None:
        self.task = schemas.flattened(task) if settings.flatten else task
        self.rejects = RejectFile(settings.rejects_path, task.name, task.source.stream, token)
        self.summary = TaskSummary(task.name, task.destination.stream, clock())
        self._settings = settings
        self._clock = clock
        self._names = {"organization": settings.organization, "task": task.name}
        self._schema: Any = None
        self._program: Program | None = None
        self._key = KeyReader(())

    def schema(self, message: dict[str, Any], line: bytes) -> Iterator[bytes]:
        """Take a SCHEMA of the source stream; give the destination's, and what retried rejects became.

        Raises:
            InputError: the stream lacks a field that the template reads, or the rejects file is broken.
            TemplateError: a constant of the template does not fit its destination.
        """
        first = self._program is None
        if first or message["schema"] != self._schema:
            self._schema = message["schema"]
            self._program = compiled(self.task, self._schema, self._names)
            self._key = KeyReader(message.get("key_properties") or ())
        yield ENCODER.encode(schemas.message(self.task, self._ready.rows))
        if first:
            self.rejects.load(line, self._key)
            if self._settings.retry_rejects:
                yield from self._retried()

    @property
    def _ready(self) -> Program:
        if self._program is None:
            raise InputError(
                f"A record of the stream {self.task.source.stream} came before its SCHEMA; the plugin before "
                "the mapper must write the SCHEMA first."
            )
        return self._program

    def state(self, state: StateLine) -> None:
        """Store the rejects that a STATE covers; take its mark off those sent, and leave this run's mark."""
        self.rejects.confirm(state.token(self.task.name))
        self.rejects.save()
        token = self.rejects.token
        if token is not None:
            state.mark(self.task.name, token)

    def record(self, line: bytes) -> bytes | None:
        """Map a RECORD line; None where the record is left out or rejected.

        Raises:
            InputError: there was no SCHEMA yet, or the line is broken.
            RejectLimitError: the record was rejected and the settings say that this ends the run.
        """
        program = self._ready
        counts = self.summary.counts
        counts.read += 1
        result = None
        try:
            way, decoded = self._decoded(program, line)
            if program.deleted(decoded.record):
                counts.skipped += 1
            elif program.passes(decoded.record):
                result = self._encoded(way, decoded)
                counts.written += 1
            else:
                counts.filtered += 1
        except RowError as error:
            self._reject(line, error)
            return None
        if self.rejects:
            self.rejects.replaced(self._key(lines.envelope(line, "the record").raw_record))
        return result

    def _decoded(self, program: Program, line: bytes) -> tuple[Way, Any]:
        # Text of nothing but blanks begins with one; the fast way cannot tell it from other text.
        if b'" ' not in line:
            try:
                return program.fast, program.fast.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass  # the careful way says what is wrong, if anything is
        return program.careful, self._carefully(program, line)

    def _carefully(self, program: Program, line: bytes) -> Any:
        try:
            return program.careful.decode(line)
        except msgspec.ValidationError as error:
            found = _WRONG_TYPE.fullmatch(str(error))
            if found is None:
                raise InputError(
                    f"A RECORD of the stream {self.task.source.stream} has no object `record`; the plugin "
                    "before the mapper must write Singer messages."
                ) from None
            raise RowError(
                "wrong_type",
                f"the source field {found['field']} holds {found['given']}, not {found['wanted']}",
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            if not lines.envelope(line, f"a RECORD of the stream {self.task.source.stream}").raw_record:
                raise
            raise RowError("bad_text", "the record holds text that is no valid Unicode") from None

    def _encoded(self, way: Way, decoded: Any) -> bytes:
        record = way.convert(decoded.record)
        stream = self.task.destination.stream
        return ENCODER.encode(OutLine("RECORD", stream, record, decoded.time_extracted, decoded.version))

    def _reject(self, line: bytes, error: RowError) -> None:
        record = lines.envelope(line, "the record").raw_record
        self._keep(self._key(record), record, error)
        counts = self.summary.counts
        counts.new_rejects += 1
        if self._settings.on_reject == "fail":
            raise RejectLimitError(
                f"{self.task.name}: a record could not be mapped ({error.pattern}) and `on_reject` is "
                f"`fail`; the record is kept in {self.rejects.path}."
            )
        most = self._settings.max_rejects
        if most is not None and counts.new_rejects > most:
            raise RejectLimitError(
                f"{self.task.name}: more than {most} records could not be mapped (setting `max_rejects`), "
                f"the last one: {error.pattern}; the records are kept in {self.rejects.path}."
            )

    def _keep(self, key: Key, record: bytes, error: RowError) -> None:
        self.summary.counts.rejected += 1
        self.summary.reject(error, key_text(key))
        self.rejects.add(key, record, error, stamp(self._clock()))

    def _retried(self) -> Iterator[bytes]:
        counts = self.summary.counts
        for key, reject in self.rejects.records():
            counts.retried += 1
            line = b'{"type":"RECORD","stream":"","record":' + reject.record + b"}"
            try:
                way, decoded = self._decoded(self._ready, line)
                if self._ready.deleted(decoded.record) or not self._ready.passes(decoded.record):
                    counts.filtered += 1
                    self.rejects.replaced(key)
                    continue
                encoded = self._encoded(way, decoded)
            except RowError as error:
                self._keep(key, reject.record, error)
                continue
            counts.written += 1
            self.rejects.sent(key)
            yield encoded
