"""Order of text and decimals, as the collations give it."""

from __future__ import annotations

import pytest
from dynamics_sandbox.odata.sqlite import compare_decimals, compare_text


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a", "A ", 0),
        ("Straße", "STRASSE", 0),
        ("a", "b", -1),
        ("é", "e", 1),
        ("a b", "ab", -1),
        (" a", "a", -1),
    ],
)
def test_text(left: str, right: str, expected: int) -> None:
    assert compare_text(left, right) == expected
    assert compare_text(right, left) == -expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1.50", "1.5", 0),
        ("9", "10", -1),
        ("-1", "-0.5", -1),
        ("x", "99", 1),
        ("x", "y", -1),
        ("NaN", "1", 1),
    ],
)
def test_decimals(left: str, right: str, expected: int) -> None:
    assert compare_decimals(left, right) == expected
    assert compare_decimals(right, left) == -expected
