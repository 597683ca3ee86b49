"""What the chosen jobs read and write, gathered from their templates with the overrides of meltano.yml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from prospect_to_cash.systems import FNO, SALES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mapper_p2c.templates import Row, Task

    from prospect_to_cash.project import Block, Project


@dataclass(frozen=True, slots=True)
class Leg:
    """A task with the systems at its two ends: `sales`, `cds` or `fno`."""

    task: Task
    source: str
    destination: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The legs of the chosen jobs, for one company.

    Attributes:
        company: legal entity.
        legs: each task of each block, in order.
    """

    company: str
    legs: tuple[Leg, ...]

    @classmethod
    def of(cls, project: Project, jobs: Iterable[str]) -> Scope:
        """The legs of some jobs."""
        blocks = [block for job in jobs for block in project.job(job)]
        return cls(project.company, tuple(leg for block in blocks for leg in _legs(block)))

    def sales_fields(self) -> dict[str, set[str]]:
        """Fields of Sales that are read or written, by entity set; a lookup counts by its own name."""
        return self._fields(SALES)

    def fno_fields(self) -> dict[str, set[str]]:
        """Properties of Finance and Operations that are read or written, by entity set."""
        return self._fields(FNO)

    def constants(self, system: str, ending: str) -> list[str]:
        """The defaults and mapped values that rows write into fields of a system whose names end so."""
        found = {
            value
            for leg in self.legs
            if leg.destination == system
            for row in leg.task.rows
            if row.destination.endswith(ending)
            for value in _constants(leg.task, row)
        }
        return sorted(found)

    def writes(self, system: str, stream: str) -> bool:
        """Whether an entity set of a system is written."""
        return any((leg.destination, leg.task.destination.stream) == (system, stream) for leg in self.legs)

    def reads(self, system: str, stream: str) -> bool:
        """Whether an entity set of a system is read."""
        return any((leg.source, leg.task.source.stream) == (system, stream) for leg in self.legs)

    def _fields(self, system: str) -> dict[str, set[str]]:
        fields: dict[str, set[str]] = {}
        for leg in self.legs:
            if leg.source == system:
                read = [name for row in leg.task.rows if not row.optional for name in row.sources]
                read += [condition.field for condition in leg.task.source.filter]
                fields.setdefault(leg.task.source.stream, set()).update(map(_own, read))
            if leg.destination == system:
                written = [row.destination for row in leg.task.rows]
                fields.setdefault(leg.task.destination.stream, set()).update(map(_own, written))
        return fields


def _legs(block: Block) -> Iterator[Leg]:
    for task in block.tasks():
        yield Leg(task, block.source, block.destination)


def _own(field: str) -> str:
    """The field's name in its own entity: what stands before the first dot."""
    return field.partition(".")[0]


def _constants(task: Task, row: Row) -> Iterator[str]:
    values: list[Any] = []
    for step in row.transforms:
        if step.kind == "map":
            values += step.entries.values()
        elif step.kind == "default":
            values.append(task.defaults.get(row.destination) if step.value is UNSET else step.value)
    yield from (str(value) for value in values if value is not None and not str(value).startswith("$"))
