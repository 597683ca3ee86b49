"""Filters that find rows by key: their form, and their size."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from target_dynamics_cds.key_filters import LONGEST_FILTER, MOST_KEYS, key_filters

ORGANIZATION = UUID("11111111-1111-1111-1111-111111111111")


def test_one_column() -> None:
    found = list(key_filters(["accountnumber"], [("A1",), ("B's",)]))
    assert found == ["accountnumber eq 'A1' or accountnumber eq 'B''s'"]


def test_what_all_keys_share_is_said_once() -> None:
    columns = ["_org_value", "number"]
    found = list(key_filters(columns, [(ORGANIZATION, "A"), (ORGANIZATION, "B")]))
    assert found == [
        "(_org_value eq 11111111-1111-1111-1111-111111111111 and (number eq 'A' or number eq 'B'))"
    ]


def test_keys_that_share_nothing() -> None:
    found = list(key_filters(["a", "b"], [(1, "x"), (2, "y"), (1, "y")]))
    # x and y vary as much as 1 and 2: the first column that varies most is the one listed
    assert found == ["(b eq 'x' and (a eq 1)) or (b eq 'y' and (a eq 2 or a eq 1))"]


def test_many_keys_are_split_by_number() -> None:
    keys = [(ORGANIZATION, str(number)) for number in range(250)]
    found = list(key_filters(["_org_value", "n"], keys))
    assert len(found) == 3
    assert [one.count("n eq ") for one in found] == [MOST_KEYS, MOST_KEYS, 50]
    assert sorted(
        text.strip("'")
        for one in found
        for text in one.replace("(", " ").replace(")", " ").split()
        if "'" in text
    ) == sorted(str(number) for number in range(250))


def test_long_keys_are_split_by_length() -> None:
    keys = [("ü" * 90 + str(number),) for number in range(100)]
    found = list(key_filters(["name"], keys))
    assert len(found) > 1
    assert all(len(quote(one)) <= LONGEST_FILTER + 1000 for one in found)
    assert sum(one.count("name eq") for one in found) == 100


def test_no_keys_no_filters() -> None:
    assert list(key_filters(["name"], [])) == []
