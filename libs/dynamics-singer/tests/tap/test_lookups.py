"""Bulk resolution of lookups, against a hand-written table of targets."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dynamics_odata.paging import Page
from dynamics_singer.tap.emission import RecordCodec
from dynamics_singer.tap.lookups import BulkLookup
from dynamics_singer.tap.shape import Copied, Related
from msgspec import Raw

if TYPE_CHECKING:
    from collections.abc import Iterator

CURRENCY = Related(
    navigation="transactioncurrencyid",
    name="Currency",
    id_column="_transactioncurrencyid_value",
    target_set="transactioncurrencies",
    target_id="transactioncurrencyid",
    parts=(Copied("isocurrencycode", "Code"), Copied("exchangerate", "Rate")),
)
GUID = "00000000-0000-0000-0000-{:012d}"


class Targets:
    """Answers queries by id, two rows a page, and keeps what it was asked."""

    def __init__(self, rows: dict[str, str]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def __call__(self, url: str) -> Iterator[Page]:
        self.asked.append(url)
        ids = re.findall(r"[0-9a-f-]{36}", unquote(url))
        found = [Raw(self.rows[each].encode()) for each in ids if each in self.rows]
        for start in range(0, max(len(found), 1), 2):
            yield Page(found[start : start + 2], None, None, "", b"")


def target(number: int, code: str, rate: str = "1.0000000000") -> tuple[str, str]:
    key = GUID.format(number)
    return key, f'{{"isocurrencycode":"{code}","exchangerate":{rate},"transactioncurrencyid":"{key}"}}'


def filled(lookup: BulkLookup, *ids: str | None) -> list[bytes]:
    codec = RecordCodec([CURRENCY], expanded=False, hidden=[CURRENCY.id_column])
    rows = [Raw(json.dumps({CURRENCY.id_column: each}).encode()) for each in ids]
    records = codec.decode(rows)
    lookup.fill(codec, records)
    return [codec.encode(record) for record in records]


def test_objects_are_filled_in_by_id_with_their_digits() -> None:
    targets = Targets(dict([target(1, "EUR", "0.9000000000"), target(2, "USD"), target(3, "GBP")]))
    result = filled(BulkLookup(CURRENCY, targets), GUID.format(2), None, GUID.format(1), GUID.format(3))
    assert result == [
        b'{"Currency":{"Code":"USD","Rate":1.0000000000}}',
        b'{"Currency":null}',
        b'{"Currency":{"Code":"EUR","Rate":0.9000000000}}',
        b'{"Currency":{"Code":"GBP","Rate":1.0000000000}}',
    ]


def test_each_id_is_asked_for_once_a_run() -> None:
    targets = Targets(dict([target(1, "EUR")]))
    lookup = BulkLookup(CURRENCY, targets)
    for _ in range(3):
        filled(lookup, GUID.format(1), GUID.format(9))
    assert len(targets.asked) == 1


def test_an_id_that_leads_nowhere_gives_null() -> None:
    assert filled(BulkLookup(CURRENCY, Targets({})), GUID.format(9)) == [b'{"Currency":null}']


def test_rows_without_lookups_ask_nothing() -> None:
    targets = Targets({})
    filled(BulkLookup(CURRENCY, targets), None, None)
    assert targets.asked == []


def test_many_ids_are_split_into_urls_of_bearable_length() -> None:
    everything = dict(target(number, f"C{number}") for number in range(600))
    targets = Targets(everything)
    result = filled(BulkLookup(CURRENCY, targets), *everything)
    assert [json.loads(each)["Currency"]["Code"] for each in result] == [
        f"C{number}" for number in range(600)
    ]
    assert all(len(url) <= 16_000 for url in targets.asked)
    assert len(targets.asked) <= 6


def test_the_query_selects_what_is_needed_and_the_id() -> None:
    targets = Targets({})
    filled(BulkLookup(CURRENCY, targets), GUID.format(9))
    [url] = [unquote(each) for each in targets.asked]
    assert url == (
        "transactioncurrencies?$select=isocurrencycode,exchangerate,transactioncurrencyid"
        f"&$filter=transactioncurrencyid eq {GUID.format(9)}"
    )
