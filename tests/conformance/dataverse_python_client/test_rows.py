"""Microsoft's client creates, changes and deletes rows; the database shows what became of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.dataverse_python_client.peer import called
from tests.conformance.dataverse_rows import accounts_to_change, row_id
from tests.conformance.readback import AN_ID, Case, Rows, account, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.readback import Readback


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    fill = partial(accounts_to_change, count=19)
    with called(tmp_path_factory.mktemp("sandbox"), "rows", fill) as made:
        yield made


def _accounts(call: str, result: Any, *numbers: str, **columns: list[Any]) -> Case:
    """The accounts of these numbers, in their order, have these values per column."""
    values = [
        {"accountnumber": number} | {name: column[place] for name, column in columns.items()}
        for place, number in enumerate(numbers)
    ]
    return Case(call, result, Rows("accounts", lambda row: row["accountnumber"] in numbers, values))


_CALLS = [
    account("create", AN_ID, "P-01", accountid=AN_ID, name="Café Frénésie", statecode=0),
    account("create_with_own_id", row_id(901), "P-02", accountid=row_id(901), name="Own id"),
    account("create_with_lookup", AN_ID, "P-03", _primarycontactid_value=row_id(101)),
    account("create_with_label_of_choice", AN_ID, "P-04", customertypecode=1),
    account(
        "create_with_numbers",
        AN_ID,
        "P-05",
        revenue=48250000.1,
        numberofemployees=3200,
        creditonhold=True,
        address1_latitude=47.67399,
    ),
    account("create_with_mixed_case_names", AN_ID, "P-06", name="Mixed case"),
    account("create_deep", AN_ID, "P-07", name="Deep insert", _primarycontactid_value=AN_ID),
    _accounts(
        "create_multiple",
        [AN_ID] * 3,
        "P-08a",
        "P-08b",
        "P-08c",
        name=["Multiple a", "Multiple b", "Multiple c"],
    ),
    account(
        "create_with_key_that_is_taken", {"status": 412, "code": "0x80060892"}, "U-01", accountid=row_id(1)
    ),
    names("create_with_text_that_is_too_long", {"status": 400, "code": "0x80044331"}, {}, "P-09"),
    names("create_with_unknown_column", {"status": 400, "code": "0x80048d19"}, {}, "P-10"),
    account("update", None, "U-01", name="Updated", telephone1="555-0100"),
    account("update_to_null", None, "U-02", name="Account 02", telephone1=None),
    account("update_lookup", None, "U-03", _primarycontactid_value=row_id(102)),
    _accounts("update_same_for_many", None, "U-04", "U-05", address1_city=["Graz", "Graz"]),
    _accounts("update_each_of_many", None, "U-06", "U-07", name=["First", "Second"]),
    account("update_by_alternate_key", None, "U-08", accountid=row_id(8), name="By its number"),
    account("update_label_of_choice", None, "U-09", customertypecode=2),
    account("update_state", None, "U-10", statecode=1, statuscode=2),
    Case(
        "update_missing_row",
        {"status": 404, "code": "0x80040217"},
        Rows("accounts", {"accountid": row_id(999)}, []),
    ),
    account("upsert_that_updates", None, "U-11", accountid=row_id(11), name="Upserted"),
    account("upsert_that_creates", None, "P-11", accountid=AN_ID, name="Made by upsert"),
    _accounts("upsert_multiple", None, "P-12", "U-12", name=["Bulk P-12", "Bulk U-12"]),
    names("delete", None, {}, "U-13"),
    names("delete_by_alternate_key", None, {}, "U-14"),
    names("delete_one_by_one", None, {}, "U-15", "U-16"),
    Case(
        "delete_missing_row",
        {"status": 404, "code": "0x80040217"},
        Rows("accounts", {"accountid": row_id(998)}, []),
    ),
    _accounts("data_frame_create", [AN_ID, AN_ID], "P-13a", "P-13b", name=["Row 1", "Row 2"]),
    account("data_frame_update", None, "U-17", name="Framed", telephone1="555-1"),
    account("data_frame_update_that_clears", None, "U-18", name="Cleared", telephone1=None),
    names("data_frame_delete", None, {}, "U-19"),
]


@pytest.mark.parametrize("case", _CALLS, ids=str)
def test_row_call(case: Case, readback: Readback) -> None:
    readback.check(case)


def test_every_call_was_checked(readback: Readback) -> None:
    assert set(readback.outcomes) == {case.call for case in _CALLS}


def test_deep_insert_made_the_contact(readback: Readback) -> None:
    status, _, account = readback.sandbox.call(
        "GET", "sales", "accounts(accountnumber='P-07')?$expand=primarycontactid($select=fullname)"
    )
    assert (status, account["primarycontactid"]["fullname"]) == (200, "Ada Deep")
