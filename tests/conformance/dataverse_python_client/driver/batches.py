"""Batches: every kind of operation, change sets, references inside them, continue-on-error."""

from __future__ import annotations

import uuid
from typing import Any

import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # comes with the peer

from tests.conformance.dataverse_python_client.driver.calls import call, prepared

_TOO_LONG = "x" * 161


def _row(number: str, name: str = "In a batch") -> dict[str, Any]:
    return {"accountnumber": number, "name": name}


def _statuses(result: Any) -> list[int]:
    return [each.status_code for each in result.responses]


def _is_id(text: str | None) -> bool:
    return text is not None and str(uuid.UUID(text)) == text.lower()


@call
def batch_create(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.create("account", _row("B-01"))
    result = batch.execute()
    return [_statuses(result), [_is_id(each) for each in result.entity_ids]]


@call
def batch_create_many_at_once(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.create("account", [_row("B-02a"), _row("B-02b")])
    result = batch.execute()
    return [_statuses(result), [_is_id(each) for each in result.responses[0].data["Ids"]]]


@call
def batch_create_several(client: Any) -> Any:
    batch = client.batch.new()
    for letter in "abc":
        batch.records.create("account", _row(f"B-03{letter}", f"Nummer {letter} & Söhne"))
    return _statuses(batch.execute())


@call
def batch_update(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.update("account", prepared(1), {"name": "Changed in a batch"})
    result = batch.execute()
    return [_statuses(result), result.entity_ids]


@call
def batch_update_same_for_many(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.update("account", [prepared(2), prepared(3)], {"address1_city": "Wien"})
    return _statuses(batch.execute())


@call
def batch_update_each_of_many(client: Any) -> Any:
    batch = client.batch.new()
    changes = [{"name": "Batch four"}, {"name": "Batch five"}]
    batch.records.update("account", [prepared(4), prepared(5)], changes)
    return _statuses(batch.execute())


@call
def batch_delete(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.delete("account", prepared(6))
    return _statuses(batch.execute())


@call
def batch_delete_several(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.delete("account", [prepared(7), prepared(8)], use_bulk_delete=False)
    return _statuses(batch.execute())


@call
def batch_retrieve(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.retrieve("account", prepared(9), select=["name", "telephone1"])
    data = batch.execute().responses[0].data
    return [data["name"], data["telephone1"]]


@call
def batch_retrieve_expanded(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.retrieve("account", prepared(9), select=["name"], expand=["primarycontactid"])
    return batch.execute().responses[0].data["primarycontactid"]["lastname"]


@call
def batch_list(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.list(
        "account",
        filter="startswith(accountnumber,'U-1')",
        select=["accountnumber"],
        orderby=["accountnumber"],
    )
    return [row["accountnumber"] for row in batch.execute().responses[0].data["value"]]


@call
def batch_list_top(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.list("contact", orderby=["lastname desc"], select=["lastname"], top=1)
    return [row["lastname"] for row in batch.execute().responses[0].data["value"]]


@call
def batch_upsert(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.upsert("account", [{"alternate_key": {"accountnumber": "U-10"}, "record": {"name": "Up"}}])
    batch.records.upsert("account", [{"alternate_key": {"accountnumber": "B-04"}, "record": {"name": "New"}}])
    return _statuses(batch.execute())


@call
def batch_upsert_many_at_once(client: Any) -> Any:
    batch = client.batch.new()
    items = [
        {"alternate_key": {"accountnumber": number}, "record": {"name": f"Both {number}"}}
        for number in ("U-11", "B-05")
    ]
    batch.records.upsert("account", items)
    return _statuses(batch.execute())


@call
def batch_of_reads_and_writes(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.create("account", _row("B-06"))
    batch.records.retrieve("account", prepared(12), select=["name"])
    batch.records.update("account", prepared(12), {"name": "After the read"})
    batch.records.retrieve("account", prepared(12), select=["name"])
    result = batch.execute()
    return [_statuses(result), result.responses[1].data["name"], result.responses[3].data["name"]]


@call
def batch_stops_at_first_error(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.create("account", _row("B-07a"))
    batch.records.create("account", _row("B-07b", _TOO_LONG))
    batch.records.create("account", _row("B-07c"))
    result = batch.execute()
    return [_statuses(result), result.failed[0].error_code]


@call
def batch_continues_on_error(client: Any) -> Any:
    batch = client.batch.new()
    batch.records.create("account", _row("B-08a"))
    batch.records.create("account", _row("B-08b", _TOO_LONG))
    batch.records.create("account", _row("B-08c"))
    result = batch.execute(continue_on_error=True)
    return [_statuses(result), result.failed[0].error_code]


@call
def change_set(client: Any) -> Any:
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", _row("B-09"))
        changes.records.update("account", prepared(13), {"name": "In a change set"})
        changes.records.delete("account", prepared(14))
    return _statuses(batch.execute())


@call
def change_set_with_reference(client: Any) -> Any:
    batch = client.batch.new()
    with batch.changeset() as changes:
        contact = changes.records.create("contact", {"firstname": "Grete", "lastname": "Referenz"})
        changes.records.create("account", {**_row("B-10"), "primarycontactid@odata.bind": contact})
    return _statuses(batch.execute())


@call
def change_set_that_updates_what_it_made(client: Any) -> Any:
    batch = client.batch.new()
    with batch.changeset() as changes:
        account = changes.records.create("account", _row("B-11", "Before"))
        changes.records.update("account", account, {"name": "Made and changed"})
    return _statuses(batch.execute())


@call
def change_set_that_fails(client: Any) -> Any:
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", _row("B-12"))
        changes.records.update("account", prepared(15), {"name": _TOO_LONG})
    result = batch.execute()
    return [_statuses(result), result.failed[0].error_code]


@call
def change_set_that_fails_among_others(client: Any) -> Any:
    batch = client.batch.new()
    with batch.changeset() as first:
        first.records.create("account", _row("B-13a"))
        first.records.create("account", _row("U-01"))
    with batch.changeset() as second:
        second.records.create("account", _row("B-13b"))
    return _statuses(batch.execute(continue_on_error=True))


@call
def batch_of_data_frame(client: Any) -> Any:
    batch = client.batch.new()
    batch.dataframe.create("account", pd.DataFrame([_row("B-14a"), _row("B-14b")]))
    return _statuses(batch.execute())


@call
def batch_of_table_reads(client: Any) -> Any:
    batch = client.batch.new()
    batch.tables.get("account")
    batch.tables.list(filter="LogicalName eq 'contact'", select=["LogicalName", "EntitySetName"])
    found = [each.data for each in batch.execute().responses]
    return [found[0]["value"][0]["EntitySetName"], [item["EntitySetName"] for item in found[1]["value"]]]
