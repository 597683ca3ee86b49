"""Microsoft's client finds the rows that a look into the database finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.dataverse_python_client.peer import called
from tests.conformance.dataverse_rows import accounts_to_read, row_id
from tests.conformance.readback import Case, Rows, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.readback import Readback


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    with called(tmp_path_factory.mktemp("sandbox"), "queries", accounts_to_read) as made:
        yield made


def _numbered(*numbers: int) -> list[str]:
    return [f"Q-{number:02d}" for number in numbers]


def _everything(_: dict[str, Any]) -> bool:
    return True


def _first(call: str, result: Any, **values: Any) -> Case:
    """What the client gives agrees with what the database holds for Q-01."""
    return Case(call, result, Rows("accounts", {"accountnumber": "Q-01"}, [values]))


def _refused(call: str, code: str) -> Case:
    return Case(call, {"status": 400, "code": code}, Rows("accounts", {"name": "x"}, []))


_ALL = _numbered(*range(1, 13))
_CONTACTS = {"_parentcustomerid_value": row_id(1)}

_CALLS = [
    _first("retrieve", [row_id(1), "Account 01", 1000.1], name="Account 01", revenue=1000.1),
    Case("retrieve_missing_row", None, Rows("accounts", {"accountid": row_id(999)}, [])),
    _first(
        "retrieve_formatted_values",
        ["Competitor", "No", "1,234"],
        customertypecode=1,
        creditonhold=False,
        numberofemployees=1234,
    ),
    _first("retrieve_with_expanded_lookup", "Ada Lovelace", _primarycontactid_value=row_id(101)),
    Case(
        "retrieve_with_expanded_collection",
        ["Hopper", "Lovelace"],
        Rows("contacts", _CONTACTS, [{"lastname": "Hopper"}, {"lastname": "Lovelace"}]),
    ),
    found("list_all", _ALL, _everything),
    found("list_by_text_filter", _numbered(3), lambda row: row["name"] == "Account 03"),
    found("list_quoted_text", _numbered(12), lambda row: row["name"] == "O'Brien & Söhne"),
    found(
        "list_not_equal",
        [each for each in _ALL if each != "Q-03"],
        lambda row: row["numberofemployees"] != 30,
    ),
    found("list_greater_than_decimal", _numbered(2, 3), lambda row: (row["revenue"] or 0) > 1000.1),
    found("list_between", _numbered(3, 4, 5), lambda row: 30 <= row["numberofemployees"] <= 50),
    found("list_not_between", _numbered(1, 12), lambda row: not 20 <= row["numberofemployees"] <= 110),
    found("list_in", _numbered(2, 5), lambda row: row["accountnumber"] in {"Q-02", "Q-05"}),
    found("list_not_in", _numbered(1), lambda row: row["numberofemployees"] % 10),
    found("list_in_ids", _numbered(4, 6), lambda row: row["accountid"] in {row_id(4), row_id(6)}),
    found("list_contains", _numbered(12), lambda row: "Söhne" in row["name"]),
    found("list_starts_with", _numbered(10, 11), lambda row: row["name"].startswith("Account 1")),
    found("list_ends_with", _numbered(8), lambda row: row["name"].endswith("08")),
    found("list_null", _numbered(1, 3, 5, 7, 9, 11), lambda row: row["telephone1"] is None),
    found("list_not_null", _numbered(2, 4, 6, 8, 10, 12), lambda row: row["telephone1"] is not None),
    found(
        "list_combined_conditions",
        _numbered(1, 2, 12),
        lambda row: not 30 <= row["numberofemployees"] < 110 and row["accountnumber"] != "Q-11",
    ),
    found("list_by_state", _numbered(12), lambda row: row["statecode"] == 1),
    found("list_by_lookup", _numbered(1), lambda row: row["_primarycontactid_value"] == row_id(101)),
    found("list_by_property_of_lookup", _numbered(1), lambda row: row["_primarycontactid_value"]),
    found("list_by_any_of_collection", _numbered(1), lambda row: row["accountid"] == row_id(1)),
    found("list_by_moment", _numbered(3), lambda row: row["createdon"].startswith("2020-01-01")),
    found("list_descending", _numbered(1, 12, 11), lambda row: row["numberofemployees"] >= 110),
    found("list_ordered_by_two_columns", _numbered(12, 11, 10, 9), lambda row: row["creditonhold"]),
    Case(
        "list_with_count",
        4,
        Rows("accounts", {"creditonhold": True}, [{"accountnumber": each} for each in _ALL[8:]]),
    ),
    found("list_through_pages", _ALL, _everything),
    Case("list_pages", [5, 5, 2], Rows("accounts", _everything, [{"accountnumber": each} for each in _ALL])),
    Case(
        "list_pages_of_exact_size",
        [6, 6],
        Rows("accounts", _everything, [{"accountnumber": each} for each in _ALL]),
    ),
    Case(
        "list_pages_with_formatted_values",
        [["Active"] * 7, ["Active"] * 4 + ["Inactive"]],
        Rows("accounts", {"statecode": 1}, [{"accountnumber": "Q-12"}]),
    ),
    found("builder", _numbered(12, 11), lambda row: 110 <= row["numberofemployees"] <= 120),
    _first("builder_with_expand", "Ada Lovelace", _primarycontactid_value=row_id(101)),
    Case(
        "builder_with_collection_expand",
        ["Hopper"],
        Rows("contacts", _CONTACTS | {"lastname": "Hopper"}, [{"firstname": "Grace B."}]),
    ),
    Case(
        "builder_pages",
        [_ALL[:8], _ALL[8:]],
        Rows("accounts", _everything, [{"accountnumber": each} for each in _ALL]),
    ),
    _first("builder_formatted_values", "Competitor", customertypecode=1),
    Case(
        "builder_data_frame",
        90 + 100 + 110 + 120,
        Rows("accounts", {"creditonhold": True}, [{"accountnumber": each} for each in _ALL[8:]]),
    ),
    Case(
        "data_frame_of_records",
        1234 + sum(range(20, 130, 10)),
        Rows("accounts", _everything, [{"accountnumber": each} for each in _ALL]),
    ),
    _refused("list_unknown_column", "0x0"),
    _refused("list_malformed_filter", "0x80060888"),
]


@pytest.mark.parametrize("case", _CALLS, ids=str)
def test_query(case: Case, readback: Readback) -> None:
    readback.check(case)


def test_every_call_was_checked(readback: Readback) -> None:
    assert set(readback.outcomes) == {case.call for case in _CALLS}
