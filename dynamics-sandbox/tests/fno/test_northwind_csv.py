"""Northwind's files in F&O: released products, orders and lines with exact prices and discounts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.seeds.northwind_fno import import_folder

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Client

FILES = {
    "customers.csv": (
        "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax\n"
        "ISLAT,Island Trading,Helen Bennett,Manager,Garden House,Cowes,Isle of Wight,PO31 7PJ,UK,(198) 555,\n"
        "TOMSP,Toms Spezialitäten,Karin Josephs,Manager,Luisenstr. 48,Münster,,44087,Germany,0251,\n"
    ),
    "products.csv": (
        "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,discontinued\n"
        "11,Queso Cabrales,5,4,1 kg pkg.,21,0\n"
        "42,Singaporean Hokkien Fried Mee,20,5,32 - 1 kg pkgs.,9.80000019,1\n"
    ),
    "orders.csv": (
        "order_id,customer_id,order_date,required_date,freight,ship_name,ship_address,ship_city,ship_region,"
        "ship_postal_code,ship_country\n"
        "10249,TOMSP,1996-07-05,1996-08-16,11.6099997,Toms,Luisenstr. 48,Münster,,44087,Germany\n"
        "10315,ISLAT,1996-09-26,,41.76,Island Trading,Garden House,Cowes,Isle of Wight,PO31 7PJ,UK\n"
    ),
    "order_details.csv": (
        "order_id,product_id,unit_price,quantity,discount\n"
        "10249,42,9.80000019,10,0.150000006\n10315,11,14.415,3,0.25\n10249,11,14,12,0\n"
    ),
    "shippers.csv": "shipper_id\n1\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "northwind"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def test_products_orders_and_lines_arrive(fno: Client, folder: Path) -> None:
    notes = import_folder(fno.environment, folder, "usmf")
    assert notes == [
        "customers.csv: 2 rows",
        "products.csv: 2 rows",
        "orders.csv: 2 rows",
        "order_details.csv: 3 rows",
        "shippers.csv: ignored, nothing in F&O comes from it",
    ]
    products = {row["ProductNumber"]: row for row in fno.get("/data/SellableReleasedProducts").rows}
    assert products["42"]["ProductName"] == "Singaporean Hokkien Fried Mee"
    assert (products["42"]["SalesPrice"], products["42"]["SalesUnitSymbol"]) == (Decimal("9.8"), "ea")
    toms, island = fno.orders.header("10249"), fno.orders.header("10315")
    assert (toms["OrderingCustomerAccountNumber"], toms["RequestedShippingDate"]) == (
        "TOMSP",
        "1996-08-16T12:00:00Z",
    )
    assert (island["DeliveryAddressStateId"], island["DeliveryAddressCountryRegionISOCode"]) == (
        "Isle of Wi",
        "GB",
    )
    first, second = fno.orders.lines("10249")
    assert (first["LineCreationSequenceNumber"], first["ProductNumber"]) == (1, "42")
    assert (first["SalesPrice"], first["TotalDiscountAmount"]) == (Decimal("9.8"), Decimal("14.7"))
    assert first["LineAmount"] == Decimal("83.3")  # 98.00 - 14.70
    assert (second["LineCreationSequenceNumber"], second["LineAmount"]) == (2, 168)
    (line,) = fno.orders.lines("10315")
    # 14.415 is 14.42; a quarter of 43.26 is 10.815, so 10.82
    assert (line["SalesPrice"], line["TotalDiscountAmount"]) == (Decimal("14.42"), Decimal("10.82"))
    assert line["LineAmount"] == Decimal("32.44")


def test_a_second_time_changes_nothing(fno: Client, folder: Path) -> None:
    import_folder(fno.environment, folder, "usmf")
    before = fno.get("/data/CDSSalesOrderLines").rows
    assert import_folder(fno.environment, folder, "usmf")[3] == "order_details.csv: 0 rows"
    assert fno.get("/data/CDSSalesOrderLines").rows == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "42,9.80",
            "99,9.80",
            "line 2: Write failed .* 'SalesOrderLineCDSEntity'.*'99' in field 'Product number'",
        ),
        ("0.150000006", "much", "line 2: a number cannot be read."),
        (",discount\n", ",rebate\n", "line 2: column discount is missing."),
    ],
)
def test_a_bad_row_is_named_and_nothing_of_its_file_stays(
    fno: Client, folder: Path, old: str, new: str, message: str
) -> None:
    path = folder / "order_details.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(SandboxError, match=message):
        import_folder(fno.environment, folder, "usmf")
    assert fno.get("/data/CDSSalesOrderLines").rows == []
