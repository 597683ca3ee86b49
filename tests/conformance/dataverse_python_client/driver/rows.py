"""Creating, changing and deleting rows."""

from __future__ import annotations

from typing import Any

import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # comes with the peer

from tests.conformance.dataverse_python_client.driver.calls import call, prepared

# What the client's type of a data frame's missing value is sent as.
_MISSING = None


@call
def create(client: Any) -> Any:
    return client.records.create("account", {"accountnumber": "P-01", "name": "Café Frénésie"})


@call
def create_with_own_id(client: Any) -> Any:
    row = {"accountid": prepared(901), "accountnumber": "P-02", "name": "Own id"}
    return client.records.create("account", row)


@call
def create_with_lookup(client: Any) -> Any:
    bind = {"primarycontactid@odata.bind": f"/contacts({prepared(101)})"}
    return client.records.create("account", {"accountnumber": "P-03", "name": "With contact", **bind})


@call
def create_with_label_of_choice(client: Any) -> Any:
    row = {"accountnumber": "P-04", "name": "By label", "customertypecode": "Competitor"}
    return client.records.create("account", row)


@call
def create_with_numbers(client: Any) -> Any:
    row = {"accountnumber": "P-05", "name": "Numbers", "revenue": 48250000.1, "numberofemployees": 3200}
    return client.records.create("account", {**row, "creditonhold": True, "address1_latitude": 47.67399})


@call
def create_with_mixed_case_names(client: Any) -> Any:
    return client.records.create("Account", {"AccountNumber": "P-06", "Name": "Mixed case"})


@call
def create_deep(client: Any) -> Any:
    contact = {"firstname": "Ada", "lastname": "Deep"}
    row = {"accountnumber": "P-07", "name": "Deep insert", "primarycontactid": contact}
    return client.records.create("account", row)


@call
def create_multiple(client: Any) -> Any:
    rows = [{"accountnumber": f"P-08{letter}", "name": f"Multiple {letter}"} for letter in "abc"]
    return client.records.create("account", rows)


@call
def create_with_key_that_is_taken(client: Any) -> Any:
    return client.records.create("account", {"accountnumber": "U-01", "name": "Twice"})


@call
def create_with_text_that_is_too_long(client: Any) -> Any:
    return client.records.create("account", {"accountnumber": "P-09", "name": "x" * 161})


@call
def create_with_unknown_column(client: Any) -> Any:
    return client.records.create("account", {"accountnumber": "P-10", "colour": "red"})


@call
def update(client: Any) -> Any:
    return client.records.update("account", prepared(1), {"name": "Updated", "telephone1": "555-0100"})


@call
def update_to_null(client: Any) -> Any:
    return client.records.update("account", prepared(2), {"telephone1": None})


@call
def update_lookup(client: Any) -> Any:
    bind = {"primarycontactid@odata.bind": f"/contacts({prepared(102)})"}
    return client.records.update("account", prepared(3), bind)


@call
def update_same_for_many(client: Any) -> Any:
    return client.records.update("account", [prepared(4), prepared(5)], {"address1_city": "Graz"})


@call
def update_each_of_many(client: Any) -> Any:
    changes = [{"name": "First"}, {"name": "Second"}]
    return client.records.update("account", [prepared(6), prepared(7)], changes)


@call
def update_by_alternate_key(client: Any) -> Any:
    return client.records.update("account", "accountnumber='U-08'", {"name": "By its number"})


@call
def update_label_of_choice(client: Any) -> Any:
    return client.records.update("account", prepared(9), {"customertypecode": "consultant"})


@call
def update_state(client: Any) -> Any:
    return client.records.update("account", prepared(10), {"statecode": 1, "statuscode": 2})


@call
def update_missing_row(client: Any) -> Any:
    return client.records.update("account", prepared(999), {"name": "Nobody"})


@call
def upsert_that_updates(client: Any) -> Any:
    item = {"alternate_key": {"accountnumber": "U-11"}, "record": {"name": "Upserted"}}
    return client.records.upsert("account", [item])


@call
def upsert_that_creates(client: Any) -> Any:
    item = {"alternate_key": {"accountnumber": "P-11"}, "record": {"name": "Made by upsert"}}
    return client.records.upsert("account", [item])


@call
def upsert_multiple(client: Any) -> Any:
    items = [
        {"alternate_key": {"accountnumber": number}, "record": {"name": f"Bulk {number}"}}
        for number in ("U-12", "P-12")
    ]
    return client.records.upsert("account", items)


@call
def delete(client: Any) -> Any:
    return client.records.delete("account", prepared(13))


@call
def delete_by_alternate_key(client: Any) -> Any:
    return client.records.delete("account", "accountnumber='U-14'")


@call
def delete_one_by_one(client: Any) -> Any:
    return client.records.delete("account", [prepared(15), prepared(16)], use_bulk_delete=False)


@call
def delete_missing_row(client: Any) -> Any:
    return client.records.delete("account", prepared(998))


@call
def data_frame_create(client: Any) -> Any:
    frame = pd.DataFrame(
        [{"accountnumber": "P-13a", "name": "Row 1"}, {"accountnumber": "P-13b", "name": "Row 2"}]
    )
    return client.dataframe.create("account", frame).tolist()


@call
def data_frame_update(client: Any) -> Any:
    frame = pd.DataFrame([{"id": prepared(17), "name": "Framed", "telephone1": _MISSING}])
    return client.dataframe.update("account", frame, id_column="id")


@call
def data_frame_update_that_clears(client: Any) -> Any:
    frame = pd.DataFrame([{"id": prepared(18), "name": "Cleared", "telephone1": _MISSING}])
    return client.dataframe.update("account", frame, id_column="id", clear_nulls=True)


@call
def data_frame_delete(client: Any) -> Any:
    return client.dataframe.delete("account", pd.Series([prepared(19)]), use_bulk_delete=False)
