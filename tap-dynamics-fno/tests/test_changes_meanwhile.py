"""Rows that change while the pages of a `modified` read come: none is lost behind the bookmark."""

from __future__ import annotations

import time
from typing import Any

STAMPED: dict[str, Any] = {
    "streams": ["CustTableBiEntities"],
    "select": {"CustTableBiEntities": ["AccountNum"]},
    "companies": ["usmf"],
    "lookback_seconds": 0,
}


def test_a_row_that_changes_between_pages_pushes_no_other_out(bench: Any) -> None:
    """Read by time of change, it leaves its page for the end, and all rows after it move up by one."""
    made = [f"C{number:02}" for number in range(12)]
    for index, number in enumerate(made):
        row = {"dataAreaId": "usmf", "CustomerAccount": number, "OrganizationName": number}
        bench.call("POST", "CustomersV3", {**row, "CustomerGroupId": "10", "SalesCurrencyCode": "USD"})
        if index % 4 == 3:
            time.sleep(1.1)  # times of change have whole seconds
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
