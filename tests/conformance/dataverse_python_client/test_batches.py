"""Microsoft's client sends batches; the database shows which of their parts happened."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.conformance.dataverse_python_client.peer import called
from tests.conformance.dataverse_rows import accounts_to_change, row_id
from tests.conformance.readback import AN_ID, Answer, Case, Rows, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.readback import Readback


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    fill = partial(accounts_to_change, count=15)
    with called(tmp_path_factory.mktemp("sandbox"), "batches", fill) as made:
        yield made


_SAME = "In a batch"
_TOO_LONG = "0x80044331"

_CALLS = [
    names("batch_create", [[204], [True]], {"B-01": _SAME}),
    names("batch_create_many_at_once", [[200], [True, True]], {"B-02a": _SAME, "B-02b": _SAME}),
    names(
        "batch_create_several",
        [204, 204, 204],
        {f"B-03{letter}": f"Nummer {letter} & Söhne" for letter in "abc"},
    ),
    names("batch_update", [[204], [row_id(1)]], {"U-01": "Changed in a batch"}),
    Case(
        "batch_update_same_for_many",
        [204],
        Rows("accounts", {"address1_city": "Wien"}, [{"accountnumber": "U-02"}, {"accountnumber": "U-03"}]),
    ),
    names("batch_update_each_of_many", [204], {"U-04": "Batch four", "U-05": "Batch five"}),
    names("batch_delete", [204], {}, "U-06"),
    names("batch_delete_several", [204, 204], {}, "U-07", "U-08"),
    Case(
        "batch_retrieve",
        ["Account 09", "555-1"],
        Rows("accounts", {"accountid": row_id(9)}, [{"name": "Account 09", "telephone1": "555-1"}]),
    ),
    Case(
        "batch_retrieve_expanded",
        "Lovelace",
        Rows("accounts", {"accountid": row_id(9)}, [{"_primarycontactid_value": row_id(101)}]),
    ),
    Case(
        "batch_list",
        ["U-10", "U-11", "U-12", "U-13", "U-14", "U-15"],
        # One of those that were listed is deleted by a later call.
        Rows(
            "accounts",
            lambda row: row["accountnumber"].startswith("U-1"),
            [{"accountnumber": f"U-{number}"} for number in (10, 11, 12, 13, 15)],
        ),
    ),
    Case(
        "batch_list_top",
        ["Lovelace"],
        Rows("contacts", {"contactid": row_id(101)}, [{"lastname": "Lovelace"}]),
    ),
    names("batch_upsert", [204, 204], {"B-04": "New", "U-10": "Up"}),
    names("batch_upsert_many_at_once", [204], {"B-05": "Both B-05", "U-11": "Both U-11"}),
    names(
        "batch_of_reads_and_writes",
        [[204, 200, 204, 200], "Account 12", "After the read"],
        {"B-06": _SAME, "U-12": "After the read"},
    ),
    names("batch_stops_at_first_error", [[204, 400], _TOO_LONG], {"B-07a": _SAME}, "B-07b", "B-07c"),
    names(
        "batch_continues_on_error",
        [[204, 400, 204], _TOO_LONG],
        {"B-08a": _SAME, "B-08c": _SAME},
        "B-08b",
    ),
    names("change_set", [204, 204, 204], {"B-09": _SAME, "U-13": "In a change set"}, "U-14"),
    Case(
        "change_set_with_reference",
        [204, 204],
        Answer("accounts(accountnumber='B-10')/primarycontactid", {"fullname": "Grete Referenz"}),
    ),
    names("change_set_that_updates_what_it_made", [204, 204], {"B-11": "Made and changed"}),
    names("change_set_that_fails", [[400], _TOO_LONG], {"U-15": "Account 15"}, "B-12"),
    names("change_set_that_fails_among_others", [412, 204], {"B-13b": _SAME}, "B-13a"),
    names("batch_of_data_frame", [200], {"B-14a": _SAME, "B-14b": _SAME}),
    Case(
        "batch_of_table_reads",
        ["accounts", ["contacts"]],
        Answer(
            "EntityDefinitions(LogicalName='contact')", {"EntitySetName": "contacts", "MetadataId": AN_ID}
        ),
    ),
]


@pytest.mark.parametrize("case", _CALLS, ids=str)
def test_batch(case: Case, readback: Readback) -> None:
    readback.check(case)


def test_every_call_was_checked(readback: Readback) -> None:
    assert set(readback.outcomes) == {case.call for case in _CALLS}
