"""One task applied to single records, outside a run: nothing is stored, nothing is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mapper_p2c.commands.choosing import names_of
from mapper_p2c.errors import InputError, RowError
from mapper_p2c.program import ENCODER, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapper_p2c.program import Program
    from mapper_p2c.templates import Task, Template


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a record.

    Attributes:
        task: the task.
        program: the task as compiled for the stream.
        line: the RECORD line that came in.
        record: what goes out, as JSON; empty where nothing does.
        outcome: `mapped`, `filtered`, `deleted` or `rejected`.
        reason: of a rejected record, with its values.
    """

    task: Task
    program: Program
    line: bytes
    record: bytes = b""
    outcome: str = "mapped"
    reason: str = ""


def results(template: Template, lines: Iterable[bytes], organization: str) -> Iterator[Result]:
    """Apply a template to Singer lines; a result for each record and task that reads it.

    Raises:
        InputError: a record came before its SCHEMA, or the stream lacks a field.
    """
    programs: dict[str, Program] = {}
    for line in lines:
        message = msgspec.json.decode(line)
        for task in template.tasks:
            if task.source.stream != message.get("stream"):
                continue
            if message["type"] == "SCHEMA":
                programs[task.name] = compiled(task, message["schema"], names_of(task, organization))
            elif message["type"] == "RECORD":
                if task.name not in programs:
                    raise InputError(f"A record of the stream {task.source.stream} came before its SCHEMA.")
                yield _result(task, programs[task.name], line)


def _result(task: Task, program: Program, line: bytes) -> Result:
    try:
        decoded = program.careful.decode(line).record
    except msgspec.ValidationError as error:
        return Result(task, program, line, outcome="rejected", reason=str(error))
    if program.deleted(decoded):
        return Result(task, program, line, outcome="deleted")
    if not program.passes(decoded):
        return Result(task, program, line, outcome="filtered")
    try:
        return Result(task, program, line, ENCODER.encode(program.careful.convert(decoded)))
    except RowError as error:
        return Result(task, program, line, outcome="rejected", reason=error.reason)


def fields(record: Any, above: str = "") -> dict[str, Any]:
    """A record as flat fields by path, `Account.AccountId`."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        flat |= fields(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return flat
