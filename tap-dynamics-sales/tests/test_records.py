"""What records hold: exact numbers, nested lookups alike by every method, selection, stream maps."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

LONG = "12345678901234.5600"


def test_digits_are_those_of_the_service(bench: Any) -> None:
    bench.account(name="exact", creditlimit=12345678901234.56)
    done = bench.run(streams=["accounts"], select={"accounts": ["creditlimit", "exchangerate"]})
    served = bench.call("GET", "accounts?$select=creditlimit,exchangerate")["value"][0]
    assert str(served["creditlimit"]) == LONG
    assert f'"creditlimit":{LONG}' in done.text
    assert f'"exchangerate":{served["exchangerate"]}' in done.text


@pytest.fixture
def related(bench: Any) -> dict[str, Any]:
    """Accounts with and without currency and contact; gives what the expansions must be, by account name."""
    currencies = bench.call("GET", "transactioncurrencies?$select=isocurrencycode")["value"]
    base = currencies[0]
    euro = bench.call(
        "POST",
        "transactioncurrencies",
        {
            "isocurrencycode": "CHF",
            "currencyname": "Franken",
            "currencysymbol": "Fr",
            "currencyprecision": 2,
            "exchangerate": 0.9,
        },
    )
    contact = bench.call("POST", "contacts", {"firstname": "Jörg", "lastname": "O'Neil"})
    bench.account(name="plain")
    bench.account(
        name="linked",
        **{
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro['transactioncurrencyid']})",
            "primarycontactid@odata.bind": f"/contacts({contact['contactid']})",
        },
    )
    expand = "$expand=transactioncurrencyid($select=isocurrencycode)"
    [plain] = bench.call("GET", f"accounts?$filter=name eq 'plain'&$select=name&{expand}")["value"]
    plain_currency = plain["transactioncurrencyid"]
    assert plain_currency is None or plain_currency["isocurrencycode"] == base["isocurrencycode"]
    return {
        "plain": {
            "transactioncurrencyid": plain_currency and {"isocurrencycode": base["isocurrencycode"]},
            "primarycontactid": None,
        },
        "linked": {
            "transactioncurrencyid": {"isocurrencycode": "CHF"},
            "primarycontactid": {"fullname": "Jörg O'Neil", "createdby": {"fullname": contact_owner(bench)}},
        },
    }


def contact_owner(bench: Any) -> str:
    """Full name of the user who creates rows in these tests."""
    user = bench.call("GET", "WhoAmI")["UserId"]
    return str(bench.call("GET", f"systemusers({user})?$select=fullname")["fullname"])


EXPANDED = [
    "transactioncurrencyid.isocurrencycode",
    "primarycontactid.fullname",
    "primarycontactid.createdby.fullname",
]


def test_expansions_are_the_same_by_every_method(bench: Any, related: dict[str, Any]) -> None:
    sent: dict[str, dict[str, str]] = {}
    for method in ("changes", "modified", "full"):
        select = {"accounts": ["modifiedon", "name"]}
        done = bench.sync(
            streams=["accounts"],
            replication={"accounts": method},
            select=select,
            expand={"accounts": EXPANDED},
        )
        for record in done.records("accounts"):
            assert {name: record[name] for name in related[record["name"]]} == related[record["name"]]
        lines = [line for line in done.text.splitlines() if '"RECORD"' in line]
        sent[method] = dict(
            sorted(line.partition(',"time_extracted"')[0].split('"name":', 1) for line in lines)
        )
    assert sent["changes"] == sent["modified"] == sent["full"]
    assert len([path for path in bench.reads("/transactioncurrencies?") if "eq%20" in path]) == 1


def test_bulk_lookups_ask_once_for_many_rows(bench: Any) -> None:
    for number in range(30):
        bench.account(name=f"account {number}")
    bench.sandbox.forget_requests()
    done = bench.sync(
        streams=["accounts"],
        select={"accounts": ["name"]},
        expand={"accounts": ["createdby.fullname"]},
        page_size=7,
    )
    assert {record["createdby"]["fullname"] for record in done.records("accounts")} == {contact_owner(bench)}
    lookups = [path for path in bench.reads("/systemusers?") if "systemuserid eq" in unquote(path)]
    assert len(lookups) == 1


def catalog_of(bench: Any, *deselected: tuple[str, ...], **config: Any) -> dict[str, Any]:
    catalog: dict[str, Any] = bench.tap(**config).catalog_dict
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if tuple(item["breadcrumb"][1::2]) in deselected:
                item["metadata"]["selected"] = False
    return catalog


def test_deselected_columns_are_neither_asked_for_nor_sent(bench: Any) -> None:
    bench.account(name="one", telephone1="1", fax="2")
    config = {
        "streams": ["accounts"],
        "select": {"accounts": ["name", "telephone1", "fax"]},
        "expand": {"accounts": ["createdby.fullname", "createdby.domainname", "owninguser.fullname"]},
        "replication": {"accounts": "full"},
    }
    catalog = catalog_of(
        bench, ("fax",), ("createdby", "domainname"), ("owninguser",), ("accountid",), **config
    )
    done = bench.run(**config, catalog=catalog)
    [record] = done.records("accounts")
    assert set(record) == {"accountid", "name", "telephone1", "createdby"}
    assert set(record["createdby"]) == {"fullname"}
    assert set(done.schema("accounts")["schema"]["properties"]) == set(record)
    [path] = bench.reads("/accounts?")
    assert "$select=accountid,name,telephone1&" in path
    assert "owninguser" not in path
    assert "domainname" not in path


def test_the_catalog_may_choose_the_method(bench: Any) -> None:
    bench.account(name="one")
    config = {"streams": ["accounts"], "select": {"accounts": ["name"]}}
    catalog = catalog_of(bench, **config)
    catalog["streams"][0]["replication_method"] = "FULL_TABLE"
    done = bench.sync(**config, catalog=catalog)
    assert done.states()[-1] == {"bookmarks": {"accounts": {}}}
    assert "full_table mode" in done.log


def test_x_keywords_survive_the_catalog(bench: Any) -> None:
    config = {
        "streams": ["accounts"],
        "select": {"accounts": ["creditlimit", "statecode", "_createdby_value"]},
    }
    sent = bench.sync(**config, catalog=catalog_of(bench, **config)).schema("accounts")["schema"][
        "properties"
    ]
    assert sent["creditlimit"]["x-scale"] == 4
    assert sent["statecode"]["x-options"] == {"0": "Active", "1": "Inactive"}
    assert sent["_createdby_value"]["x-lookup"] == ["systemuser"]


def test_unselected_streams_are_not_even_described(bench: Any) -> None:
    bench.account(name="one")
    config = {"streams": ["accounts", "contacts"], "select": {"accounts": ["name"], "contacts": ["fullname"]}}
    catalog = catalog_of(bench, **config)
    [contacts] = [entry for entry in catalog["streams"] if entry["stream"] == "contacts"]
    [root] = [item for item in contacts["metadata"] if item["breadcrumb"] == []]
    root["metadata"]["selected"] = False
    done = bench.sync(**config, catalog=catalog)
    assert {message.get("stream") for message in done.messages} == {"accounts", None}
    assert bench.reads("/contacts?") == []


def test_stream_maps_take_the_slow_path_with_the_same_values(bench: Any) -> None:
    bench.account(name="kept", creditlimit=1234567890.12)
    bench.account(name="dropped")
    maps = {
        "accounts": {
            "__alias__": "companies",
            "__filter__": "name == 'kept'",
            "title": "name.upper()",
            "name": "__NULL__",
        }
    }
    done = bench.sync(streams=["accounts"], select={"accounts": ["name", "creditlimit"]}, stream_maps=maps)
    [record] = done.records("companies")
    assert record["title"] == "KEPT"
    assert str(record["creditlimit"]) == "1234567890.1200"
    assert "name" not in record
    assert done.schema("companies")["schema"]["properties"]["creditlimit"]["x-scale"] == 4


def test_flattening_takes_the_slow_path(bench: Any) -> None:
    bench.account(name="one")
    done = bench.sync(
        streams=["accounts"],
        select={"accounts": ["name"]},
        expand={"accounts": ["createdby.fullname"]},
        flattening_enabled=True,
        flattening_max_depth=1,
    )
    [record] = done.records("accounts")
    assert record["createdby__fullname"] == contact_owner(bench)


def test_text_arrives_as_it_was_written(bench: Any) -> None:
    names = ["Müller & Söhne", "B's Beverages", "東京商会", 'quote " and \\ backslash', "line\nbreak", "😀"]
    for name in names:
        bench.account(name=name)
    done = bench.run(streams=["accounts"], select={"accounts": ["name"]})
    assert sorted(record["name"] for record in done.records("accounts")) == sorted(names)


def test_streams_come_in_the_order_asked_for(bench: Any) -> None:
    """A target needs documents before their lines, whatever the alphabet says."""
    done = bench.sync(streams=["quotes", "quotedetails", "accounts"])
    described = [message["stream"] for message in done.messages if message["type"] == "SCHEMA"]
    assert described == ["quotes", "quotedetails", "accounts"]
    asked = ["quotes", "accounts"]
    catalog = bench.tap(streams=sorted(asked)).catalog_dict
    assert list(bench.tap(streams=asked, catalog=catalog).streams) == asked
