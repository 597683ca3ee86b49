"""What a template offers to be switched: its quirks, and other versions of its entities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mapper_p2c.errors import TemplateError, nearest
from mapper_p2c.templates import building

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapper_p2c.templates.model import Change, Row, Task, Template


def switched(template: Template, quirks: Iterable[str], entities: Mapping[str, str]) -> Template:
    """Give the template with quirks switched on and entities exchanged.

    Args:
        template: as the file says.
        quirks: names of the quirks to switch on, in every task that has them.
        entities: entity of the template to the version that takes its place.

    Raises:
        TemplateError: no task has such a quirk, or no such entity or version.
    """
    tasks = template.tasks
    for name in quirks:
        tasks = _with_quirk(template, tasks, name)
    for entity, version in entities.items():
        tasks = _with_version(template, tasks, entity, version)
    return replace(template, tasks=tasks)


def placed(rows: tuple[Row, ...], given: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows and those given, each in place of the one with the same destination, else at the end."""
    # Two given rows for one destination stay two, so that the check for duplicates sees them.
    replaced = {row.destination for row in given}
    first = max((row.number for row in rows), default=0) + 1
    numbered = (replace(row, number=first + index) for index, row in enumerate(given))
    return (*(row for row in rows if row.destination not in replaced), *numbered)


def _with_quirk(template: Template, tasks: tuple[Task, ...], name: str) -> tuple[Task, ...]:
    known = dict.fromkeys(quirk.name for task in template.tasks for quirk in task.quirks)
    if name not in known:
        guess = nearest(name, known, listed=True) if known else "; it has none."
        raise TemplateError(f"overrides.quirks: the template {template.name} has no quirk {name!r}{guess}")
    return tuple(
        _changed(task, *(quirk.change for quirk in task.quirks if quirk.name == name)) for task in tasks
    )


def _with_version(template: Template, tasks: tuple[Task, ...], entity: str, version: str) -> tuple[Task, ...]:
    known = {
        name: sorted({*known_versions(task, name)})
        for task in template.tasks
        for name in (task.source.stream, task.destination.stream)
        if known_versions(task, name)
    }
    place = "overrides.fno_entities"
    if entity not in known:
        guess = nearest(entity, known, listed=True) if known else "; it has none that could be exchanged."
        raise TemplateError(f"{place}: the template {template.name} has no entity {entity!r}{guess}")
    if version not in {*known[entity], entity}:
        guess = nearest(version, known[entity], listed=True)
        raise TemplateError(f"{place}.{entity}: {version!r} is no version of this entity{guess}")
    return tuple(_exchanged(task, entity, version) for task in tasks)


def known_versions(task: Task, entity: str) -> tuple[str, ...]:
    """The entities that may stand in for one that a task reads or writes."""
    read = task.source.versions if task.source.stream == entity else ()
    written = tuple(task.destination.versions) if task.destination.stream == entity else ()
    return (*read, *written)


def _exchanged(task: Task, entity: str, version: str) -> Task:
    if version in task.source.versions and task.source.stream == entity:
        return replace(task, source=replace(task.source, stream=version))
    if version in task.destination.versions and task.destination.stream == entity:
        changed = _changed(task, task.destination.versions[version])
        return replace(changed, destination=replace(changed.destination, stream=version))
    return task


def _changed(task: Task, *changes: Change) -> Task:
    for change in changes:
        rows = tuple(row for row in task.rows if row.destination not in change.remove)
        key = change.key or task.destination.key
        task = replace(
            task,
            rows=placed(rows, change.rows),
            destination=replace(task.destination, key=key),
            defaults={name: value for name, value in task.defaults.items() if name not in change.remove},
        )
        task = building.checked(task)
    return task
