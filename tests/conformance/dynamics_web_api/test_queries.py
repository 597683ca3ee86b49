"""dynamics-web-api finds the rows, pages, counts and changes that a look into the database finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.dataverse_rows import accounts_to_read, row_id
from tests.conformance.dynamics_web_api.peer import called
from tests.conformance.readback import AN_ID, Answer, Case, Rows, account, found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.readback import Readback

_ALL = [f"Q-{number:02d}" for number in range(1, 13)]
_NUMBERS = [{"accountnumber": each} for each in _ALL]


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    with called(tmp_path_factory.mktemp("sandbox"), "queries", accounts_to_read) as made:
        yield made


def _counted(call: str, result: Any, condition: Callable[[dict[str, Any]], Any], *numbers: str) -> Case:
    """The client counts the rows that the condition finds in the database."""
    return Case(call, result, Rows("accounts", condition, [{"accountnumber": each} for each in numbers]))


def _refused(call: str, code: str, entity_set: str, **nobody: str) -> Case:
    return Case(call, {"status": 400, "code": code}, Rows(entity_set, nobody, []))


_CALLS = [
    account("retrieve", [row_id(1), "Account 01", 1000.1], "Q-01", name="Account 01", revenue=1000.1),
    account("retrieve_by_alternate_key", 1000.11, "Q-02", revenue=1000.11),
    account("retrieve_umlauts", "O'Brien & Söhne", "Q-12", name="O'Brien & Söhne"),
    account(
        "retrieve_formatted_values",
        ["Competitor", "1,234"],
        "Q-01",
        customertypecode=1,
        numberofemployees=1234,
    ),
    account("retrieve_expanded", "Ada Lovelace", "Q-01", _primarycontactid_value=row_id(101)),
    # A later call deletes Hopper, whom this one saw.
    Case(
        "retrieve_expanded_collection",
        ["Lovelace", "Hopper"],
        Rows("contacts", {"_parentcustomerid_value": row_id(1)}, [{"lastname": "Lovelace"}]),
    ),
    account("retrieve_navigation_property", "Lovelace", "Q-01", _primarycontactid_value=row_id(101)),
    account("retrieve_reference", ["contacts", row_id(101)], "Q-01", _primarycontactid_value=row_id(101)),
    Case(
        "retrieve_missing_row",
        {"status": 404, "code": "0x80040217"},
        Rows("accounts", {"accountid": row_id(999)}, []),
    ),
    account("retrieve_only_if_changed", None, "Q-01", name="Account 01"),
    found(
        "list_by_filter",
        ["Q-10", "Q-11", "Q-12"],
        lambda row: row["numberofemployees"] > 90 and row["creditonhold"],
    ),
    found("list_with_umlaut_and_quote", ["Q-12"], lambda row: row["name"] == "O'Brien & Söhne"),
    found(
        "list_contains",
        ["Q-07", "Q-12"],
        lambda row: "Söhne" in row["name"] or row["name"].endswith("07"),
    ),
    found("list_by_lookup", ["Q-01"], lambda row: row["_primarycontactid_value"] == row_id(101)),
    found("list_by_any", ["Q-01"], lambda row: row["accountid"] == row_id(1)),
    found("list_with_parameter_alias", ["Q-05"], lambda row: row["accountid"] == row_id(5)),
    found("list_in_order", ["Q-01", "Q-12"], lambda row: row["numberofemployees"] > 110),
    _counted("list_with_count", [8, 8], lambda row: not row["creditonhold"], *_ALL[:8]),
    _counted(
        "list_expanded",
        ["Lovelace", None, None],
        lambda row: row["revenue"] is not None,
        "Q-01",
        "Q-02",
        "Q-03",
    ),
    found("list_by_table_name", ["Q-03"], lambda row: row["accountid"] == row_id(3)),
    Case("pages", [_ALL[:5], _ALL[5:10], _ALL[10:]], Rows("accounts", {}, _NUMBERS)),
    Case("all_pages_at_once", _ALL[::-1], Rows("accounts", {}, _NUMBERS)),
    Case("count", 12, Rows("accounts", {}, _NUMBERS)),
    _counted("count_with_filter", 6, lambda row: row["telephone1"], *_ALL[1::2]),
    _counted("count_all", 4, lambda row: row["creditonhold"], *_ALL[8:]),
    Case("who_am_i", AN_ID, Answer("WhoAmI", {"UserId": AN_ID, "OrganizationId": AN_ID})),
    Case("total_record_count", [12, 4], Rows("accounts", {}, _NUMBERS)),
    _refused("unknown_column", "0x0", "accounts", name="red"),
    _refused("malformed_filter", "0x80060888", "accounts", name="x"),
    Case(
        "changes",
        {"first": 4, "changed": ["King", "Neu"], "gone": [[row_id(202), "deleted"]], "third": 0},
        Rows(
            "contacts",
            lambda row: row["contactid"] in {row_id(101), row_id(202), row_id(301)},
            [{"lastname": "King"}, {"lastname": "Neu"}],
        ),
    ),
    _refused("changes_with_filter", "0x80060888", "contacts", lastname="x"),
]


@pytest.mark.parametrize("case", _CALLS, ids=str)
def test_query(case: Case, readback: Readback) -> None:
    readback.check(case)


def test_every_call_was_checked(readback: Readback) -> None:
    assert set(readback.outcomes) == {case.call for case in _CALLS}


def test_who_am_i_is_a_user_of_the_environment(readback: Readback) -> None:
    user = readback.outcomes["who_am_i"]["result"]
    status, _, row = readback.sandbox.call("GET", "sales", f"systemusers({user})?$select=systemuserid")
    assert (status, row["systemuserid"]) == (200, user)
