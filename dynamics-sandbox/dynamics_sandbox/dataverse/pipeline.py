"""The event pipeline: logic of an application that runs before and after its rows are written.

Dataverse runs registered steps around each core operation, inside its transaction (event-framework). What
belongs to a table only lives in such steps; the handlers of requests know no table by name. Steps that
write rows start the pipeline again one level deeper; a step `for_callers_only` runs for the outermost write.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

Message = OneOf["Create", "Update", "Delete"]
Stage = OneOf["before", "after"]

_DEPTH_LIMIT = 16


@dataclass(slots=True)
class Event:
    """One row being created, updated or deleted.

    `values` holds what will be stored, by stored column; a step before the write may change it. `stored` is
    the row as it was before the write, empty for a new one.
    """

    session: Session
    table: Table
    row_id: str
    message: Message
    values: dict[str, Any]
    stored: Mapping[str, Any]

    def value(self, column: str) -> Any:
        """Give what the column holds after the write, defaults of a new row included."""
        if column in self.values:
            return self.values[column]
        if self.message == "Create":
            return self.table.defaults.get(column)
        return self.stored.get(column)

    def touches(self, *columns: str) -> bool:
        """Say whether the write sets one of these columns; every column of a new row counts as set."""
        return self.message == "Create" or any(column in self.values for column in columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What runs at one point of one table's writes."""

    table: str
    messages: tuple[Message, ...]
    stage: Stage
    run: Callable[[Event], None]
    columns: tuple[str, ...] = ()
    """Updates that touch none of these do not run it; without any, every update does."""
    for_callers_only: bool = False

    def applies(self, event: Event) -> bool:
        """Say whether the step runs for this write."""
        if self.for_callers_only and event.session.depth:
            return False
        return (
            event.message != "Update" or not self.columns or not event.values.keys().isdisjoint(self.columns)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A message of the Web API that an application adds.

    The unbound form names its row in the body, the bound one in the address.
    """

    name: str
    table: str
    """The table whose rows it works on; empty when the body says."""
    run: Callable[[Session, str, Mapping[str, Any]], tuple[Table, str] | None]
    """Takes session, row id (empty when the body names the row) and body; gives the row to answer with."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """EDM types of what the body holds, by name; a GUID names the row, and is left out of the bound form."""
    returns: str = ""
    """The table of the row it answers with."""


@dataclass(frozen=True)
class Pipeline:
    """The registered steps and actions of an environment."""

    steps: tuple[Step, ...] = ()
    actions: tuple[Action, ...] = ()
    _steps: dict[tuple[str, Message], list[Step]] = field(
        init=False, default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        """Sort the steps by where they run; those of one place keep their order."""
        for step in self.steps:
            for message in step.messages:
                self._steps[step.table, message].append(step)

    def extended(self, steps: Iterable[Step], actions: Iterable[Action] = ()) -> Pipeline:
        """Give this pipeline with steps and actions added behind its own."""
        return Pipeline((*self.steps, *steps), (*self.actions, *actions))

    def action(self, name: str, table: str | None = None) -> Action | None:
        """Find an action, for a bound call that of the table."""
        for action in self.actions:
            if action.name == name and (table is None or action.table == table):
                return action
        return None

    @contextmanager
    def around(
        self, session: Session, message: Message, table: Table, row_id: str, *, values: dict[str, Any]
    ) -> Iterator[None]:
        """Run the steps before and after the write that the block does; those before may change `values`."""
        steps = self._steps.get((table.logical_name, message))
        if not steps:
            yield
            return
        stored = {} if message == "Create" else session.row(table, row_id) or {}
        event = Event(session, table, row_id, message, values, stored)
        _run(event, steps, "before")
        yield
        _run(event, steps, "after")


def _run(event: Event, steps: list[Step], stage: Stage) -> None:
    for step in steps:
        if step.stage == stage and step.applies(event):
            with event.session.deeper():
                step.run(event)


def check_depth(depth: int) -> None:
    """Stop steps that call each other without end.

    Raises:
        RecursionError: always a fault of the steps.
    """
    if depth > _DEPTH_LIMIT:
        raise RecursionError(f"Steps of the event pipeline wrote rows {depth} levels deep.")
