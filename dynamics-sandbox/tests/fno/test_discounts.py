"""The discount of a line: kept per unit in cents, the rest as a charge, the whole of it exact."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.fno.orders.amounts import CENT, allocated, rounded

if TYPE_CHECKING:
    from conftest import Client

WHOLE = Decimal(1)


@pytest.mark.parametrize(
    ("quantity", "discount", "per_unit", "charge", "net"),
    [
        # Price 100 each. The documented example: 3 pieces, 10.00 off.
        ("3", "10.00", "3.33", "-0.01", "290"),
        ("4", "10", "2.5", "0", "390"),
        ("7", "0.01", "0", "-0.01", "699.99"),
        ("7", "0.03", "0", "-0.03", "699.97"),
        ("7", "0.04", "0.01", "0.03", "699.96"),
        ("0.5", "1.01", "2.02", "0", "48.99"),
        ("2.5", "10.01", "4", "-0.01", "239.99"),
        ("3", "10.005", "3.34", "0.015", "290"),
        ("0", "12.34", "0", "-12.34", "-12.34"),
        ("0", "0", "0", "0", "0"),
        ("-3", "-10", "3.33", "0.01", "-290"),
        ("-3", "10", "-3.33", "-0.01", "-310"),
        ("1", "100", "100", "0", "0"),
    ],
)
def test_a_total_discount_is_split(
    demo: Client, quantity: str, discount: str, per_unit: str, charge: str, net: str
) -> None:
    demo.orders.post()
    answer = demo.orders.line(1, "D0001", quantity, SalesPrice="100", TotalDiscountAmount=discount)
    row = answer.json
    assert row["LineDiscountAmount"] == Decimal(per_unit)
    assert row["FixedPriceCharges"] == Decimal(charge)
    assert row["LineAmount"] == Decimal(net)
    back = Decimal(quantity) * row["LineDiscountAmount"] - row["FixedPriceCharges"]
    assert back == row["TotalDiscountAmount"] == Decimal(discount)


def test_a_changed_quantity_keeps_the_discount_per_unit(demo: Client) -> None:
    demo.orders.post()
    demo.orders.line(1, "D0001", "3", SalesPrice="100", TotalDiscountAmount="10")
    key = "/data/CDSSalesOrderLines(dataAreaId='usmf',SalesOrderNumber='SO-1',LineCreationSequenceNumber=1)"
    assert demo.patch(key, {"OrderedSalesQuantity": 6}).status == 204
    (row,) = demo.orders.lines()
    assert row["LineDiscountAmount"] == Decimal("3.33")
    assert row["TotalDiscountAmount"] == Decimal("19.99")  # 6 * 3.33 + 0.01
    assert demo.patch(key, {"OrderedSalesQuantity": 4, "TotalDiscountAmount": 10}).status == 204
    (row,) = demo.orders.lines()
    assert (row["LineDiscountAmount"], row["FixedPriceCharges"]) == (Decimal("2.5"), 0)


def test_discounts_per_unit_and_in_percent(demo: Client) -> None:
    demo.orders.post()
    row = demo.orders.line(
        1, "D0001", "3", SalesPrice="19.99", LineDiscountAmount="0.49", LineDiscountPercentage="10"
    ).json
    assert row["LineAmount"] == Decimal("52.65")  # 3 * 19.50 = 58.50, less 10 %
    assert row["TotalDiscountAmount"] == Decimal("7.32")  # 59.97 - 52.65


def test_line_amounts_are_rounded_half_up_to_what_the_currency_says(demo: Client) -> None:
    demo.orders.post()
    assert demo.orders.line(1, "P0001", "0.005", SalesPrice="1").json["LineAmount"] == Decimal("0.01")
    assert demo.orders.line(2, "P0001", "12.5", SalesPrice="7.333").json["LineAmount"] == Decimal("91.66")
    demo.patch("/data/Currencies(CurrencyCode='USD')", {"GeneralRoundingRule": 1})
    assert demo.orders.line(3, "P0001", "12.5", SalesPrice="7.333").json["LineAmount"] == 92


def test_the_sent_line_amount_and_totals_are_taken_and_ignored(demo: Client) -> None:
    answer = demo.orders.post(OrderTotalAmount=4711)
    assert (answer.status, answer.json["OrderTotalAmount"]) == (201, 0)
    row = demo.orders.line(1, "D0001", "2", SalesPrice="10", LineAmount="4711")
    assert row.json["LineAmount"] == 20
    assert demo.orders.header()["OrderTotalAmount"] == 0


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        ("10", ["1", "1", "1"], ["3.33", "3.33", "3.34"]),
        ("10", ["0", "1", "2", "0"], ["0", "3.33", "6.67", "0"]),
        ("0.01", ["5", "5"], ["0.01", "0"]),
        ("10", ["0", "0"], ["5", "5"]),
        ("-10", ["3"], ["-10"]),
        ("10", [], []),
    ],
)
def test_an_amount_is_spread_to_the_cent(amount: str, weights: list[str], shares: list[str]) -> None:
    found = allocated(Decimal(amount), [Decimal(weight) for weight in weights], CENT)
    assert found == [Decimal(share) for share in shares]


def test_rounding_is_half_up_for_both_signs() -> None:
    assert [rounded(Decimal(text)) for text in ("0.005", "-0.005", "0.0049")] == [
        Decimal("0.01"),
        Decimal("-0.01"),
        Decimal("0.00"),
    ]
    assert rounded(Decimal("12345678901234567890.125")) == Decimal("12345678901234567890.13")
    assert rounded(Decimal("2.5"), WHOLE) == 3
