"""All messages of a run: which stream goes to which tasks, what passes unchanged, what is stored first."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from mapper_p2c import lines
from mapper_p2c.errors import InputError, nearest
from mapper_p2c.marks import StateLine
from mapper_p2c.summary import Clock, utc_now
from mapper_p2c.task_run import TaskRun

if TYPE_CHECKING:
    import logging

    from mapper_p2c.settings import Settings
    from mapper_p2c.templates import Template

#: Takes a line without its newline.
Write = Callable[[bytes], object]


class Pipeline:
    """Takes Singer lines, gives Singer lines.

    Rejects are on disk before the STATE that covers them is written. STATE lines go out in their order and
    exactly as they came in; only where retried rejects went out, they bear a mark (see `marks`).
    """

    def __init__(self, template: Template, settings: Settings, write: Write, clock: Clock = utc_now) -> None:
        self._template = template.name
        self._settings = settings
        self._write = write
        self._clock = clock
        self._runs: dict[str, list[TaskRun]] = {}
        token = uuid.uuid4().hex
        for task in template.tasks:
            self._runs.setdefault(task.source.stream, []).append(TaskRun(task, settings, clock, token))
        self._number = 0
        # The last STATE, as it came in and as it went out.
        self._last_state = self._last_written = b""
        # Beginning of the last RECORD line up to its record, and the runs it went to: lines that begin alike
        # need no second look at their envelope.
        self._beginning = b""
        self._same: list[TaskRun] = []
        self._handlers: dict[str, Callable[[lines.Envelope, bytes], None]] = {
            "RECORD": self._record,
            "SCHEMA": self._schema,
            "STATE": self._state,
            "ACTIVATE_VERSION": self._activate_version,
            "BATCH": self._batch,
        }

    def feed(self, line: bytes) -> str:
        """Take one line; gives the message's type.

        Raises:
            MapperError: the line is broken or does not fit the template, or rejects end the run.
        """
        self._number += 1
        if self._same and line.startswith(self._beginning):
            for run in self._same:
                self._put(run.record(line))
            return "RECORD"
        found = lines.envelope(line, f"line {self._number}")
        handler = self._handlers.get(found.type)
        if handler is None:
            guess = nearest(found.type, self._handlers, listed=True)
            raise InputError(f"line {self._number}: unknown type of message {found.type!r}{guess}")
        handler(found, line)
        return found.type

    def finish(self) -> None:
        """The input has ended: where retried rejects went out after the last STATE, repeat it with the mark.

        A STATE holds no less when it is repeated, and a tap that finds nothing new may write none after its
        first: without this one no word of what went out would ever come back.
        """
        if not self._last_state or not any(run.rejects.token for run in self._all_runs()):
            return
        made = self._marked(self._last_state)
        if made != self._last_written:
            self._write(made)

    def close(self, logger: logging.Logger, *, broken: bool) -> None:
        """End the run, whether it broke or not: store rejects, log the counts, append the run summary."""
        for run in self._all_runs():
            run.rejects.save()
            run.rejects.release()
            run.summary.log(logger, run.rejects.path)
            if self._settings.summary_path:
                run.summary.append(
                    self._settings.summary_path, self._clock(), broken=broken, run_id=self._settings.run_id
                )

    def _all_runs(self) -> list[TaskRun]:
        return [run for runs in self._runs.values() for run in runs]

    def _put(self, line: bytes | None) -> None:
        if line is not None:
            self._write(line)

    def _runs_of(self, stream: str, line: bytes) -> list[TaskRun]:
        """The tasks of a stream; for a stream without, the setting `unmapped` decides."""
        if stream in self._runs:
            return self._runs[stream]
        if self._settings.unmapped == "pass":
            self._write(line.rstrip(b"\r\n"))
        elif self._settings.unmapped == "fail":
            raise InputError(
                f"line {self._number}: the template {self._template} does not read the stream {stream!r} "
                f"(it reads {', '.join(self._runs)}); let the tap select only those, or set `unmapped` to "
                "pass or drop."
            )
        return []

    def _record(self, found: lines.Envelope, line: bytes) -> None:
        runs = self._runs_of(found.stream, line)
        for run in runs:
            self._put(run.record(line))
        position = line.find(b'"record"')
        beginning = line[:position]
        whole = position > 0 and b'"type"' in beginning and b'"stream"' in beginning
        self._beginning, self._same = (line[: position + 8], runs) if whole else (b"", [])

    def _schema(self, found: lines.Envelope, line: bytes) -> None:
        runs = self._runs_of(found.stream, line)
        if not runs:
            return
        message = self._parsed(line)
        if not isinstance(message.get("schema"), dict):
            raise InputError(
                f"line {self._number}: the SCHEMA of the stream {found.stream} has no object `schema`."
            )
        for run in runs:
            for made in run.schema(message, line):
                self._write(made)

    def _state(self, _found: lines.Envelope, line: bytes) -> None:
        self._last_state = line
        self._last_written = self._marked(line)
        self._write(self._last_written)

    def _marked(self, line: bytes) -> bytes:
        """A STATE as it goes out; the rejects that it covers are on disk now."""
        state = StateLine(line)
        for run in self._all_runs():
            run.state(state)
        return state.line

    def _activate_version(self, found: lines.Envelope, line: bytes) -> None:
        for run in self._runs_of(found.stream, line):
            message = self._parsed(line)
            message["stream"] = run.task.destination.stream
            self._write(msgspec.json.encode(message))

    def _batch(self, found: lines.Envelope, _line: bytes) -> None:
        raise InputError(
            f"line {self._number}: BATCH of the stream {found.stream}: the mapper reads records, not files; "
            "remove `batch_config` from the tap."
        )

    def _parsed(self, line: bytes) -> dict[str, Any]:
        message: dict[str, Any] = msgspec.json.decode(line)
        return message
