"""Which streams are offered, how they are read, and the requests that follow from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from dynamics_odata.errors import SettingsError
from dynamics_singer.tap.shape import Copied, Part, Related
from tap_dynamics_sales.offers import offers
from tap_dynamics_sales.queries import Queries
from tap_dynamics_sales.replication import choose
from tap_dynamics_sales.settings import ReadSettings

NAME = Copied("name", "name")
CURRENCY = Related(
    "transactioncurrencyid",
    "transactioncurrencyid",
    "_transactioncurrencyid_value",
    "transactioncurrencies",
    "transactioncurrencyid",
    (Copied("isocurrencycode", "isocurrencycode"),),
)


def names(metadata: Any, **settings: Any) -> list[str]:
    return [name for name, _ in offers(metadata, ReadSettings(**settings))]


def test_names_and_patterns_are_offered_in_the_order_asked(sales: Any) -> None:
    assert names(sales, streams=("contacts", "accounts", "c*")) == ["contacts", "accounts"]
    assert names(sales, streams=("*",)) == ["accounts", "contacts", "transactioncurrencies"]


def test_without_streams_the_templates_tables_are_offered_as_far_as_they_exist(sales: Any) -> None:
    assert names(sales) == ["accounts", "contacts"]


def test_an_unknown_stream_names_the_nearest(sales: Any) -> None:
    with pytest.raises(SettingsError, match=r"`streams` names 'acounts'.*Nearest: accounts"):
        names(sales, streams=("acounts",))
    with pytest.raises(SettingsError, match=r"`streams` names 'x\*'"):
        names(sales, streams=("x*",))


def test_per_stream_settings_must_name_a_table(sales: Any) -> None:
    with pytest.raises(SettingsError, match=r"`filter` names 'account'.*Nearest: accounts"):
        names(sales, streams=("accounts",), filter={"account": "statecode eq 0"})


def test_per_stream_settings_of_tables_not_asked_for_do_no_harm(sales: Any) -> None:
    assert names(sales, streams=("accounts",), filter={"contacts": "statecode eq 0"}) == ["accounts"]


def test_hub_streams_are_found_by_their_names(hub: Any) -> None:
    assert names(hub, prefix="cdm") == ["account", "contact", "organization"]
    assert offers(hub, ReadSettings(streams=("Account",), prefix="cdm")) == [("account", "cdm_account")]
    assert names(hub, prefix="cdm", streams=("Acc*",)) == ["account"]


def test_a_hub_table_that_is_not_there_yet_says_so(hub: Any) -> None:
    with pytest.raises(
        SettingsError, match=r"names 'Product'.*no hub table cdm_Product \(yet\).*create_missing"
    ):
        names(hub, prefix="cdm", streams=("Product",))


def test_a_hub_without_tables_says_so(sales: Any) -> None:
    with pytest.raises(SettingsError, match=r"no hub table with prefix cdm.*create_missing"):
        names(sales, prefix="cdm")


@pytest.mark.parametrize(
    ("tracking", "stamped", "filtered", "asked", "method", "noted"),
    [
        (True, True, False, None, "changes", False),
        (True, True, True, None, "modified", False),
        (False, True, False, None, "modified", False),
        (False, False, False, None, "full", False),
        (True, False, True, None, "full", False),
        (True, True, False, "modified", "modified", False),
        (True, True, False, "full", "full", False),
        (False, True, False, "changes", "modified", True),
        (True, True, True, "changes", "modified", True),
        (False, False, False, "changes", "full", True),
        (True, False, False, "modified", "full", True),
    ],
)
def test_the_method_is_the_best_the_table_allows(
    sales: Any, *, tracking: bool, stamped: bool, filtered: bool, asked: str | None, method: str, noted: bool
) -> None:
    account = sales.table("account")
    columns = {name: column for name, column in account.columns.items() if stamped or name != "modifiedon"}
    table = replace(account, change_tracking=tracking, columns=columns)
    choice = choose(table, filtered=filtered, asked=asked)
    assert choice.method == method
    assert bool(choice.note) == noted


def queries(sales: Any, method: str, *parts: Part, condition: str = "") -> Queries:
    return Queries(sales.table("account"), parts or (NAME, CURRENCY), method, condition)


def test_modified_asks_in_order_of_change(sales: Any) -> None:
    asked = queries(sales, "modified", condition="statecode eq 0 or name eq 'A&B'").since(
        "2024-05-01T00:00:00Z"
    )
    assert unquote(asked) == (
        "accounts?$select=accountid,name,modifiedon"
        "&$filter=(statecode eq 0 or name eq 'A&B') and (modifiedon ge 2024-05-01T00:00:00Z)"
        "&$orderby=modifiedon asc,accountid asc"
        "&$expand=transactioncurrencyid($select=isocurrencycode)"
    )
    assert "A%26B" in asked


def test_the_first_run_has_no_condition(sales: Any) -> None:
    assert "$filter" not in queries(sales, "modified").since(None)


def test_a_snapshot_takes_select_alone(sales: Any) -> None:
    assert queries(sales, "changes").snapshot() == (
        "accounts?$select=accountid,name,_transactioncurrencyid_value"
    )


def test_more_expands_than_the_service_allows_are_resolved_in_bulk(sales: Any) -> None:
    many = tuple(replace(CURRENCY, navigation=f"lookup{number}") for number in range(16))
    assert queries(sales, "full", *many).is_bulk
    assert not queries(sales, "full", *many[:15]).is_bulk
    assert queries(sales, "full", replace(CURRENCY, parts=many[:15])).is_bulk


def test_every_part_of_the_question_changes_its_fingerprint(sales: Any) -> None:
    fingerprints = {
        queries(sales, method, *parts, condition=condition).fingerprint(root)
        for method in ("changes", "modified")
        for parts in ((NAME,), (CURRENCY,), (NAME, CURRENCY))
        for condition in ("", "statecode eq 0")
        for root in ("https://a/", "https://b/")
    }
    assert len(fingerprints) == 24


def test_the_order_in_which_the_service_lists_columns_does_not_change_the_fingerprint(sales: Any) -> None:
    number = Copied("accountnumber", "accountnumber")
    fingerprints = {
        queries(sales, "changes", *parts).fingerprint("https://a/")
        for parts in ((NAME, number, CURRENCY), (CURRENCY, number, NAME))
    }
    assert len(fingerprints) == 1


@pytest.mark.parametrize(
    ("given", "start"),
    [
        ("2024-05-01", "2024-05-01T00:00:00Z"),
        ("2024-05-01T12:30:00Z", "2024-05-01T12:30:00Z"),
        ("2024-05-01T00:30:00+02:00", "2024-04-30T22:30:00Z"),
        (None, None),
    ],
)
def test_start_dates_become_instants(given: str | None, start: str | None) -> None:
    assert ReadSettings.from_config({"start_date": given}).start == start


def test_a_start_date_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="start_date"):
        ReadSettings.from_config({"start_date": "next week"})
