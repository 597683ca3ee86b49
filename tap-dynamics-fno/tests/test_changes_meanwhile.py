"""Rows that change while the pages of a `modified` read come: none is lost behind the bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

STAMPED: dict[str, Any] = {
    "streams": ["CustTableBiEntities"],
    "select": {"CustTableBiEntities": ["AccountNum"]},
    "companies": ["usmf"],
    "lookback_seconds": 0,
}


@pytest.fixture
def clock(bench: Any) -> Iterator[Any]:
    """The sandbox's clock, a minute behind: what the tap reads is never in its future."""
    bench.sandbox.clock.advance(minutes=-1)
    yield bench.sandbox.clock
    bench.sandbox.clock.real()


def test_a_row_that_changes_between_pages_pushes_no_other_out(bench: Any, clock: Any) -> None:
    """Read by time of change, it leaves its page for the end, and all rows after it move up by one."""
    made = [f"C{number:02}" for number in range(12)]
    for index, number in enumerate(made):
        row = {"dataAreaId": "usmf", "CustomerAccount": number, "OrganizationName": number}
        bench.call("POST", "CustomersV3", {**row, "CustomerGroupId": "10", "SalesCurrencyCode": "USD"})
        if index % 4 == 3:
            clock.advance(seconds=2)  # times of change have whole seconds
    change = {
        "environment": "fno",
        "method": "PATCH",
        "path": "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C00')",
        "json": {"SalesCurrencyCode": "EUR"},
    }
    second_page = r"CustTableBiEntities.*(skip|SysModifiedDateTime.{1,3}ge)"
    bench.sandbox.faults(environment="fno", method="GET", path=second_page, times=1, meanwhile=[change])
    first = bench.sync(**STAMPED)
    assert bench.sandbox.pending_faults() == []
    found = [each["AccountNum"] for each in first.records("CustTableBiEntities")]
    assert sorted(found) == ["C00", *made]  # as it was and as it is now
    second = bench.sync(**STAMPED, state=first.states()[-1])
    assert second.records("CustTableBiEntities") == []
