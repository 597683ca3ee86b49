"""The lexer tells literals, names and symbols apart."""

from __future__ import annotations

import pytest
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.lexer import tokens, unquote


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq 'x'", [("name", "name"), ("name", "eq"), ("string", "'x'")]),
        ("'O''Brien'", [("string", "'O''Brien'")]),
        ("''", [("string", "''")]),
        ("1 -2 3.50 1e3 -0.5", [("number", n) for n in ("1", "-2", "3.50", "1e3", "-0.5")]),
        ("2024-05-01", [("date", "2024-05-01")]),
        ("2024-05-01T10:20:30Z", [("datetime", "2024-05-01T10:20:30Z")]),
        ("2024-05-01T10:20:30.1234567+02:00", [("datetime", "2024-05-01T10:20:30.1234567+02:00")]),
        ("12345678-0000-0000-0000-00000000000A", [("guid", "12345678-0000-0000-0000-00000000000A")]),
        ("abcdef12-0000-0000-0000-000000000001", [("guid", "abcdef12-0000-0000-0000-000000000001")]),
        ("A.B.NoYes'Yes'", [("enum", "A.B.NoYes'Yes'")]),
        ("a/b", [("name", "a"), ("symbol", "/"), ("name", "b")]),
        ("_x_value", [("name", "_x_value")]),
        ("@p1", [("alias", "@p1")]),
        ('["A\\"1"]', [("symbol", "["), ("quoted", '"A\\"1"'), ("symbol", "]")]),
        ("", []),
    ],
)
def test_text_is_cut_into_tokens(text: str, expected: list[tuple[str, str]]) -> None:
    found = [(token.kind, token.text) for token in tokens(text)]

    assert found == [*expected, ("end", "")]


def test_tokens_know_where_they_start() -> None:
    assert [token.position for token in tokens(" a  eq 5")] == [1, 4, 7, 8]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name eq 'open", "unterminated string literal at position 8"),
        ("name & 1", "character '&' is not valid at position 5"),
        ("12ab", "character '1' is not valid at position 0"),
        ("#", "character '#'"),
    ],
)
def test_unreadable_text_is_refused_with_its_position(text: str, problem: str) -> None:
    with pytest.raises(QueryError, match=problem):
        list(tokens(text))


def test_doubled_apostrophes_become_single() -> None:
    assert unquote("'O''Brien''s'") == "O'Brien's"
