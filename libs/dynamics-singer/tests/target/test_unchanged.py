"""When two values are the same, and what is sent when they are not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynamics_singer.target.unchanged import Comparison, changed_fields, same


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("number", Decimal("1200.5"), Decimal("1200.5000")),
        ("number", 1200, Decimal("1200.00")),
        ("number", "1200.50", Decimal("1200.5")),
        ("number", Decimal("922337203685477.5807"), Decimal("922337203685477.58070000")),
        ("text", "Müller's", "Müller's"),
        ("date", "2026-01-31", "2026-01-31T12:00:00Z"),
        ("instant", "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
        ("instant", "2026-01-31T08:00:00.0000000Z", "2026-01-31T08:00:00Z"),
        ("instant", "2026-01-31T08:00:00.1234567Z", "2026-01-31T08:00:00.123456Z"),
        ("guid", "0B2A9C52-5E5D-4C3B-9C39-1F1E3A7C9D10", "0b2a9c52-5e5d-4c3b-9c39-1f1e3a7c9d10"),
        ("name", "yes", "Yes"),
        ("boolean", True, True),
        (None, None, None),
        (None, 5, Decimal("5.0")),
        ("date", "not a date", "not a date"),
    ],
)
def test_same(kind: Comparison | None, sent: Any, stored: Any) -> None:
    assert same(kind, sent, stored)
    assert same(kind, stored, sent)


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("number", Decimal("1234567890123.4567"), Decimal("1234567890123.4568")),
        ("number", 0, None),
        ("text", "ALFKI", "alfki"),
        ("text", "x ", "x"),
        ("text", "", None),
        ("text", "1", 2),
        ("date", "2026-01-31", "2026-02-01T12:00:00Z"),
        ("instant", "2026-01-31T08:00:00Z", "2026-01-31T08:00:01Z"),
        ("number", True, 1),
        ("number", "many", 1),
        (None, "5", None),
    ],
)
def test_different(kind: Comparison | None, sent: Any, stored: Any) -> None:
    assert not same(kind, sent, stored)
    assert not same(kind, stored, sent)


@pytest.mark.parametrize(
    ("kind", "empty"),
    [
        ("text", ""),
        ("number", Decimal("0.00")),
        ("date", "1900-01-01T12:00:00Z"),
        ("instant", "1900-01-01T00:00:00Z"),
        ("instant", "1900-01-01T12:00:00Z"),
        ("guid", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_empties_of_fno_equal_null(kind: Comparison, empty: Any) -> None:
    assert same(kind, None, empty, empties=True)
    assert same(kind, empty, None, empties=True)
    assert not same(kind, None, empty)


def test_only_differences_are_sent() -> None:
    sent = {"Name": "B's Beverages", "CreditLimit": Decimal("10.50"), "Fax": None, "City": "Köln"}
    stored = {"Name": "B's Beverages", "CreditLimit": Decimal("10.5000"), "Fax": "", "City": "Bonn"}
    assert changed_fields(sent, stored, {"CreditLimit": "number"}, empties=True) == {"City": "Köln"}


def test_calculated_fields_go_along_but_cause_nothing() -> None:
    stored = {"Total": 1, "Name": "a"}
    assert changed_fields({"Total": 2, "Name": "a"}, stored, {}, calculated={"Total"}) == {}
    assert changed_fields({"Total": 2, "Name": "b"}, stored, {}, calculated={"Total"}) == {
        "Total": 2,
        "Name": "b",
    }
