"""Query options are read from the raw query string."""

from __future__ import annotations

import pytest
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.nodes import Comparison, Literal, Path
from dynamics_sandbox.odata.options import ExpandItem, OrderItem, QueryOptions, parse_options, replace_option

ALLOWED = {
    "$select",
    "$filter",
    "$orderby",
    "$expand",
    "$top",
    "$skip",
    "$count",
    "$skiptoken",
    "$deltatoken",
    "$format",
}


DOWN_B = OrderItem(("b",), descending=True)


def equals(name: str, value: str) -> Comparison:
    return Comparison("eq", Path((name,)), Literal(value, "string"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", QueryOptions()),
        ("&&", QueryOptions()),
        ("$select=name,accountid", QueryOptions(select=("name", "accountid"))),
        ("$select=name, name ,b", QueryOptions(select=("name", "b"))),
        ("%24select=name%2Cb", QueryOptions(select=("name", "b"))),
        ("$filter=name%20eq%20'a%26b'", QueryOptions(filter=equals("name", "a&b"))),
        ("$filter=name+eq+'a+b%2Bc'", QueryOptions(filter=equals("name", "a b+c"))),
        ("$filter=name eq 'M%C3%BCller=1'", QueryOptions(filter=equals("name", "Müller=1"))),
        ("$orderby=a,b%20desc", QueryOptions(orderby=(OrderItem(("a",)), DOWN_B))),
        ("$top=5&$skip=10&$count=true", QueryOptions(top=5, skip=10, count=True)),
        ("$count=false", QueryOptions()),
        ("$skiptoken=%3Ccookie%20a%3D%22%2525%22%3E", QueryOptions(skiptoken='<cookie a="%25">')),
        ("$deltatoken=919058%2105%2f02", QueryOptions(deltatoken="919058!05/02")),
        ("cross-company=true&x=", QueryOptions(custom={"cross-company": "true", "x": ""})),
        ("$format=json", QueryOptions()),
        ("$filter=name eq @p&@p='x'", QueryOptions(filter=equals("name", "x"), aliases={"@p": "'x'"})),
        ("$expand=a,b/$ref", QueryOptions(
            expand=(ExpandItem("a", QueryOptions()), ExpandItem("b", QueryOptions(), reference=True)))),
        (
            "$expand=a($select=x,y;$filter=n eq 'p;q),(';$top=3;$orderby=x desc;$expand=b($select=z)),c",
            QueryOptions(
                expand=(
                    ExpandItem(
                        "a",
                        QueryOptions(
                            select=("x", "y"),
                            filter=equals("n", "p;q),("),
                            top=3,
                            orderby=(OrderItem(("x",), descending=True),),
                            expand=(ExpandItem("b", QueryOptions(select=("z",))),),
                        ),
                    ),
                    ExpandItem("c", QueryOptions()),
                )
            ),
        ),
    ],
)  # fmt: skip
def test_options_are_read(raw: str, expected: QueryOptions) -> None:
    assert parse_options(raw, allowed=ALLOWED) == expected


@pytest.mark.parametrize(
    ("raw", "option"),
    [
        ("$search=x", "$search"),
        ("$Select=name", "$Select"),
        ("$apply=groupby((a))", "$apply"),
        ("$top=5&$top=6", "$top"),
        ("$top=-1", "$top"),
        ("$top=", "$top"),
        ("$skip=1.5", "$skip"),
        ("$top=2147483648", "$top"),
        (f"$top={'9' * 5000}", "$top"),
        (f"$skip={'9' * 5000}", "$skip"),
        (f"$expand=a($top={'9' * 5000})", "$top"),
        (f"$filter=a eq {'9' * 5000}", "$filter"),
        (f"$filter=a eq @a&@a={'9' * 5000}", "$filter"),
        (f"$orderby={'9' * 5000}", "$orderby"),
        ("$count=yes", "$count"),
        ("$select=", "$select"),
        ("$select=a,,b", "$select"),
        ("$filter=", "$filter"),
        ("$filter=name eq", "$filter"),
        ("$filter=%FF", "$filter"),
        ("$orderby=a up", "$orderby"),
        ("$format=xml", "$format"),
        ("$expand=", "$expand"),
        ("$expand=a(", "$expand"),
        ("$expand=a($select=x", "$expand"),
        ("$expand=a()", "$expand"),
        ("$expand=a(select=x)", "$expand"),
        ("$expand=a($select=x;$select=y)", "$expand"),
        ("$expand=a/b", "$expand"),
        ("$expand=a($count=true)", "$count"),
        ("$expand=a($skip=1)", "$skip"),
        ("$expand=a($filter=b eq @p)&@p=1", "$filter"),
    ],
)
def test_what_is_not_allowed_or_malformed_is_refused_by_name(raw: str, option: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_options(raw, allowed=ALLOWED)

    assert raised.value.option == option


def test_only_allowed_options_pass() -> None:
    with pytest.raises(QueryError, match=r"\$filter is not supported"):
        parse_options("$filter=a eq 1", allowed={"$select"})


def test_options_inside_expand_have_their_own_list() -> None:
    with pytest.raises(QueryError, match=r"\$expand is not supported"):
        parse_options("$expand=a($expand=b)", allowed={"$expand"}, allowed_in_expand={"$select"})


def test_endless_expand_is_refused() -> None:
    with pytest.raises(QueryError, match="too deeply"):
        parse_options("$expand=" + "a($expand=" * 50 + "b" + ")" * 50, allowed={"$expand"})


@pytest.mark.parametrize(
    ("raw", "name", "value", "expected"),
    [
        ("$select=a%2Cb&x=1", "$skip", "5", "$select=a%2Cb&x=1&$skip=5"),
        ("$skip=5&x=1", "$skip", "10", "x=1&$skip=10"),
        ("%24skip=5&x=1", "$skip", None, "x=1"),
        ("", "$skiptoken", "%3Cc%3E", "$skiptoken=%3Cc%3E"),
    ],
)
def test_one_option_is_replaced_and_the_rest_stays_literal(
    raw: str, name: str, value: str | None, expected: str
) -> None:
    assert replace_option(raw, name, value) == expected
