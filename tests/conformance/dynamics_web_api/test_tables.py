"""dynamics-web-api makes, changes and reads tables; plain HTTPS shows their definitions and rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.conformance.dataverse_rows import accounts_to_change, row_id
from tests.conformance.dynamics_web_api.peer import called
from tests.conformance.readback import AN_ID, Case, Rows, definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.readback import Readback

_TABLE = "EntityDefinitions(LogicalName='new_ticket')"
_TEXT = "Microsoft.Dynamics.CRM.StringAttributeMetadata"
_MONEY = "Microsoft.Dynamics.CRM.MoneyAttributeMetadata"
_RELATIONSHIP = "RelationshipDefinitions(SchemaName='new_ticket_account')"
_KEY = f"{_TABLE}/Keys(LogicalName='new_number_key')"


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    fill = partial(accounts_to_change, count=1)
    with called(tmp_path_factory.mktemp("sandbox"), "tables", fill) as made:
        yield made


def _column(name: str, cast: str = "") -> str:
    return f"{_TABLE}/Attributes(LogicalName='{name}'){f'/{cast}' if cast else ''}"


_CALLS = [
    definition("create_table", AN_ID, _TABLE, SchemaName="new_Ticket", ChangeTrackingEnabled=True),
    definition(
        "create_table_that_exists",
        {"status": 400, "code": "0x80047013"},
        _TABLE,
        PrimaryNameAttribute="new_title",
    ),
    definition("retrieve_table", ["new_tickets", "new_title"], _TABLE, EntitySetName="new_tickets"),
    definition(
        "retrieve_missing_table",
        {"status": 404, "code": "0x80040216"},
        "EntityDefinitions(LogicalName='new_nothing')",
    ),
    definition("list_tables", ["account", "new_ticket"], _TABLE, LogicalName="new_ticket"),
    definition("create_text_column", AN_ID, _column("new_number"), AttributeType="String"),
    definition("create_choice_column", AN_ID, _column("new_urgency"), AttributeType="Picklist"),
    definition("create_money_column", AN_ID, _column("new_cost", _MONEY), Precision=2, MinValue=0),
    definition("create_date_column", AN_ID, _column("new_due"), AttributeType="DateTime"),
    # A later call makes the column longer.
    definition("retrieve_column", 20, _column("new_number", _TEXT), MaxLength=40),
    definition(
        "retrieve_choices", [[1, "Low"], [2, "High"]], _column("new_urgency"), SchemaName="new_Urgency"
    ),
    definition(
        "list_columns",
        ["new_cost", "new_cost_base"],
        _column("new_cost_base", _MONEY),
        CalculationOf="new_cost",
    ),
    definition("update_column", None, _column("new_number", _TEXT), MaxLength=40),
    definition("create_relationship", AN_ID, _RELATIONSHIP, ReferencedEntity="account"),
    definition(
        "retrieve_relationship", ["account", "new_accountid"], _RELATIONSHIP, ReferencingEntity="new_ticket"
    ),
    definition("list_relationships", ["new_ticket_account"], _RELATIONSHIP, SchemaName="new_ticket_account"),
    definition("delete_relationship", None, "RelationshipDefinitions(SchemaName='new_ticket_gone')"),
    definition("create_key", AN_ID, _KEY, KeyAttributes=["new_number"]),
    definition("key_becomes_active", "Active", _KEY, EntityKeyIndexStatus="Active"),
    Case(
        "create_row",
        AN_ID,
        Rows(
            "new_tickets",
            {"new_number": "T-1"},
            [
                {
                    "new_title": "Drucker brennt",
                    "new_urgency": 2,
                    "new_cost": 12.5,
                    "new_due": "2026-03-01",
                    "_new_accountid_value": row_id(1),
                }
            ],
        ),
    ),
    Case(
        "upsert_row_by_new_key",
        None,
        Rows("new_tickets", {"new_number": "T-2"}, [{"new_title": "By key, again"}]),
    ),
    Case(
        "changes_of_new_table",
        [2, ["Third"]],
        Rows("new_tickets", {"new_number": "T-3"}, [{"new_title": "Third"}]),
    ),
    definition("csdl", [True, True, True], _column("new_due"), SchemaName="new_Due"),
    definition("delete_table", None, "EntityDefinitions(LogicalName='new_gone')"),
]


@pytest.mark.parametrize("case", _CALLS, ids=str)
def test_table_call(case: Case, readback: Readback) -> None:
    readback.check(case)


def test_update_table_changed_its_label(readback: Readback) -> None:
    assert readback.outcomes["update_table"]["result"] is None
    _, _, table = readback.sandbox.call("GET", "sales", f"{_TABLE}?$select=DisplayName")
    assert table["DisplayName"]["UserLocalizedLabel"]["Label"] == "Trouble ticket"


def test_every_call_was_checked(readback: Readback) -> None:
    assert set(readback.outcomes) == {case.call for case in _CALLS} | {"update_table"}
