"""Values survive the way from the wire to Python and back, digit for digit."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from dynamics_odata import edm

# What the services send for money and quantities: up to 19 digits, and trailing zeros that mean something.
DECIMALS = [
    "922337203685477.5807",
    "-922337203685477.5808",
    "0.10",
    "0.0000000000",
    "1200.5000",
    "1234567890123.4567",
    "-0.01",
    "7",
    "100000000000",
]


@pytest.mark.parametrize("text", DECIMALS)
def test_decimals_keep_every_digit(text: str) -> None:
    assert edm.decimal_text(edm.parse_decimal(text)) == text


@pytest.mark.parametrize("text", DECIMALS)
def test_decimals_keep_every_digit_through_json(text: str) -> None:
    parsed = json.loads(f"[{text}]", parse_float=Decimal)[0]
    assert edm.decimal_text(edm.parse_decimal(parsed)) == text


@pytest.mark.parametrize(
    ("exponent", "plain"),
    [("1E+3", "1000"), ("0E-10", "0.0000000000"), ("1.5e-3", "0.0015"), ("-2E2", "-200")],
)
def test_exponents_are_written_out(exponent: str, plain: str) -> None:
    assert edm.decimal_text(edm.parse_decimal(exponent)) == plain


@pytest.mark.parametrize("bad", [1.5, True, "NaN", "Infinity", "1,5", "", "0x10", "١٢", None, Decimal("NaN")])
def test_what_is_no_exact_decimal_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="decimal"):
        edm.parse_decimal(bad)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("-9223372036854775808", -9223372036854775808),
        (4294967296, 4294967296),
        ("0", 0),
    ],
)
def test_int64_limits(value: object, number: int) -> None:
    assert edm.parse_int64(value) == number


@pytest.mark.parametrize(
    "bad", ["9223372036854775808", -9223372036854775809, "1.0", "", 1.0, True, "12345678901234567890"]
)
def test_beyond_int64_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"64 bits|whole number"):
        edm.parse_int64(bad)


# Central Europe leaves summer time on 2024-10-27: 02:30 happens twice, an hour apart.
INSTANTS = [
    ("2024-10-27T02:30:00+02:00", "2024-10-27T00:30:00Z"),
    ("2024-10-27T02:30:00+01:00", "2024-10-27T01:30:00Z"),
    ("2024-03-31T03:00:00+02:00", "2024-03-31T01:00:00Z"),
    ("2024-03-31T01:59:59+01:00", "2024-03-31T00:59:59Z"),
    ("2024-02-29T23:30:00-05:00", "2024-03-01T04:30:00Z"),
    ("2026-01-31T09:15:00Z", "2026-01-31T09:15:00Z"),
    ("2026-01-31T09:15:00", "2026-01-31T09:15:00Z"),
    ("2026-01-31 09:15Z", "2026-01-31T09:15:00Z"),
    ("2026-01-31T09:15:00.120Z", "2026-01-31T09:15:00.12Z"),
    ("2026-01-31T09:15:00.1234567Z", "2026-01-31T09:15:00.123456Z"),
    ("2026-01-31T09:15:59.9999999Z", "2026-01-31T09:15:59.999999Z"),
    ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
    ("2154-12-31T23:59:59Z", "2154-12-31T23:59:59Z"),
    ("2026-06-01T00:00:00+0530", "2026-05-31T18:30:00Z"),
]


@pytest.mark.parametrize(("text", "utc"), INSTANTS)
def test_instants_become_utc(text: str, utc: str) -> None:
    instant = edm.parse_instant(text)
    assert instant.tzinfo is timezone.utc
    assert edm.instant_text(instant) == utc


@pytest.mark.parametrize(
    "bad",
    [
        "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-01-01",
        "01.02.2024 10:00",
        "2024-01-01T25:00:00Z",
        "2024-01-01T00:00:00+99:00",
        "0001-01-01T00:00:00+10:00",
        "",
    ],
)
def test_what_is_no_instant_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        edm.parse_instant(bad)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        edm.instant_text(datetime(2024, 1, 1))  # noqa: DTZ001 - the naive datetime is the point


def test_an_instant_in_another_zone_is_written_in_utc() -> None:
    zone = timezone(timedelta(hours=-8))
    assert edm.instant_text(datetime(2024, 12, 31, 20, 0, tzinfo=zone)) == "2025-01-01T04:00:00Z"
    assert edm.date_text(datetime(2024, 12, 31, 20, 0, tzinfo=zone)) == "2025-01-01"


def test_dates_carry_no_time() -> None:
    assert edm.parse_date("2024-02-29") == date(2024, 2, 29)
    assert edm.date_text(date(2024, 2, 29)) == "2024-02-29"
    for bad in ("2024-02-29T00:00:00Z", "2023-02-29", "20240229", "2024-2-9"):
        with pytest.raises(ValueError, match=r".+"):
            edm.parse_date(bad)


@pytest.mark.parametrize(
    ("wire", "day"),
    [
        ("2026-01-31T12:00:00Z", date(2026, 1, 31)),
        ("2026-01-31", date(2026, 1, 31)),
        ("1900-01-01T12:00:00Z", None),
        ("1900-01-01T00:00:00Z", None),
    ],
)
def test_fno_dates_are_read_from_noon_utc(wire: str, day: date | None) -> None:
    assert edm.parse_fno_date(wire) == day


@pytest.mark.parametrize(
    ("day", "wire"),
    [
        (date(2026, 1, 31), "2026-01-31T12:00:00Z"),
        (date(2024, 2, 29), "2024-02-29T12:00:00Z"),
        (None, "1900-01-01T12:00:00Z"),
        (datetime(2026, 1, 31, 23, 30, tzinfo=timezone(timedelta(hours=-2))), "2026-02-01T12:00:00Z"),
    ],
)
def test_fno_dates_are_written_at_noon_utc(day: date | None, wire: str) -> None:
    assert edm.fno_date_text(day) == wire


def test_fno_empties() -> None:
    assert edm.is_fno_empty("1900-01-01T12:00:00Z")
    assert edm.is_fno_empty("1900-01-01T00:00:00Z")
    assert not edm.is_fno_empty("1990-01-01T00:00:00Z")


def test_guids_are_bare_and_lower_case() -> None:
    bare = "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert edm.guid_text("{0F8FAD5B-D9CB-469F-A165-70867728950E}") == bare
    assert edm.guid_text(UUID(bare)) == bare
    with pytest.raises(ValueError, match=r".+"):
        edm.guid_text("ACC-01000")
