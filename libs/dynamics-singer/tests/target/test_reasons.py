"""What the log shows of rejects: kinds of faults, keys, but no content of rows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dynamics_singer.target.reasons import RejectLog, hide_values

ROW = {
    "CustomerAccount": "BSBEV",
    "CustomerGroupId": "99",
    "OrganizationName": "B's Beverages",
    "CreditLimit": Decimal("1234.50"),
    "Organization": {"OrganizationId": "ORG001"},
}


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (
            "The value '99' in field 'Customer group' is not found in the related table 'Customer groups'",
            "The value '…' in field 'Customer group' is not found in the related table 'Customer groups'",
        ),
        ("Name 'B's Beverages' is taken", "Name '…' is taken"),
        ("Name 'b''s beverages' is taken", "Name '…' is taken"),
        ("Limit 1234.50 is too high, 99 is not", "Limit … is too high, 99 is not"),
        ("Customer BSBEV exists", "Customer BSBEV exists"),
        ("No row 'ORG001' in\n Organization", "No row '…' in Organization"),
    ],
)
def test_values_are_hidden_and_keys_kept(reason: str, shown: str) -> None:
    assert hide_values(reason, ROW, ["BSBEV"]) == shown


def test_one_line_per_kind_of_fault() -> None:
    log = RejectLog()
    for number in range(5):
        key = ("usmf", f"C{number}")
        row = {"CustomerAccount": f"C{number}", "CustomerGroupId": f"9{number}"}
        log.add(f"The value '9{number}' of 'C{number}' is not found.", "AxODataWriteException", row, key)
    log.add("Field is blank", "blank_key", {}, ())
    first, second = log.lines("accounts-to-fno", "CustomersV3", "rejects/a.singer")
    assert first == (
        "accounts-to-fno CustomersV3: 5 rows rejected (AxODataWriteException): "
        "The value '…' of 'C0' is not found. Keys: usmf/C0, usmf/C1, usmf/C2, …. Kept in rejects/a.singer"
    )
    assert second == (
        "accounts-to-fno CustomersV3: 1 row rejected (blank_key): Field is blank. "
        "Keys: (no usable key). Kept in rejects/a.singer"
    )
