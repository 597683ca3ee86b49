"""Streams under Dataverse's names: columns, schemas, and expand paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.errors import SettingsError
from dynamics_singer.tap.shape import expand_option
from tap_dynamics_sales.plain import plain_shape
from tap_dynamics_sales.settings import ReadSettings

if TYPE_CHECKING:
    from tap_dynamics_sales.shape import StreamShape


def shape(sales: Any, *, stamped: bool = False, **settings: Any) -> StreamShape:
    return plain_shape(
        sales, sales.table("account"), ReadSettings(**settings), stamp="modifiedon" if stamped else ""
    )


def test_stream_is_named_and_keyed_as_dataverse_does(sales: Any) -> None:
    accounts = shape(sales)
    assert accounts.name == "accounts"
    assert accounts.key == ("accountid",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accountid", {"type": "string", "format": "uuid"}),
        ("name", {"type": ["string", "null"], "maxLength": 160}),
        (
            "creditlimit",
            {
                "type": ["number", "null"],
                "x-scale": 2,
                "minimum": 0,
                "maximum": 100000000000,
                "description": "Credit limit.",
            },
        ),
        ("statecode", {"type": ["integer", "null"], "x-options": {"0": "Active", "1": "Inactive"}}),
        ("lastonholdtime", {"type": ["string", "null"], "format": "date"}),
        ("modifiedon", {"type": ["string", "null"], "format": "date-time"}),
        ("donotphone", {"type": ["boolean", "null"]}),
        ("versionnumber", {"type": ["integer", "null"]}),
        (
            "_primarycontactid_value",
            {"type": ["string", "null"], "format": "uuid", "x-lookup": ["contact"]},
        ),
    ],
)
def test_columns_have_their_types(sales: Any, name: str, expected: dict[str, Any]) -> None:
    assert shape(sales).properties[name] == expected


def test_unreadable_columns_and_images_stay_out(sales: Any) -> None:
    assert {"secret", "entityimage"}.isdisjoint(shape(sales).properties)


def test_an_image_is_offered_by_name(sales: Any) -> None:
    chosen = shape(sales, select={"accounts": ("entityimage",)}).properties
    assert chosen["entityimage"] == {"type": ["string", "null"], "contentEncoding": "base64"}


def test_select_keeps_key_and_time_of_change(sales: Any) -> None:
    assert list(shape(sales, select={"accounts": ("name",)}).properties) == ["accountid", "name"]
    stamped = shape(sales, select={"accounts": ("name",)}, stamped=True)
    assert list(stamped.properties) == ["accountid", "modifiedon", "name"]


def test_unknown_column_names_setting_stream_and_nearest(sales: Any) -> None:
    with pytest.raises(SettingsError, match=r"`select`, stream `accounts`.*'acountnumber'.*accountnumber"):
        shape(sales, select={"accounts": ("acountnumber",)})


def test_expand_paths_become_nested_objects(sales: Any) -> None:
    accounts = shape(
        sales,
        select={"accounts": ()},
        expand={
            "accounts": (
                "transactioncurrencyid.isocurrencycode",
                "primarycontactid.fullname",
                "primarycontactid.transactioncurrencyid.isocurrencycode",
            )
        },
    )
    assert expand_option(accounts.parts) == (
        "transactioncurrencyid($select=isocurrencycode),"
        "primarycontactid($select=fullname;$expand=transactioncurrencyid($select=isocurrencycode))"
    )
    currency = {
        "type": ["object", "null"],
        "properties": {"isocurrencycode": {"type": ["string", "null"], "maxLength": 5}},
        "x-lookup": ["transactioncurrency"],
    }
    assert accounts.properties["transactioncurrencyid"] == currency
    assert accounts.properties["primarycontactid"]["properties"]["transactioncurrencyid"] == currency


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("transactioncurencyid.isocurrencycode", r"no lookup 'transactioncurencyid'.*transactioncurrencyid"),
        ("transactioncurrencyid.isocode", r"has no readable column 'isocode'.*isocurrencycode"),
        ("primarycontactid.account.name", r"contact has no lookup 'account'"),
        ("transactioncurrencyid", r"names no column of the related row"),
    ],
)
def test_a_wrong_path_names_setting_stream_path_and_nearest(sales: Any, path: str, message: str) -> None:
    with pytest.raises(SettingsError, match=rf"`expand`, stream `accounts`.*{path}.*"):
        shape(sales, expand={"accounts": (path,)})
    with pytest.raises(SettingsError, match=message):
        shape(sales, expand={"accounts": (path,)})
