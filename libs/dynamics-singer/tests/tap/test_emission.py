"""Rows to records: byte-exact values, names, nested objects, and JSON that is legal but awkward."""

from __future__ import annotations

import json

import msgspec
import pytest
from dynamics_singer.tap.emission import RecordCodec, chunks, record_frame
from dynamics_singer.tap.shape import Copied, Related
from msgspec import Raw

NUMBERS = ["0.10", "1234567890123.4567", "922337203685477.5807", "0.0000000000", "-100000000000.0000", "1E+2"]
CURRENCY = Related(
    navigation="transactioncurrencyid",
    name="transactioncurrencyid",
    id_column="_transactioncurrencyid_value",
    target_set="transactioncurrencies",
    target_id="transactioncurrencyid",
    parts=(Copied("isocurrencycode", "isocurrencycode"),),
)


def encoded(codec: RecordCodec, *rows: bytes) -> list[bytes]:
    """Each row on its own; the lines of all of them together must say the same."""
    raw = [Raw(row) for row in rows]
    alone = [codec.encode(record) for record in codec.decode(raw)]
    assert codec.encode_lines(codec.decode(raw)) == b"".join(record + b"\n" for record in alone)
    return alone


@pytest.mark.parametrize("number", NUMBERS)
def test_digits_leave_as_they_came(number: str) -> None:
    codec = RecordCodec([Copied("creditlimit", "creditlimit")])
    assert encoded(codec, f'{{"creditlimit":{number}}}'.encode()) == [f'{{"creditlimit":{number}}}'.encode()]


def test_annotations_and_unselected_columns_drop_out() -> None:
    codec = RecordCodec([Copied("name", "name")])
    row = b'{"@odata.etag":"W/1","accountid":"1","name":"A","name@Display.V1.FormattedValue":"A"}'
    assert encoded(codec, row) == [b'{"name":"A"}']


def test_null_stays_null_and_missing_stays_missing() -> None:
    codec = RecordCodec([Copied("name", "name"), Copied("fax", "fax")])
    assert encoded(codec, b'{"name":null}') == [b'{"name":null}']


def test_lookup_is_cut_down_to_what_was_asked() -> None:
    codec = RecordCodec([CURRENCY])
    row = b'{"transactioncurrencyid":{"@odata.etag":"x","isocurrencycode":"EUR","transactioncurrencyid":"1"}}'
    assert encoded(codec, row, b'{"transactioncurrencyid":null}') == [
        b'{"transactioncurrencyid":{"isocurrencycode":"EUR"}}',
        b'{"transactioncurrencyid":null}',
    ]


def test_names_change_at_every_depth() -> None:
    organization = Related(
        navigation="cdm_Organization",
        name="Organization",
        id_column="_cdm_organization_value",
        target_set="cdm_organizations",
        target_id="cdm_organizationid",
        parts=(Copied("cdm_organization_organizationid", "OrganizationId"),),
    )
    account = Related(
        navigation="cdm_Account",
        name="Account",
        id_column="_cdm_account_value",
        target_set="cdm_accounts",
        target_id="cdm_accountid",
        parts=(Copied("cdm_account_accountid", "AccountId"), organization),
    )
    codec = RecordCodec([Copied("cdm_fullname", "FullName"), account])
    row = (
        b'{"cdm_fullname":"Jo","cdm_Account":{"cdm_account_accountid":"A1",'
        b'"cdm_Organization":{"cdm_organization_organizationid":"ORG001"}}}'
    )
    nested = b'{"AccountId":"A1","Organization":{"OrganizationId":"ORG001"}}'
    assert encoded(codec, row) == [b'{"FullName":"Jo","Account":' + nested + b"}"]


def test_hidden_columns_can_be_read_and_never_leave() -> None:
    codec = RecordCodec([CURRENCY], expanded=False, hidden=["_transactioncurrencyid_value"])
    [record] = codec.decode([Raw(b'{"_transactioncurrencyid_value":"c-1"}')])
    assert codec.get(record, "_transactioncurrencyid_value") == b'"c-1"'
    codec.put(record, "transactioncurrencyid", Raw(b'{"isocurrencycode":"EUR"}'))
    assert codec.encode(record) == b'{"transactioncurrencyid":{"isocurrencycode":"EUR"}}'


def test_a_hidden_column_that_is_also_wanted_leaves() -> None:
    wanted = Copied("_transactioncurrencyid_value", "_transactioncurrencyid_value")
    codec = RecordCodec([wanted], hidden=["_transactioncurrencyid_value"])
    row = b'{"_transactioncurrencyid_value":"c-1"}'
    assert encoded(codec, row) == [row]


def test_line_ends_between_tokens_are_blanked() -> None:
    codec = RecordCodec([Copied("address", "address")])
    [record] = encoded(codec, b'{\r\n "address" : {"line1":\n"1 \\n 2"} }')
    assert b"\n" not in record
    assert json.loads(record) == {"address": {"line1": "1 \n 2"}}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (rb'"a\ud800"', rb'"a\ufffd"'),
        (rb'"a\ud800b"', rb'"a\ufffdb"'),
        (rb'"\udc00\ud800 and more"', rb'"\ufffd\ufffd and more"'),
        (rb'"\\ud800"', rb'"\\ud800"'),  # a backslash and the letters u d 8 0 0
        (rb'"\ud83d\ude00 \ud800."', rb'"\ud83d\ude00 \ufffd."'),
    ],
)
def test_half_a_surrogate_pair_becomes_the_replacement_character(sent: bytes, expected: bytes) -> None:
    codec = RecordCodec([Copied("name", "name"), Copied("size", "size")])
    assert encoded(codec, b'{"name":' + sent + b',"size":0.10}') == [
        b'{"name":' + expected + b',"size":0.10}'
    ]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    codec = RecordCodec([Copied("name", "name")])
    assert encoded(codec, b'{"name":"M\xfcller"}') == ['{"name":"M\ufffdller"}'.encode()]


def test_a_row_that_is_no_object_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        RecordCodec([Copied("name", "name")]).decode([Raw(b"[1]")])


def test_frame_gives_one_line_per_record() -> None:
    lines = record_frame('acc"ounts', "2024-05-01T00:00:00+00:00")(b'{"a":1.0}\n{"a":2}\n')
    assert lines.endswith(b"\n")
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"type": "RECORD", "stream": 'acc"ounts', "record": {"a": value},
         "time_extracted": "2024-05-01T00:00:00+00:00"} for value in (1.0, 2)
    ]  # fmt: skip
    assert b'{"a":1.0}' in lines


def test_no_records_make_no_line() -> None:
    assert record_frame("accounts", "now")(b"") == b""


def test_rows_are_cut_into_chunks_in_order() -> None:
    rows = [Raw(str(number).encode()) for number in range(5)]
    assert [[bytes(row) for row in chunk] for chunk in chunks(rows, 2)] == [
        [b"0", b"1"],
        [b"2", b"3"],
        [b"4"],
    ]


def test_one_awkward_row_does_not_change_its_neighbours() -> None:
    codec = RecordCodec([Copied("name", "name"), Copied("place", "place")])
    rows = [
        b'{"name":0.10,"place":{"a":\n1}}',
        rb'{"name":"\ud800"}',
        b'{"name":"M\xfcller"}',
        b'{"name":2.50}',
    ]
    assert encoded(codec, *rows) == [
        b'{"name":0.10,"place":{"a": 1}}',
        rb'{"name":"\ufffd"}',
        '{"name":"M\ufffdller"}'.encode(),
        b'{"name":2.50}',
    ]
