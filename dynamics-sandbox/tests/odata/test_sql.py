"""Compiled filters, run by SQLite on a handful of rows, select the rows the services would."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.odata.errors import QueryError, UnsupportedQueryError
from dynamics_sandbox.odata.parser import parse_filter, parse_orderby
from dynamics_sandbox.odata.sql import (
    DATAVERSE,
    FNO,
    Dialect,
    SqlCollection,
    SqlColumn,
    compile_filter,
    compile_orderby,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ENUM = "Microsoft.Dynamics.DataEntities.NoYes"
OWNER = "aaaaaaaa-0000-0000-0000-000000000002"
COLUMNS = {
    "name": SqlColumn("t.name", "string"),
    "code": SqlColumn("t.code", "string"),
    "count": SqlColumn("t.n", "integer"),
    "money": SqlColumn("t.money", "decimal"),
    "ratio": SqlColumn("t.ratio", "double"),
    "hold": SqlColumn("t.hold", "boolean"),
    "owner": SqlColumn("t.owner", "guid"),
    "seen": SqlColumn("t.seen", "datetime"),
    "born": SqlColumn("t.born", "date"),
    "flag": SqlColumn("t.flag", "enum", enum_type=ENUM),
    "level": SqlColumn("t.level", "enum", enum_type="N.Level", members={"Low": 0, "High": 1}),
    "tags": SqlColumn("t.tags", "string"),
}
ROWS = [
    (1, "Müller GmbH", "US-001", 5, "1200.5000", 1.5, 1, "aaaaaaaa-0000-0000-0000-000000000001",
     "2024-05-01T10:00:00Z", "1980-02-29", "Yes", 1, "1,3"),
    (2, "MÜLLER gmbh ", "US-002", 12, "922337203685477.5807", 2.0, 0, OWNER,
     "2024-05-01T10:00:01Z", "1980-03-01", "No", 0, "13"),
    (3, "B's Beverages", "DE*1", -3, "922337203685477.5808", 0.1, 0, None,
     "2023-12-31T23:59:59Z", None, "No", 0, ""),
    (4, "100% Wool_x", "us-003", None, None, None, None, None, None, None, "No", 0, None),
    (5, None, "[a]", 100, "-0.0001", -7.25, 1, None, "2024-05-02T00:00:00Z", "2000-01-01", "Yes", 1, "3"),
]  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(":memory:")
    register(database)
    database.execute(
        "CREATE TABLE t (id INTEGER, name TEXT, code TEXT, n INTEGER, money TEXT, ratio REAL, hold INTEGER,"
        " owner TEXT, seen TEXT, born TEXT, flag TEXT, level INTEGER, tags TEXT)"
    )
    database.executemany("INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", ROWS)
    database.execute("CREATE TABLE line (parent INTEGER, item TEXT, amount TEXT)")
    database.executemany(
        "INSERT INTO line VALUES (?,?,?)", [(1, "A", "10"), (1, "B", "9.5"), (2, "A", "1"), (3, "C", None)]
    )
    yield database
    database.close()


def resolve(path: tuple[str, ...]) -> SqlColumn:
    column = COLUMNS.get("/".join(path))
    if column is None:
        raise QueryError(f"Could not find a property named '{'/'.join(path)}'.")
    return column


def resolve_line(path: tuple[str, ...]) -> SqlColumn:
    return {"item": SqlColumn("l.item", "string"), "amount": SqlColumn("l.amount", "decimal")}[path[0]]


def lines(path: tuple[str, ...]) -> SqlCollection:
    assert path == ("lines",)
    return SqlCollection("line AS l", "l.parent = t.id", resolve_line)


def matching(connection: sqlite3.Connection, text: str, dialect: Dialect) -> set[int]:
    compiled = compile_filter(parse_filter(text), resolve, dialect=dialect, collections=lines)
    statement = f"SELECT id FROM t WHERE {compiled.sql}"  # noqa: S608 - compiled by our code
    rows = connection.execute(statement, compiled.params)
    return {identifier for (identifier,) in rows}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # text: case and trailing blanks do not count, beyond ASCII too
        ("name eq 'müller GMBH'", {1, 2}),
        ("name eq 'Muller GmbH'", set()),
        ("name eq 'B''s beverages'", {3}),
        ("name ne 'b''s beverages'", {1, 2, 4}),
        ("not (name eq 'b''s beverages')", {1, 2, 4}),
        ("name gt 'c'", {1, 2}),
        ("'c' lt name", {1, 2}),
        # null
        ("name eq null", {5}),
        ("null ne name", {1, 2, 3, 4}),
        ("name gt null", set()),
        ("null eq null", {1, 2, 3, 4, 5}),
        # numbers
        ("count eq 5", {1}),
        ("count gt -3", {1, 2, 5}),
        ("count eq 5.0", {1}),
        ("count lt 99999999999999999999", {1, 2, 3, 5}),
        ("money eq 922337203685477.5807", {2}),
        ("money gt 922337203685477.5807", {3}),
        ("money eq 1200.5", {1}),
        ("money lt 0", {5}),
        ("money ge 1200.50 and money le 922337203685477.58070", {1, 2}),
        ("ratio eq 0.1", {3}),
        ("ratio gt 1", {1, 2}),
        ("money gt count", {1, 2, 3}),
        ("count gt ratio", {1, 2, 5}),
        # booleans
        ("hold eq true", {1, 5}),
        ("hold", {1, 5}),
        ("not hold", {2, 3}),
        ("hold ne true", {2, 3}),
        ("contains(name,'gmbh') eq true", {1, 2}),
        ("true", {1, 2, 3, 4, 5}),
        # guids
        ("owner eq AAAAAAAA-0000-0000-0000-000000000001", {1}),
        ("owner eq 'aaaaaaaa-0000-0000-0000-000000000002'", {2}),
        ("owner ne aaaaaaaa-0000-0000-0000-000000000001", {2}),
        # instants and dates
        ("seen ge 2024-05-01T10:00:00Z", {1, 2, 5}),
        ("seen ge 2024-05-01T12:00:01+02:00", {2, 5}),
        ("seen gt 2024-05-01T10:00:00.5Z", {2, 5}),
        ("seen lt 2024-05-01T10:00:00.5Z", {1, 3}),
        ("seen eq 2024-05-01T10:00:00.000Z", {1}),
        ("seen eq 2024-05-01T10:00:00.5Z", set()),
        ("seen ne 2024-05-01T10:00:00.5Z", {1, 2, 3, 5}),
        ("2024-05-01T10:00:00.5Z gt seen", {1, 3}),
        ("seen lt 2024-05-01", {3}),
        ("born eq 1980-02-29", {1}),
        ("born lt 2000-01-01", {1, 2}),
        # connectives
        ("count eq 5 or count eq 12 and hold", {1}),
        ("(count eq 5 or count eq 12) and not hold", {2}),
        # string functions and the wildcards of LIKE
        ("contains(name,'ÜLLER')", {1, 2}),
        ("startswith(name,'b''s')", {3}),
        ("endswith(name,'gmbh')", {1}),  # unlike eq, a pattern counts trailing blanks
        ("endswith(name,'gmbh ')", {2}),
        ("not contains(name,'gmbh')", {3, 4}),
        ("contains(name,'m%l')", {1, 2}),
        ("startswith(code,'us-_0')", {1, 2, 4}),
        ("contains(name,'[0-9][%]')", {4}),
        ("startswith(code,'[^u]')", {3, 5}),
        # the query functions of Dataverse
        ("Microsoft.Dynamics.CRM.In(PropertyName='code',PropertyValues=[\"us-001\",'DE*1'])", {1, 3}),
        ("Microsoft.Dynamics.CRM.NotIn(PropertyName='code',PropertyValues=['us-001','DE*1'])", {2, 4, 5}),
        ("Microsoft.Dynamics.CRM.In(PropertyName='count',PropertyValues=['5','100'])", {1, 5}),
        ("Microsoft.Dynamics.CRM.In(PropertyName='money',PropertyValues=['1200.5'])", {1}),
        ("Microsoft.Dynamics.CRM.In(PropertyName='ratio',PropertyValues=['0.1'])", {3}),
        ("Microsoft.Dynamics.CRM.In(PropertyName='hold',PropertyValues=['true'])", {1, 5}),
        (f"Microsoft.Dynamics.CRM.In(PropertyName='owner',PropertyValues=['{OWNER.upper()}'])", {2}),
        ("Microsoft.Dynamics.CRM.Between(PropertyName='count',PropertyValues=['5','12'])", {1, 2}),
        ("Microsoft.Dynamics.CRM.NotBetween(PropertyName='count',PropertyValues=['5','12'])", {3, 5}),
        ("Microsoft.Dynamics.CRM.ContainValues(PropertyName='tags',PropertyValues=['3'])", {1, 5}),
        ("Microsoft.Dynamics.CRM.On(PropertyName='seen',PropertyValue='2024-05-01')", {1, 2}),
        ("Microsoft.Dynamics.CRM.OnOrAfter(PropertyName='seen',PropertyValue='2024-05-01')", {1, 2, 5}),
        ("Microsoft.Dynamics.CRM.OnOrBefore(PropertyName='seen',PropertyValue='2024-05-01')", {1, 2, 3}),
        ("Microsoft.Dynamics.CRM.On(PropertyName='born',PropertyValue='1980-02-29')", {1}),
        # lambdas
        ("lines/any()", {1, 2, 3}),
        ("lines/any(l:l/item eq 'a')", {1, 2}),
        ("lines/any(l:l/amount gt 9.5 and count eq 5)", {1}),
        ("lines/all(l:l/item eq 'A')", {2, 4, 5}),
        ("lines/all(l:l/amount gt 0)", {1, 2, 4, 5}),
    ],
)
def test_dataverse_filters(connection: sqlite3.Connection, text: str, expected: set[int]) -> None:
    assert matching(connection, text, DATAVERSE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code eq 'us-*'", {1, 2, 4}),
        ("code eq '*00*'", {1, 2, 4}),
        ("code eq '*1'", {1, 3}),
        ("code ne 'us-*'", {3, 5}),
        ("name eq '*'", {1, 2, 3, 4}),
        ("name eq '100% wool_x'", {4}),
        ("contains(name,'_x')", {4}),
        ("contains(name,'_y')", set()),
        ("startswith(code,'[a')", {5}),
        (f"flag eq {ENUM}'Yes'", {1, 5}),
        (f"{ENUM}'Yes' ne flag", {2, 3, 4}),
        ("level eq N.Level'High'", {1, 5}),
        ("count add 1 eq 6", {1}),
        ("count mul 2 gt count add 10", {2, 5}),
        ("count sub 5 eq 0", {1}),
        ("count div 5 eq 2", {2}),
        ("count divby 5 eq 2.4", {2}),
        ("count mod 5 eq 0", {1, 5}),
        ("money mul 2 eq 1844674407370955.1614", {2}),
        ("100 eq count", {5}),
        ("count div 0 eq 0", set()),
        ("1e200 mod count eq 0", set()),  # more digits than exact arithmetic keeps
    ],
)
def test_fno_filters(connection: sqlite3.Connection, text: str, expected: set[int]) -> None:
    assert matching(connection, text, FNO) == expected


INCOMPATIBLE = "A binary operator with incompatible types was detected"


@pytest.mark.parametrize(
    ("text", "dialect", "problem"),
    [
        ("count eq '5'", DATAVERSE, f"{INCOMPATIBLE}. Found operand types 'Edm.Int32' and 'Edm.String'"),
        ("name eq 5", DATAVERSE, INCOMPATIBLE),
        ("seen ge '2024-05-01T00:00:00Z'", FNO, INCOMPATIBLE),
        ("born eq 2000-01-01T00:00:00Z", DATAVERSE, INCOMPATIBLE),
        ("owner eq 'no guid'", DATAVERSE, INCOMPATIBLE),
        ("owner eq 'aaaaaaaa-0000-0000-0000-000000000002'", FNO, INCOMPATIBLE),
        ("hold eq 1", DATAVERSE, INCOMPATIBLE),
        ("flag eq 'Yes'", FNO, INCOMPATIBLE),
        ("flag eq Other.NoYes'Yes'", FNO, "operand types '.*DataEntities.NoYes' and 'Other.NoYes'"),
        ("level eq N.Level'Middle'", FNO, "'Middle' is not a valid enumeration type constant of N.Level"),
        (f"flag gt {ENUM}'No'", FNO, "only be compared with eq and ne"),
        ("name", DATAVERSE, "must be of type 'Edm.Boolean'"),
        ("name and hold", DATAVERSE, "must be of type 'Edm.Boolean'"),
        ("not name eq 'x'", DATAVERSE, "must be of type 'Edm.Boolean'"),
        ("missing eq 1", DATAVERSE, "Could not find a property named 'missing'"),
        ("year(seen) eq 2024", DATAVERSE, "'year' is not supported"),
        ("count add 1 eq 6", DATAVERSE, "'add' is not supported"),
        ("name add 1 eq 6", FNO, "needs two numbers"),
        ("lines/any(l:l/item eq 'A')", FNO, "'any' is not supported"),
        ("contains(name)", DATAVERSE, "needs two arguments"),
        ("contains(count,'1')", DATAVERSE, "needs a text property"),
        ("contains(name,'x')", replace(FNO, functions=frozenset()), "'contains' is not supported"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='code',PropertyValues=['x'])", FNO, "is not supported"),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='count',PropertyValues=['x'])",
            DATAVERSE,
            "'x' does not fit",
        ),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='hold',PropertyValues=['x'])",
            DATAVERSE,
            "'x' does not fit",
        ),
        (
            f"Microsoft.Dynamics.CRM.In(PropertyName='count',PropertyValues=['{'9' * 5000}'])",
            DATAVERSE,
            "9' does not fit",
        ),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='money',PropertyValues=['1e999999999'])",
            DATAVERSE,
            "'1e999999999' does not fit",
        ),
        ("Microsoft.Dynamics.CRM.In(PropertyValues=['x'])", DATAVERSE, "needs PropertyName"),
        ("Microsoft.Dynamics.CRM.In(PropertyName='code')", DATAVERSE, "at least one value"),
        (
            "Microsoft.Dynamics.CRM.Between(PropertyName='count',PropertyValues=['1'])",
            DATAVERSE,
            "two values",
        ),
        ("Microsoft.Dynamics.CRM.On(PropertyName='seen',PropertyValue='soon')", DATAVERSE, "is no date"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, dialect: Dialect, problem: str) -> None:
    with pytest.raises(QueryError, match=problem) as raised:
        compile_filter(parse_filter(text), resolve, dialect=dialect, collections=lines)

    assert raised.value.option == "$filter"


def test_query_functions_that_are_not_built_are_told_from_mistakes() -> None:
    with pytest.raises(UnsupportedQueryError, match=r"The sandbox does not support .*LastXDays"):
        compile_filter(
            parse_filter("Microsoft.Dynamics.CRM.LastXDays(PropertyName='seen',PropertyValue=3)"), resolve
        )


def test_a_chain_of_thousands_runs(connection: sqlite3.Connection) -> None:
    text = " or ".join(f"code eq 'X{number}'" for number in range(3000)) + " or code eq 'us-001'"

    assert matching(connection, text, DATAVERSE) == {1}


def test_values_travel_as_parameters() -> None:
    compiled = compile_filter(parse_filter("name eq 'x'' OR 1=1 --'"), resolve)

    assert compiled.params == ("x' OR 1=1 --",)
    assert "OR" not in compiled.sql


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("money", [4, 5, 1, 2, 3]),
        ("money desc", [3, 2, 1, 5, 4]),
        ("code", [5, 3, 1, 2, 4]),
        ("name,code desc", [5, 4, 3, 2, 1]),
        ("count desc", [5, 2, 1, 3, 4]),
    ],
)
def test_rows_are_sorted_by_value(connection: sqlite3.Connection, text: str, expected: list[int]) -> None:
    order = compile_orderby(parse_orderby(text), resolve)

    rows = connection.execute(f"SELECT id FROM t ORDER BY {order}")  # noqa: S608 - compiled by our code
    assert [identifier for (identifier,) in rows] == expected
