"""What is read out of a SCHEMA message."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynamics_singer.target.schema import parse_field, parse_schema


def test_field_with_every_keyword() -> None:
    field = parse_field(
        "CreditLimit",
        {
            "type": ["number", "null"],
            "x-scale": 4,
            "minimum": Decimal("-922337203685477.5808"),
            "maximum": 100,
            "x-calculated": True,
            "description": "how much",
        },
    )
    assert (field.types, field.nullable, field.scale, field.calculated) == ({"number"}, True, 4, True)
    assert (field.minimum, field.maximum) == (Decimal("-922337203685477.5808"), Decimal(100))
    assert field.description == "how much"


def test_required_text() -> None:
    field = parse_field("Name", {"type": "string", "maxLength": 60, "x-options": {"0": "Active"}})
    assert (field.nullable, field.max_length, field.options) == (False, 60, {"0": "Active"})


def test_lookup_with_its_key() -> None:
    field = parse_field(
        "Organization",
        {
            "type": ["object", "null"],
            "x-lookup": ["Organization"],
            "properties": {"OrganizationId": {"type": "string", "format": "uuid"}},
        },
    )
    assert field.lookup == ("Organization",)
    assert field.fields["OrganizationId"].format == "uuid"


@pytest.mark.parametrize(
    ("step", "scale"),
    [(Decimal("0.01"), 2), (Decimal("0.0100"), 2), (1, 0), (10, 0), (Decimal("1E-4"), 4), (0, None)],
)
def test_scale_from_multiple_of(step: Any, scale: int | None) -> None:
    assert parse_field("x", {"type": "number", "multipleOf": step}).scale == scale


def test_unions_are_folded() -> None:
    field = parse_field("x", {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]})
    assert (field.types, field.nullable, field.format) == ({"string"}, True, "date-time")


def test_anything_goes_without_a_type() -> None:
    field = parse_field("x", {})
    assert (field.types, field.nullable) == (frozenset(), True)


def test_stream_level_keywords() -> None:
    definition = {
        "x-task": "accounts-to-cds",
        "properties": {"a": {"type": "string"}, "total": {"type": "number", "x-calculated": True}},
    }
    schema = parse_schema("Account", definition, ("a",), b"{}")
    assert (schema.task, schema.owner, schema.calculated) == ("accounts-to-cds", "accounts-to-cds", {"total"})
    assert parse_schema("Account", {"properties": {}}, (), b"{}").owner == "Account"
