"""The parser builds the tree the grammar asks for."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    EnumMember,
    Lambda,
    Literal,
    NamedArgument,
    Node,
    Not,
    Or,
    Path,
    Values,
)
from dynamics_sandbox.odata.parser import MAX_DEPTH, OrderItem, parse_filter, parse_orderby

A, B, C = Path(("a",)), Path(("b",)), Path(("c",))
ONE, TWO = Literal(1, "number"), Literal(2, "number")
UTC = dt.timezone.utc


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'O''Brien'", Literal("O'Brien", "string")),
        ("'a+b c'", Literal("a+b c", "string")),
        ("-5", Literal(-5, "number")),
        ("9223372036854775807", Literal(9223372036854775807, "number")),
        ("1200.5000", Literal(Decimal("1200.5000"), "number")),
        ("922337203685477.5807", Literal(Decimal("922337203685477.5807"), "number")),
        ("true", Literal(value=True, kind="boolean")),
        ("false", Literal(value=False, kind="boolean")),
        ("null", Literal(None, "null")),
        (
            "ABCDEF12-0000-0000-0000-000000000001",
            Literal(uuid.UUID("abcdef12-0000-0000-0000-000000000001"), "guid"),
        ),
        ("2024-02-29", Literal(dt.date(2024, 2, 29), "date")),
        ("2024-05-01T10:20:30Z", Literal(dt.datetime(2024, 5, 1, 10, 20, 30, tzinfo=UTC), "datetime")),
        ("2024-05-01T10:20:30", Literal(dt.datetime(2024, 5, 1, 10, 20, 30, tzinfo=UTC), "datetime")),
        ("2024-05-01T10:20:30+02:00", Literal(dt.datetime(2024, 5, 1, 8, 20, 30, tzinfo=UTC), "datetime")),
        (
            "2024-05-01T10:20:30.1234567Z",
            Literal(dt.datetime(2024, 5, 1, 10, 20, 30, 123456, tzinfo=UTC), "datetime"),
        ),
        (
            "2024-05-01T10:20:30.5Z",
            Literal(dt.datetime(2024, 5, 1, 10, 20, 30, 500000, tzinfo=UTC), "datetime"),
        ),
        ("N.NoYes'Yes'", Literal(EnumMember("N.NoYes", "Yes"), "enum")),
    ],
)
def test_literals_keep_their_value(text: str, value: Literal) -> None:
    assert parse_filter(f"a eq {text}") == Comparison("eq", A, value)


@pytest.mark.parametrize("op", ["eq", "ne", "gt", "ge", "lt", "le"])
def test_comparison_operators(op: str) -> None:
    assert parse_filter(f"a {op} 1") == Comparison(op, A, ONE)  # type: ignore[arg-type]  # taken from the table


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a or b and c", Or(A, And(B, C))),
        ("a and b or c", Or(And(A, B), C)),
        ("(a or b) and c", And(Or(A, B), C)),
        ("a or b or c", Or(Or(A, B), C)),
        ("not a and b", And(Not(A), B)),
        ("not (a eq 1)", Not(Comparison("eq", A, ONE))),
        ("not not a", Not(Not(A))),
        ("a add 1 mul 2 gt b", Comparison("gt", Arithmetic("add", A, Arithmetic("mul", ONE, TWO)), B)),
        (
            "(a sub 1) divby 2 le 1",
            Comparison("le", Arithmetic("divby", Arithmetic("sub", A, ONE), TWO), ONE),
        ),
        ("a/b/c eq 1", Comparison("eq", Path(("a", "b", "c")), ONE)),
        ("contains(a,'x')", Call("contains", (A, Literal("x", "string")))),
        ("startswith(a, 'x') eq true", Comparison("eq", Call("startswith", (A, Literal("x", "string"))),
                                                  Literal(value=True, kind="boolean"))),
        ("a/any()", Lambda(("a",), "any", "", None)),
        ("a/b/any(o:o/c eq 1)", Lambda(("a", "b"), "any", "o", Comparison("eq", Path(("o", "c")), ONE))),
        ("a/all(o:b)", Lambda(("a",), "all", "o", B)),
        (
            "M.In(PropertyName='a',PropertyValues=[\"x\",'y',1])",
            Call(
                "M.In",
                (
                    NamedArgument("PropertyName", Literal("a", "string")),
                    NamedArgument(
                        "PropertyValues", Values((Literal("x", "string"), Literal("y", "string"), ONE))
                    ),
                ),
            ),
        ),
    ],
)  # fmt: skip
def test_expressions(text: str, tree: Node) -> None:
    assert parse_filter(text) == tree


def test_named_arguments_are_found_by_name() -> None:
    node = parse_filter("M.On(PropertyName='a',PropertyValue='2024-01-01')")

    assert isinstance(node, Call)
    assert node.named() == {
        "PropertyName": Literal("a", "string"),
        "PropertyValue": Literal("2024-01-01", "string"),
    }


def test_aliases_stand_for_their_value_and_unset_ones_for_null() -> None:
    aliases = {"@p1": "'x'", "@p2": "a"}

    assert parse_filter("a eq @p1", aliases=aliases) == Comparison("eq", A, Literal("x", "string"))
    assert parse_filter("@p2 eq @p9", aliases=aliases) == Comparison("eq", A, Literal(None, "null"))


def test_aliases_that_name_each_other_are_refused() -> None:
    with pytest.raises(QueryError, match="too deeply"):
        parse_filter("a eq @p", aliases={"@p": "@q", "@q": "@p"})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Expression expected at position 0"),
        ("a eq", "Expression expected at position 4"),
        ("a eq 1 and", "Expression expected"),
        ("a eq 1 b", "Syntax error at position 7"),
        ("(a eq 1", r"'\)' expected"),
        ("a eq 1)", "Syntax error at position 6"),
        ("contains(a,'x'", "',' expected"),
        ("a in ('x','y')", "The operator 'in' is not supported"),
        ("a has N.E'x'", "The operator 'has' is not supported"),
        ("a/ eq 1", "Syntax error"),
        ("a/any(1)", "Range variable expected"),
        ("a eq @p1", "parameter alias '@p1' is not allowed here"),
        ("a eq 2024-13-01", "Unrecognized 'Edm.Date' literal '2024-13-01'"),
        ("a eq 2024-05-01T25:00:00Z", "Unrecognized 'Edm.DateTimeOffset' literal"),
        ("a eq [b]", "Literal expected"),
        ("a eq 'x", "unterminated"),
    ],
)
def test_malformed_filters_are_refused(text: str, problem: str) -> None:
    with pytest.raises(QueryError, match=problem):
        parse_filter(text)


@pytest.mark.parametrize(
    "number", ["9" * 401 + "0", "-" + "9" * 5000, "0." + "1" * 401, "1e401", "1e-999999999"]
)
def test_numbers_beyond_every_type_are_refused(number: str) -> None:
    with pytest.raises(QueryError, match=r"The number '.{1,41}' is out of range\."):
        parse_filter(f"a eq {number}")


def test_deep_nesting_is_refused_and_long_chains_are_not() -> None:
    with pytest.raises(QueryError, match="too deeply"):
        parse_filter("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))
    with pytest.raises(QueryError, match="too deeply"):
        parse_filter("not " * (MAX_DEPTH + 1) + "a")

    assert isinstance(parse_filter(" or ".join(f"a eq {number}" for number in range(3000))), Or)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a", (OrderItem(("a",)),)),
        ("a asc,b desc", (OrderItem(("a",)), OrderItem(("b",), descending=True))),
        ("a/b desc", (OrderItem(("a", "b"), descending=True),)),
    ],
)
def test_sort_criteria(text: str, items: tuple[OrderItem, ...]) -> None:
    assert parse_orderby(text) == items


@pytest.mark.parametrize("text", ["", "a,", "a down", "contains(a,'x')", "1", "a asc desc"])
def test_malformed_sort_criteria_are_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse_orderby(text)
