"""An administrator's changes to a template, given in the mapping's configuration, the file untouched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from mapper_p2c.errors import TemplateError, nearest
from mapper_p2c.templates import building, switches
from mapper_p2c.templates.document import Document
from mapper_p2c.templates.model import Row, Task, Template, Transform

if TYPE_CHECKING:
    from collections.abc import Mapping


_OF_ALL_TASKS = ("tasks", "quirks", "fno_entities")


def apply(template: Template, overrides: Mapping[str, Any]) -> Template:
    """Give back the template with the overrides applied.

    Args:
        template: what `templates.load` gave.
        overrides: `defaults` (destination: value), `rows` (added, or in place of the row with the same
            destination), `remove` (destinations), `value_maps` (destination: entries to add or change) and
            `filters` (in place of the task's filter), for a template with several tasks under
            `tasks: {name: …}`; `quirks` (names of those to switch on) and `fno_entities` (entity of the
            template: the one to use).

    Raises:
        TemplateError: an override names a task, a row or a transform that is not there, or breaks a rule.
    """
    document = Document("overrides", overrides, {})
    building.check_structure(document, "overrides")
    by_task: dict[str, Mapping[str, Any]] = dict(overrides.get("tasks", {}))
    general = {name: part for name, part in overrides.items() if name not in _OF_ALL_TASKS}
    template = switches.switched(template, overrides.get("quirks", ()), overrides.get("fno_entities", {}))
    names = [task.name for task in template.tasks]
    for name in by_task:
        if name not in names:
            raise TemplateError(
                f"overrides.tasks: the template {template.name} has no task {name!r}{nearest(name, names)}"
            )
    if general and len(names) > 1:
        raise TemplateError(
            f"overrides: the template {template.name} has the tasks {', '.join(names)}; write the overrides "
            "under `tasks: {name of the task: …}`."
        )
    tasks = tuple(
        _task(_task(task, general, "overrides"), by_task.get(task.name, {}), f"overrides.tasks.{task.name}")
        for task in template.tasks
    )
    return replace(template, tasks=tasks)


def _task(task: Task, overrides: Mapping[str, Any], place: str) -> Task:
    if not overrides:
        return task
    document = Document(place, overrides, {})
    for name in overrides.get("remove", ()):
        task = _without(task, name, place)
    given = building.rows(document, overrides.get("rows", ()), ("rows",))
    task = replace(task, rows=switches.placed(task.rows, given))
    for name, value in overrides.get("defaults", {}).items():
        task = _with_default(task, name, value, place)
    for name, entries in overrides.get("value_maps", {}).items():
        task = _with_entries(task, name, entries, place)
    if "filters" in overrides:
        conditions = building.conditions(document, overrides["filters"], ("filters",))
        task = replace(task, source=replace(task.source, filter=conditions))
    return building.checked(task)


def _row(task: Task, destination: str, place: str) -> Row:
    row = task.row(destination)
    if row is None:
        guess = nearest(destination, (row.destination for row in task.rows))
        raise TemplateError(f"{place}: the task {task.name} has no row for {destination!r}{guess}")
    return row


def _without(task: Task, destination: str, place: str) -> Task:
    row = _row(task, destination, f"{place}.remove")
    defaults = {name: value for name, value in task.defaults.items() if name != destination}
    return replace(task, defaults=defaults, rows=tuple(other for other in task.rows if other is not row))


def _with_default(task: Task, destination: str, value: Any, place: str) -> Task:
    row = _row(task, destination, f"{place}.defaults")
    given = Transform("default", UNSET)
    steps = tuple(given if step.kind == "default" else step for step in row.transforms)
    changed = replace(row, transforms=steps if given in steps else (*steps, given))
    return replace(
        task,
        defaults={**task.defaults, destination: value},
        rows=tuple(changed if other is row else other for other in task.rows),
    )


def _with_entries(task: Task, destination: str, entries: Mapping[str, Any], place: str) -> Task:
    row = _row(task, destination, f"{place}.value_maps")
    for index, step in enumerate(row.transforms):
        if step.kind in {"map", "country"}:
            added = building.map_entries(entries) if step.kind == "map" else building.country_entries(entries)
            changed = replace(step, entries={**step.entries, **added})
            steps = (*row.transforms[:index], changed, *row.transforms[index + 1 :])
            return replace(
                task,
                rows=tuple(replace(row, transforms=steps) if other is row else other for other in task.rows),
            )
    raise TemplateError(
        f"{place}.value_maps.{destination}: the row ({row.words}) has neither a `map` nor a `country` "
        "transform; replace the row under `rows`."
    )
