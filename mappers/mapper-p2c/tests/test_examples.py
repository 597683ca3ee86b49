"""An example for each of the 36 task tables, written by hand; taking any row away makes it fail."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mapper_p2c import templates
from mapper_p2c.commands import trial
from mapper_p2c.templates.document import read

FOLDER = Path(__file__).with_name("examples")
EXAMPLES: dict[str, dict[str, Any]] = {
    task: example for path in sorted(FOLDER.glob("*.yml")) for task, example in read(path).data.items()
}
TASKS = {task.name: (name, task) for name in templates.names() for task in templates.load(name).tasks}


def schema_of(value: Any) -> dict[str, Any]:
    """A schema in the field's standard form for an example's value."""
    if isinstance(value, dict):
        return {
            "type": ["object", "null"],
            "properties": {name: schema_of(each) for name, each in value.items()},
        }
    if value is None:
        return {"type": ["string", "null"]}
    kinds = {bool: "boolean", int: "integer", Decimal: "number", str: "string"}
    return {"type": [kinds[type(value)], "null"]}


def with_lookups(schema: dict[str, Any], paths: tuple[str, ...]) -> dict[str, Any]:
    """The schema with what the tap expands behind lookups that are null in the example."""
    for path in paths:
        lookup, _, name = path.rpartition(".")
        properties = schema["properties"]
        for step in lookup.split("."):
            properties = properties[step].setdefault("properties", {})
        properties.setdefault(name, {"type": ["string", "null"]})
    return schema


def exact(text: bytes) -> Any:
    """A record whose numbers are the texts they were written with."""
    return json.loads(text, parse_float=lambda number: f"number {number}")


def as_written(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_written(each) for name, each in value.items()}
    return f"number {value}" if isinstance(value, Decimal) else value


def mapped(template: templates.Template, source: dict[str, Any]) -> dict[str, Any]:
    """The record that goes out for a source record of the template's only task."""
    [task] = template.tasks
    marked = json.dumps(source, default=lambda number: f"⟦{number}⟧", ensure_ascii=False)
    text = marked.replace('"⟦', "").replace('⟧"', "")  # decimals with the digits of the example
    schema = with_lookups(schema_of(source), task.source.expand)
    lines = [
        json.dumps({"type": "SCHEMA", "stream": task.source.stream, "schema": schema}).encode(),
        f'{{"type":"RECORD","stream":"{task.source.stream}","record":{text}}}'.encode(),
    ]
    [result] = trial.results(template, lines, "ORG001")
    assert (result.outcome, result.reason) == ("mapped", "")
    return dict(exact(result.record))


def alone(task: str) -> templates.Template:
    name, chosen = TASKS[task]
    return replace(templates.load(name), tasks=(chosen,))


def test_every_task_table_has_its_example() -> None:
    assert set(EXAMPLES) == set(TASKS)
    assert len(EXAMPLES) == 36


@pytest.mark.parametrize("task", EXAMPLES)
def test_a_full_record_maps_as_the_reference_says(task: str) -> None:
    example = EXAMPLES[task]
    assert mapped(alone(task), example["source"]) == as_written(example["expected"])


@pytest.mark.parametrize("task", EXAMPLES)
def test_the_example_fails_when_any_row_is_taken_away(task: str) -> None:
    template, example = alone(task), EXAMPLES[task]
    [whole] = template.tasks
    for row in whole.rows:
        rows = tuple(other for other in whole.rows if other is not row)
        lacking = replace(template, tasks=(replace(whole, rows=rows),))
        assert mapped(lacking, example["source"]) != as_written(example["expected"]), row.where
