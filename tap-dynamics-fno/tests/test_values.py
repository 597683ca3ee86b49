"""F&O's values in records: nulls for what is empty, days for noons, and every digit and quote as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_singer.tap.encoding import Encoder
from dynamics_singer.tap.shape import Copied
from msgspec import Raw
from tap_dynamics_fno.values import FnoValues

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import FnoEntity

FULL = {
    "dataAreaId": "usmf",
    "Number": "N-1",
    "Note": "text",
    "Amount": 1.5,
    "Row": "5e4bd0c1-0000-0000-0000-000000000001",
    "InvoiceDate": "2024-05-01T12:00:00Z",
    "ChangedDateTime": "2024-05-01T12:00:00Z",
    "Status": "Backorder",
}
EMPTY = {
    "dataAreaId": "usmf",
    "Number": "N-2",
    "Note": "",
    "Amount": 0,
    "Row": "00000000-0000-0000-0000-000000000000",
    "InvoiceDate": "1900-01-01T12:00:00Z",
    "ChangedDateTime": "1900-01-01T00:00:00Z",
    "Status": "None",
}


def lines(entity: FnoEntity, *rows: bytes, empty_as_null: bool = True) -> list[bytes]:
    parts = tuple(Copied(name, name) for name in entity.properties)
    encoder = Encoder(parts, None, FnoValues(entity, parts, empty_as_null=empty_as_null))
    return b"".join(text for text, _ in encoder.encoded([Raw(row) for row in rows])).splitlines()


def record(entity: FnoEntity, row: dict[str, Any], **how: bool) -> dict[str, Any]:
    [line] = lines(entity, json.dumps(row, separators=(",", ":")).encode(), **how)
    found: dict[str, Any] = json.loads(line)
    return found


def test_full_values(entity: FnoEntity) -> None:
    assert record(entity, FULL) == {**FULL, "InvoiceDate": "2024-05-01"}


def test_empty_values(entity: FnoEntity) -> None:
    nulls = {"Note": None, "Row": None, "InvoiceDate": None, "ChangedDateTime": None}
    assert record(entity, EMPTY) == {**EMPTY, **nulls}
    assert record(entity, EMPTY, empty_as_null=False) == {**EMPTY, "InvoiceDate": "1900-01-01"}


def test_an_empty_text_in_a_key_stays(entity: FnoEntity) -> None:
    assert record(entity, {**EMPTY, "Number": ""})["Number"] == ""


@pytest.mark.parametrize(
    "note",
    ['say:""', ':""', '"":""', 'x":"', '\\":\\"\\"', "1900-01-01T12:00:00Z", "null", "ends with T12:00:00Z"],
)
def test_texts_that_look_like_empty_values(entity: FnoEntity, note: str) -> None:
    assert record(entity, {**FULL, "Note": note, "Number": note})["Note"] == note
    assert record(entity, {**FULL, "Note": note, "Number": note})["Number"] == note


def test_digits_stay(entity: FnoEntity) -> None:
    row = b'{"dataAreaId":"usmf","Number":"1","Amount":1234567890123.4500,"Id":9007199254740993}'
    [line] = lines(entity, row)
    assert line == row


def test_an_instant_at_noon_is_no_date(entity: FnoEntity) -> None:
    assert record(entity, FULL)["ChangedDateTime"] == "2024-05-01T12:00:00Z"
    assert record(entity, {**FULL, "InvoiceDate": None})["InvoiceDate"] is None
