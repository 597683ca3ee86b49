"""Which column a SCHEMA's field gets, from JSON Schema as a tap or mapper writes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynamics_singer.target.schema import parse_field
from target_dynamics_cds.column_kinds import column_kind


@pytest.mark.parametrize(
    ("definition", "name", "facets"),
    [
        ({"type": ["string", "null"], "maxLength": 20}, "String", {"MaxLength": 20}),
        ({"type": "string", "maxLength": 4000}, "String", {"MaxLength": 4000}),
        ({"type": "string", "maxLength": 4001}, "Memo", {"MaxLength": 4001}),
        ({"type": "string"}, "Memo", {"MaxLength": 1_048_576}),
        ({"type": "string", "format": "uuid"}, "String", {"MaxLength": 36}),
        ({"type": "string", "format": "date"}, "DateTime", {"DateTimeBehavior": {"Value": "DateOnly"}}),
        ({"type": "string", "format": "date-time"}, "DateTime", {"DateTimeBehavior": {"Value": "UserLocal"}}),
        ({"type": ["null", "boolean"]}, "Boolean", {}),
        ({"type": "integer"}, "Integer", {"MinValue": -2147483648, "MaxValue": 2147483647}),
        ({"type": "integer", "maximum": 9223372036854775807}, "BigInt", {}),
        ({"type": "number", "x-scale": 5}, "Decimal", {"Precision": 5}),
        ({"type": "number", "multipleOf": Decimal("0.01")}, "Decimal", {"Precision": 2}),
        ({"type": "number"}, "Decimal", {"Precision": 10}),
        (
            {"type": "number", "x-scale": 4, "minimum": -922337203685477, "maximum": 922337203685477},
            "Money",
            {"Precision": 4, "PrecisionSource": 0},
        ),
        ({"type": "number", "x-scale": 4, "maximum": 100000000000}, "Decimal", {"Precision": 4}),
        ({"type": "number", "x-scale": 6, "maximum": 922337203685477}, "Decimal", {"Precision": 6}),
        ({"type": ["array", "null"], "items": {"type": "string"}}, "Memo", {}),
        ({"type": "object"}, "Memo", {}),
        ({}, "Memo", {}),
        ({"type": ["string", "integer"]}, "Memo", {}),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "DateTime", {}),
    ],
)
def test_kind_of_a_field(definition: dict[str, Any], name: str, facets: dict[str, Any]) -> None:
    kind = column_kind(parse_field("x", definition))
    assert kind.name == name
    assert {facet: kind.facets[facet] for facet in facets} == facets


@pytest.mark.parametrize(
    ("definition", "name", "facets"),
    [
        ({"type": "string"}, "String", {"MaxLength": 100}),
        ({"type": "string", "maxLength": 5000}, "String", {"MaxLength": 100}),
        ({"type": "integer", "maximum": 9223372036854775807}, "Integer", {}),
    ],
)
def test_kind_of_a_key_part(definition: dict[str, Any], name: str, facets: dict[str, Any]) -> None:
    kind = column_kind(parse_field("x", definition), in_key=True)
    assert kind.name == name
    assert {facet: kind.facets[facet] for facet in facets} == facets
