"""The BI sets: stamp and version of a business table move when that table is written, and only then."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.clock import Clock
from dynamics_sandbox.fno.environment import FnoEnvironment
from dynamics_sandbox.fno.settings import FnoSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Client

START = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.timezone.utc)
CUSTOMER = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')"
ORDER = "/data/CDSSalesOrderHeaders(dataAreaId='usmf',SalesOrderNumber='000701')"


@pytest.fixture
def clock() -> Clock:
    clock = Clock(real=lambda: START)
    clock.freeze()
    return clock


@pytest.fixture
def timed(clock: Clock, tmp_path: Path, client_of: Callable[[FnoEnvironment], Client]) -> Iterator[Client]:
    """The demo rows, all written at the start of the clock."""
    environment = FnoEnvironment.open(
        tmp_path / "timed.sqlite",
        url="https://fno.example.com",
        settings=FnoSettings(client_id="99999999-8888-7777-6666-555555555555"),
        clock=clock,
    )
    environment.reset("demo")
    clock.advance(dt.timedelta(hours=1))
    yield client_of(environment)
    environment.close()


def changed(fno: Client, entity_set: str) -> list[dict[str, Any]]:
    """What an incremental reader sees of everything after the start."""
    return fno.get(f"/data/{entity_set}?$filter=SysModifiedDateTime gt 2026-03-01T08:00:00Z").rows


def test_a_written_customer_is_seen(timed: Client) -> None:
    assert changed(timed, "CustTableBiEntities") == []
    assert timed.patch(CUSTOMER, {"CreditLimit": 1}).status == 204
    (row,) = changed(timed, "CustTableBiEntities")
    assert (row["AccountNum"], row["SysModifiedDateTime"]) == ("US-001", "2026-03-01T09:00:00Z")
    assert row["SysRecVersion"] > 1


def test_an_address_does_not_touch_the_customer(timed: Client) -> None:
    etag = timed.get(CUSTOMER).json["@odata.etag"]
    assert timed.patch(CUSTOMER, {"AddressStreet": "1 New Road", "PrimaryContactPhone": "1"}).status == 204
    assert timed.get(CUSTOMER).json["@odata.etag"] != etag
    assert changed(timed, "CustTableBiEntities") == []
    (address,) = changed(timed, "LogisticsPostalAddressBiEntities")
    assert address["Street"] == "1 New Road"


def test_the_totals_job_moves_no_stamp(timed: Client) -> None:
    timed.orders.advance("totals", "000701")
    assert timed.get(ORDER).json["AreTotalsUpdated"] == "Yes"
    assert changed(timed, "SalesTableBiEntities") == []
    assert changed(timed, "SalesLineBiEntities") == []


def test_a_document_moves_order_and_lines_as_far_as_they_change(timed: Client) -> None:
    timed.orders.advance("confirm", "000701")
    assert [row["SalesId"] for row in changed(timed, "SalesTableBiEntities")] == ["000701"]
    assert changed(timed, "SalesLineBiEntities") == []
    timed.orders.advance("invoice", "000701", lines={2: "1"})
    (line,) = changed(timed, "SalesLineBiEntities")
    assert (line["SalesId"], line["LineCreationSequenceNumber"]) == ("000701", 2)
    (invoice,) = changed(timed, "CustInvoiceJourBiEntities")
    (posted,) = changed(timed, "CustInvoiceTransBiEntities")
    assert (invoice["InvoiceId"], posted["InvoiceId"], posted["Qty"]) == ("CIV-000001", "CIV-000001", 1)


def test_products_and_warehouses(timed: Client) -> None:
    timed.patch("/data/ReleasedProductsV2(dataAreaId='usmf',ItemNumber='D0001')", {"SalesPrice": 1})
    timed.patch("/data/ProductsV2(ProductNumber='D0003')", {"ProductName": "Renamed"})
    assert [row["ItemId"] for row in changed(timed, "InventTableBiEntities")] == ["D0001"]
    timed.patch("/data/Warehouses(dataAreaId='usmf',WarehouseId='13')", {"WarehouseName": "Main"})
    timed.patch("/data/Warehouses(dataAreaId='usmf',WarehouseId='11')", {"PrimaryAddressCity": "Rome"})
    assert [row["InventLocationId"] for row in changed(timed, "InventLocationBiEntities")] == ["13"]


def test_bi_rows_cannot_be_written(timed: Client) -> None:
    refused = timed.patch(
        "/data/CustTableBiEntities(dataAreaId='usmf',AccountNum='US-001')", {"Currency": "EUR"}
    )
    assert "read-only" in refused.problem


def test_a_lag_hides_what_was_written_just_now(timed: Client, clock: Clock) -> None:
    timed.environment.settings.bi_delay_seconds = 60
    assert timed.patch(CUSTOMER, {"CreditLimit": 2}).status == 204
    assert changed(timed, "CustTableBiEntities") == []
    assert timed.get(CUSTOMER).json["CreditLimit"] == 2
    clock.advance(dt.timedelta(seconds=60))
    assert [row["AccountNum"] for row in changed(timed, "CustTableBiEntities")] == ["US-001"]


def test_a_table_without_stamp_says_1900(timed: Client) -> None:
    timed.environment.settings.tables_without_stamp = frozenset({"CustTable"})
    assert timed.patch(CUSTOMER, {"CreditLimit": 3}).status == 204
    row = timed.get("/data/CustTableBiEntities(dataAreaId='usmf',AccountNum='US-001')").json
    assert row["SysModifiedDateTime"] == "1900-01-01T00:00:00Z"
    assert row["SysRecVersion"] > 1
