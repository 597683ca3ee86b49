"""CreateMultiple, UpdateMultiple, UpsertMultiple."""

from __future__ import annotations

from typing import Any

import pytest

ACTION = "accounts/Microsoft.Dynamics.CRM."
TYPE = {"@odata.type": "Microsoft.Dynamics.CRM.account"}


def names(sales: Any) -> dict[str, str]:
    rows = sales.get("accounts?$select=name,accountnumber").rows
    return {row["accountnumber"]: row["name"] for row in rows}


def targets(*bodies: dict[str, Any]) -> dict[str, Any]:
    return {"Targets": [{**TYPE, **body} for body in bodies]}


def test_create_multiple_gives_ids_in_order(sales: Any) -> None:
    reply = sales.post(
        ACTION + "CreateMultiple",
        targets({"name": "A", "accountnumber": "1"}, {"name": "B", "accountnumber": "2"}),
    )
    assert reply.status == 200
    assert reply.json["@odata.context"].endswith("$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    found = [sales.get(f"accounts({row})?$select=name").json["name"] for row in reply.json["Ids"]]
    assert found == ["A", "B"]


def test_upsert_multiple_by_key_by_id_and_by_nothing(sales: Any) -> None:
    row = sales.post("accounts", {"name": "old", "accountnumber": "1"}).entity_id
    other = "22222222-0000-0000-0000-000000000001"
    reply = sales.post(
        ACTION + "UpsertMultiple",
        targets(
            {"@odata.id": "accounts(accountnumber='1')", "name": "by key"},
            {"@odata.id": "/accounts(accountnumber='2')", "name": "new by key"},
            {"accountid": other, "name": "new by id", "accountnumber": "3"},
            {"name": "new", "accountnumber": "4"},
        ),
    )
    assert (reply.status, reply.body) == (204, b"")
    assert names(sales) == {"1": "by key", "2": "new by key", "3": "new by id", "4": "new"}
    assert sales.get(f"accounts({row})?$select=name").json["name"] == "by key"
    again = targets(
        {"accountid": other, "name": "changed"}, {"@odata.id": f"accounts({row})", "name": "by id"}
    )
    assert sales.post(ACTION + "UpsertMultiple", again).status == 204
    assert names(sales) == {"1": "by id", "2": "new by key", "3": "changed", "4": "new"}


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ({"@odata.id": "accounts(accountnumber='9')", "fax": "x" * 51}, (400, "0x80044331")),
        ({"@odata.id": "accounts(accountnumber='9')", "nothing": 1}, (400, "0x80048d19")),
        ({"@odata.id": "accounts(accountnumber='a%26b')"}, (400, "0x8006088a")),
        (
            {
                "@odata.id": "accounts(accountnumber='9')",
                "parentaccountid@odata.bind": "/accounts(accountnumber='no')",
            },
            (404, "0x80060891"),
        ),
        ({"accountnumber": "1"}, (412, "0x80060892")),
        ({"@odata.type": "Microsoft.Dynamics.CRM.contact"}, (400, "0x80048d19")),
        ({"@odata.id": "contacts(22222222-0000-0000-0000-000000000001)"}, (400, "0x80040203")),
    ],
)
def test_one_bad_row_undoes_all(sales: Any, bad: dict[str, Any], expected: tuple[int, str]) -> None:
    sales.post("accounts", {"name": "old", "accountnumber": "1"})
    good = {"@odata.id": "accounts(accountnumber='1')", "name": "changed"}
    assert (
        sales.post(
            ACTION + "UpsertMultiple", targets(good, {"name": "also", "accountnumber": "2"}, bad)
        ).error
        == expected
    )
    assert names(sales) == {"1": "old"}


def test_update_multiple_needs_existing_rows(sales: Any) -> None:
    row = sales.post("accounts", {"name": "old", "accountnumber": "1"}).entity_id
    assert sales.post(ACTION + "UpdateMultiple", targets({"accountid": row, "name": "new"})).status == 204
    assert names(sales) == {"1": "new"}
    missing = {"accountid": "22222222-0000-0000-0000-000000000001", "name": "x"}
    assert sales.post(ACTION + "UpdateMultiple", targets({"accountid": row, "name": "y"}, missing)).error == (
        404,
        "0x80040217",
    )
    assert names(sales) == {"1": "new"}
    assert sales.post(ACTION + "UpdateMultiple", targets({"name": "x"})).status == 400


def test_targets_need_their_type(sales: Any) -> None:
    assert sales.post(ACTION + "UpsertMultiple", {"Targets": [{"name": "A"}]}).error == (400, "0x80048d19")
    assert sales.post(ACTION + "UpsertMultiple", {"Targets": []}).status == 400
    assert sales.post(ACTION + "UpsertMultiple", {}).status == 400


def test_messages_a_table_lacks(sales: Any) -> None:
    message = "transactioncurrencies/Microsoft.Dynamics.CRM.UpsertMultiple"
    assert sales.post(message, {"Targets": []}).error == (404, "0x8006088a")
    reply = sales.post(ACTION + "DeleteMultiple", targets())
    assert "not yet been implemented" in reply.json["error"]["message"]


def test_clients_can_ask_which_messages_a_table_has(sales: Any) -> None:
    def available(message: str, table: str) -> bool:
        url = (
            "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name%20eq%20@m%20and%20"
            f"primaryobjecttypecode%20eq%20@t&@m='{message}'&@t='{table}'"
        )
        return bool(sales.get(url).rows)

    assert available("CreateMultiple", "account")
    assert available("UpdateMultiple", "contact")
    assert not available("CreateMultiple", "transactioncurrency")
    assert available("Upsert", "transactioncurrency")
