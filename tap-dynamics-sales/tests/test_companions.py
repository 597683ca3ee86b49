"""Label columns of options, and what lookups lead to."""

from __future__ import annotations

from typing import Any

PLAIN = {
    "streams": ["accounts"],
    "select": {"accounts": ["name", "statecode", "donotphone", "_ownerid_value"]},
}


def test_options_get_labels_beside_their_values(bench: Any) -> None:
    bench.account(name="one", donotphone=True)
    done = bench.sync(**PLAIN, option_labels=True)
    [record] = done.records("accounts")
    assert (record["statecode"], record["statecode_label"]) == (0, "Active")
    assert record["donotphone_label"]
    assert done.schema("accounts")["schema"]["properties"]["statecode_label"]["type"] == ["string", "null"]
    assert "name_label" not in record


def test_lookups_get_table_and_name(bench: Any) -> None:
    bench.account(name="one")
    [record] = bench.sync(**PLAIN, lookup_details=True).records("accounts")
    user = bench.call("GET", f"systemusers({record['_ownerid_value']})?$select=fullname")
    assert record["_ownerid_value_type"] == "systemuser"
    assert record["_ownerid_value_name"] == user["fullname"]


def test_a_label_that_is_wanted_starts_a_new_snapshot(bench: Any) -> None:
    bench.account(name="one")
    first = bench.sync(**PLAIN)
    second = bench.sync(**PLAIN, option_labels=True, state=first.states()[-1])
    assert [record["statecode_label"] for record in second.records("accounts")] == ["Active"]


def test_without_the_settings_no_annotation_is_asked_for(bench: Any) -> None:
    bench.account(name="one")
    [record] = bench.sync(**PLAIN).records("accounts")
    assert set(record) == {"accountid", "name", "statecode", "donotphone", "_ownerid_value"}
