"""From a parsed document to a template: structure by JSON Schema, then the rules a schema cannot express."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError
from msgspec import UNSET

from mapper_p2c.countries import key as country_key
from mapper_p2c.errors import TemplateError, nearest
from mapper_p2c.templates.model import (
    Change,
    Condition,
    Destination,
    KeyField,
    Quirk,
    Row,
    Source,
    Task,
    Template,
    Transform,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mapper_p2c.templates.document import Document, Path_

#: What the first key of a transform may be; the others (`otherwise`, `also`) belong to one of these.
_KINDS = ("join", "default", "map", "country", "truncate", "convert")
_COMPANION = {"map": "otherwise", "country": "also"}

#: Keys of a row that are taken over as they are.
_PLAIN = (
    *("type", "length", "scale", "minimum", "maximum"),
    *("optional", "calculated", "create_only", "tag", "note"),
)

#: What `type: money` stands for: a number as Dataverse's Money columns hold it.
_MONEY = {"type": "number", "scale": 4, "minimum": -922_337_203_685_477, "maximum": 922_337_203_685_477}


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of template files."""
    text = (resources.files("mapper_p2c.templates") / "template.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def check_structure(document: Document, definition: str = "") -> None:
    """Check a document against the schema, or against one of its definitions.

    Raises:
        TemplateError: names the first fault in the order of the file, and how many more there are.
    """
    reference = {"$ref": f"#/$defs/{definition}", "$defs": schema()["$defs"]} if definition else schema()
    faults = list(Draft202012Validator(reference).iter_errors(document.data))
    if not faults:
        return
    order = list(document.lines) or [()]
    faults.sort(key=lambda fault: order.index(tuple(fault.path)) if tuple(fault.path) in order else 0)
    more = f" ({len(faults) - 1} more after this one)" if len(faults) > 1 else ""
    raise TemplateError(f"{_place(document, faults[0])}: {_words(faults[0])}{more}")


def _place(document: Document, fault: ValidationError) -> str:
    path: Path_ = tuple(fault.path)
    place = document.place(path)
    for depth in range(len(path) - 1, 0, -1):
        row = document.data
        for step in path[: depth + 1]:
            row = row[step]
        if path[depth - 1] == "rows" and isinstance(row, dict):
            words = f"{_in_words(row.get('source'))} -> {row.get('destination', '?')}"
            return f"{place}: row {int(path[depth]) + 1} ({words})"
    return place


def _in_words(source: Any) -> str:
    return " or ".join(map(str, source)) if isinstance(source, list) else str(source or "(none)")


def _words(fault: ValidationError) -> str:
    at = f"{fault.path[-1]}: " if fault.path and isinstance(fault.path[-1], str) else ""
    if fault.validator == "additionalProperties":
        schema_part: Any = fault.schema
        known = schema_part["properties"]
        instance: Any = fault.instance
        unknown = next(name for name in instance if name not in known)
        return f"{at}unknown key {unknown!r}{nearest(unknown, known, listed=True)}"
    if fault.validator == "enum":
        choices: Any = fault.validator_value
        known = [str(choice) for choice in choices]
        return f"{at}unknown value {fault.instance!r}{nearest(str(fault.instance), known, listed=True)}"
    return f"{at}{fault.message}."


def template(document: Document) -> Template:
    """Build a template out of a document.

    Raises:
        TemplateError: the document breaks the rules of templates.
    """
    check_structure(document)
    data = document.data
    tasks = tuple(_task(document, part, ("tasks", index)) for index, part in enumerate(data["tasks"]))
    names = [task.name for task in tasks]
    for index, name in enumerate(names):
        if name in names[:index]:
            place = document.place(("tasks", index))
            raise TemplateError(f"{place}: the task {name!r} stands here for the second time; rename one.")
    return Template(
        data["template"],
        data["title"],
        data["version"],
        tuple(data.get("requires", ())),
        tasks,
        document.name,
    )


def _task(document: Document, data: Mapping[str, Any], path: Path_) -> Task:
    source, destination = data["source"], data["destination"]
    task = Task(
        name=data["task"],
        title=data["title"],
        source=Source(
            source["stream"],
            tuple(source.get("expand", ())),
            conditions(document, source.get("filter", ()), (*path, "source", "filter")),
            tuple(source.get("versions", ())),
        ),
        destination=Destination(
            destination["stream"],
            _key(destination["key"]),
            {name: tuple(targets) for name, targets in destination.get("lookups", {}).items()},
            {
                name: _change(document, part, (*path, "destination", "versions", name))
                for name, part in destination.get("versions", {}).items()
            },
        ),
        defaults=data.get("defaults", {}),
        rows=rows(document, data["rows"], (*path, "rows")),
        quirks=tuple(
            Quirk(name, part["about"], _change(document, part, (*path, "quirks", name)))
            for name, part in data.get("quirks", {}).items()
        ),
        place=document.place(path),
    )
    return checked(task)


def _key(data: Iterable[Mapping[str, Any]]) -> tuple[KeyField, ...]:
    return tuple(KeyField(key["field"], key["type"], key.get("length")) for key in data)


def _change(document: Document, data: Mapping[str, Any], path: Path_) -> Change:
    return Change(
        rows(document, data.get("rows", ()), (*path, "rows")),
        tuple(data.get("remove", ())),
        _key(data.get("key", ())),
    )


def conditions(document: Document, data: Iterable[Mapping[str, Any]], path: Path_) -> tuple[Condition, ...]:
    """The conditions of a filter."""
    return tuple(
        Condition(
            part["field"],
            part["op"],
            tuple(part["value"]) if part["op"] == "in" else part["value"],
            document.place((*path, index)),
        )
        for index, part in enumerate(data)
    )


def rows(
    document: Document, data: Iterable[Mapping[str, Any]], path: Path_, first: int = 1
) -> tuple[Row, ...]:
    """Rows as the document lists them, numbered from `first`."""
    return tuple(_row(part, first + index, document.place((*path, index))) for index, part in enumerate(data))


def _row(data: Mapping[str, Any], number: int, place: str) -> Row:
    plain = {name: data[name] for name in _PLAIN if name in data}
    if data.get("type") == "money":
        plain |= _MONEY
    source = data.get("source", ())
    row = Row(
        number,
        (source,) if isinstance(source, str) else tuple(source),
        data["destination"],
        values=tuple(data.get("values", ())),
        place=place,
        **plain,
    )
    return replace(row, transforms=tuple(_transform(row, part) for part in data.get("transforms", ())))


def _transform(row: Row, data: str | Mapping[str, Any]) -> Transform:
    if isinstance(data, str):
        return Transform(data, UNSET if data == "default" else None)
    kinds = [name for name in data if name in _KINDS]
    strangers = [
        name for name in data if name not in _KINDS and name != _COMPANION.get(kinds[0] if kinds else "")
    ]
    if len(kinds) != 1 or strangers:
        raise TemplateError(
            f"{row.where}: {', '.join(data)} do not make one transform; write one of {', '.join(_KINDS)} for "
            "each step, `otherwise` beside `map` and `also` beside `country`."
        )
    kind = kinds[0]
    if kind == "map":
        return Transform(kind, None, map_entries(data["map"]), data.get("otherwise", UNSET))
    if kind == "country":
        return Transform(kind, data["country"], country_entries(data.get("also", {})))
    return Transform(kind, data[kind])


def map_entries(data: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of a value map by normalised key: neither case nor surrounding blanks count."""
    return {name.strip().casefold(): value for name, value in data.items()}


def country_entries(data: Mapping[str, Any]) -> dict[str, Any]:
    """Further spellings of countries by the form in which countries are compared."""
    return {country_key(name): value for name, value in data.items()}


def checked(task: Task) -> Task:
    """Check the rules that hold between rows, and give key rows the type and length of their key field.

    Raises:
        TemplateError: a destination stands twice, is both field and lookup, a key field has no row, a row has
            neither source nor default, or a default refers to a header default that is not there.
    """
    seen: dict[str, Row] = {}
    for row in task.rows:
        _check_row(task, row)
        other = seen.get(row.destination) or next(
            (known for name, known in seen.items() if _nested(name, row.destination)), None
        )
        if other:
            raise TemplateError(
                f"{row.where}: {row.destination} is filled by row {other.number} ({other.words}) already; "
                "one source may feed many destinations, but a destination has one row."
            )
        seen[row.destination] = row
    for key in task.destination.key:
        if key.field not in seen:
            raise TemplateError(
                f"{task.place}: the key field {key.field} of {task.destination.stream} has no row"
                f"{nearest(key.field, seen)}"
            )
    switched = {row.destination for change in _changes(task) for row in change.rows}
    for name in task.defaults:
        if name not in seen and name not in switched:
            raise TemplateError(
                f"{task.place}: defaults: no row has the destination {name!r}{nearest(name, seen)}"
            )
    keys = {key.field: key for key in task.destination.key}
    return replace(task, rows=tuple(_keyed(row, keys) for row in task.rows))


def _changes(task: Task) -> list[Change]:
    return [*(quirk.change for quirk in task.quirks), *task.destination.versions.values()]


def _nested(one: str, other: str) -> bool:
    return one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _keyed(row: Row, keys: Mapping[str, KeyField]) -> Row:
    key = keys.get(row.destination)
    return replace(row, key=True, type=key.type, length=key.length) if key else row


def _check_row(task: Task, row: Row) -> None:
    defaults = [step for step in row.transforms if step.kind == "default"]
    if any(step.value is UNSET for step in defaults) and row.destination not in task.defaults:
        raise TemplateError(
            f"{row.where}: `default` takes its value from the task's `defaults`, which have none for "
            f"{row.destination}{nearest(row.destination, task.defaults)}"
        )
    if not row.sources and not defaults:
        raise TemplateError(f"{row.where}: a row without source needs a `default` transform.")
    joins = [index for index, step in enumerate(row.transforms) if step.kind == "join"]
    if joins and (joins != [0] or len(row.sources) < 2):  # noqa: PLR2004 - fewer are nothing to join
        raise TemplateError(f"{row.where}: `join` is the first transform of a row with several sources.")
