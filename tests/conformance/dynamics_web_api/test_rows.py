"""dynamics-web-api creates, changes, links and deletes rows; the database shows what became of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.dataverse_rows import accounts_to_change, row_id
from tests.conformance.dynamics_web_api.peer import called
from tests.conformance.readback import AN_ID, Answer, Case, Rows, account, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.readback import Readback


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    fill = partial(accounts_to_change, count=22)
    with called(tmp_path_factory.mktemp("sandbox"), "rows", fill) as made:
        yield made


def _missing(call: str, number: int) -> Case:
    result = {"status": 404, "code": "0x80040217"}
    return Case(call, result, Rows("accounts", {"accountid": row_id(number)}, []))


def _contact(call: str, number: int, **values: Any) -> Case:
    return Case(call, None, Rows("contacts", {"contactid": row_id(number)}, [values]))


_TOO_LONG = "0x80044331"

_CALLS = [
    account("create", AN_ID, "N-01", accountid=AN_ID, name="Café Frénésie", statecode=0),
    account("create_and_return", ["Returned", 48250000.1], "N-02", name="Returned", revenue=48250000.1),
    account("create_with_lookup", AN_ID, "N-03", _primarycontactid_value=row_id(101)),
    Case(
        "create_deep",
        AN_ID,
        Answer("accounts(accountnumber='N-04')/primarycontactid", {"fullname": "Ada Tief"}),
    ),
    account(
        "create_with_key_that_is_taken", {"status": 412, "code": "0x80060892"}, "U-01", accountid=row_id(1)
    ),
    names("create_with_wrong_type", {"status": 400, "code": "0x80048d19"}, {}, "N-05"),
    names("create_multiple", [AN_ID, AN_ID], {"N-06a": "Multiple a", "N-06b": "Multiple b"}),
    account("update", True, "U-01", name="Updated", telephone1=None),
    account("update_and_return", "Returned", "U-02", name="Returned", telephone1="555-1"),
    account("update_single_property", None, "U-03", name="One property"),
    account("update_of_the_version_read", True, "U-04", name="My version"),
    # The client makes false of 412.
    account("update_of_an_old_version", False, "U-05", name="Somebody was faster"),
    account("update_by_alternate_key", True, "U-06", accountid=row_id(6), name="By its number"),
    _missing("update_missing_row", 999),
    names("update_multiple", None, {"U-07": "Seven", "U-08": "Eight"}),
    names("upsert_that_creates", None, {"N-07": "Made by upsert"}),
    account("upsert_that_updates", None, "U-10", accountid=row_id(10), name="Upserted"),
    names("upsert_and_return", ["N-08", "Returned"], {"N-08": "Returned"}),
    account("upsert_by_id", row_id(950), "N-09", accountid=row_id(950), name="Own id"),
    names("upsert_only_if_new", None, {"U-11": "Account 11"}),
    names("upsert_only_if_there", None, {}, "N-10"),
    names("upsert_multiple", None, {"N-11": "Both N-11", "U-12": "Both U-12"}),
    names("delete", True, {}, "U-13"),
    names("delete_by_alternate_key", True, {}, "U-14"),
    account("delete_property", True, "U-15", name="Account 15", telephone1=None),
    names("delete_old_version", False, {"U-16": "Changed before"}),
    _missing("delete_missing_row", 998),
    account("associate_single_valued", None, "U-17", _primarycontactid_value=row_id(102)),
    account("disassociate_single_valued", None, "U-09", _primarycontactid_value=None),
    _contact("associate", 101, _parentcustomerid_value=row_id(17)),
    _contact("disassociate", 102, _parentcustomerid_value=None),
    names("batch", 3, {"N-12": "In a batch", "U-19": "Changed in a batch"}, "U-20"),
    Case(
        "batch_with_reference",
        2,
        Answer("accounts(accountnumber='N-13')/primarycontactid", {"lastname": "Referenz"}),
    ),
    names("batch_that_fails", {"status": 400, "code": _TOO_LONG}, {}, "N-14a", "N-14b"),
    names(
        "batch_that_continues",
        ["written", _TOO_LONG, "written"],
        {"N-15a": "First", "N-15c": "Third"},
        "N-15b",
    ),
    names("batch_of_reads", ["Account 21", "Account 22"], {"U-21": "Account 21", "U-22": "Account 22"}),
]


@pytest.mark.parametrize("case", _CALLS, ids=str)
def test_row_call(case: Case, readback: Readback) -> None:
    readback.check(case)


def test_every_call_was_checked(readback: Readback) -> None:
    assert set(readback.outcomes) == {case.call for case in _CALLS}
