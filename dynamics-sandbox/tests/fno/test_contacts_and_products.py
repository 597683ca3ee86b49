"""Contact persons belong to customers; products are released, made distinct and sellable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.fno.orders.advance import run_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Answer, Client

CONTACTS = "/data/CDSContactPersonsV2"
TYPE = "Microsoft.Dynamics.DataEntities.smmContactPersonCDSAssociatedContactType"


def contact(fno: Client, **fields: Any) -> Answer:
    least = {"AssociatedContactType": "Customer", "AssociatedContactNumber": "US-001", "LastName": "Diaz"}
    return fno.post(CONTACTS, {**least, **fields})


def test_a_contact_gets_numbers_name_and_party(demo: Client) -> None:
    row = contact(demo, FirstName="Ana", PrimaryAddressCountryRegionISOCode="ES").json
    assert row["PrimaryAddressCountryRegionId"] == "ESP"
    assert row["ContactPersonPartyType"] == "Person"
    full = demo.get(
        f"/data/ContactPersons(dataAreaId='usmf',ContactPersonId='{row['ContactPersonId']}')"
    ).json
    assert (full["ContactPersonName"], full["AssociatedPartyNumber"]) == ("Ana Diaz", "000000101")
    key = (
        f"dataAreaId='usmf',ContactPersonPartyNumber='{row['ContactPersonPartyNumber']}',"
        f"AssociatedContactType={TYPE}'Customer',AssociatedContactNumber='US-001'"
    )
    assert demo.patch(f"{CONTACTS}({key})", {"LastName": "Díaz"}).status == 204
    assert demo.get(f"{CONTACTS}({key})/LastName").json["value"] == "Díaz"


def test_the_first_contact_set_names_the_party_instead(demo: Client) -> None:
    sent = {"AssociatedPartyNumber": "000000103", "FirstName": "Bo", "ContactPersonPartyNumber": "000000999"}
    assert demo.post("/data/CDSContactPersons", sent).status == 201
    (row,) = demo.get(f"{CONTACTS}?$filter=ContactPersonPartyNumber eq '000000999'").rows
    assert (row["AssociatedContactType"], row["AssociatedContactNumber"]) == ("Customer", "US-003")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"AssociatedContactNumber": "US-9"}, "The value 'US-9' in field 'Contact for' is not found"),
        ({"AssociatedContactNumber": ""}, "Field 'Contact for' must be filled in."),
        ({"AssociatedContactType": "Vendor"}, "The value 'Vendor' in field 'Associated contact type'"),
        ({"LastName": ""}, "Field 'Last name' must be filled in."),
        ({"DecisionMakingRoleCode": "King"}, "The value 'King' in field 'Decision' is not found"),
        ({"LastName": "x" * 26}, "has 26 characters; the field takes 25."),
        ({"Gender": "NotSpecified"}, "Cannot convert the literal 'NotSpecified'"),
    ],
)
def test_contacts_that_are_refused(demo: Client, fields: dict[str, str], message: str) -> None:
    answer = contact(demo, **fields)
    assert answer.status == 400
    assert message in answer.problem


def test_a_customer_with_contacts_orders_or_a_role_stays(demo: Client) -> None:
    refused = demo.call("DELETE", "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='US-003')")
    assert "Customers cannot be deleted while dependent" in refused.problem


def release(fno: Client, number: str, **fields: Any) -> Answer:
    product = {
        "ProductNumber": number,
        "ProductName": "Lamp",
        "ProductType": "Item",
        "ProductSubType": "Product",
    }
    assert fno.post("/data/ProductsV2", product).status == 201
    units = {"SalesUnitSymbol": "ea", "InventoryUnitSymbol": "ea"}
    groups = {"ItemModelGroupId": "FIFO", "ProductGroupId": "Audio"}
    return fno.post("/data/ReleasedProductsV2", {"ItemNumber": number, **units, **groups, **fields})


def sellable(fno: Client) -> set[str]:
    return {row["ProductNumber"] for row in fno.get("/data/SellableReleasedProducts").rows}


def test_a_complete_released_product_can_be_sold(demo: Client) -> None:
    assert release(demo, "N-1", SalesPrice=12).status == 201
    assert release(demo, "N-2", SalesUnitSymbol="").status == 201
    assert {"N-1", "N-2"} & sellable(demo) == {"N-1"}
    key = "/data/ReleasedProductsV2(dataAreaId='usmf',ItemNumber='N-2')"
    assert demo.patch(key, {"SalesUnitSymbol": "pcs"}).status == 204
    assert "N-2" in sellable(demo)


def test_variants_are_products_of_their_own(demo: Client) -> None:
    assert {"T0001-BK", "T0001-WH"} <= sellable(demo)
    assert "T0001" not in sellable(demo)
    (row,) = demo.get("/data/CDSReleasedDistinctProducts?$filter=ProductNumber eq 'T0001-BK'").rows
    assert (row["ItemNumber"], row["ProductColorId"], row["SalesUnitSymbol"]) == ("T0001", "Black", "pcs")


def test_a_service_is_not_stocked_and_the_currency_is_the_ledgers(demo: Client) -> None:
    (row,) = demo.get("/data/SellableReleasedProducts?$filter=ProductNumber eq 'S0001'").rows
    assert (row["IsStockedProduct"], row["FieldServiceProductType"]) == ("No", "Service")
    assert (row["CurrencyCode"], row["SalesUnitDecimalPrecision"]) == ("USD", 2)


def test_released_products_need_their_product(demo: Client) -> None:
    answer = demo.post("/data/ReleasedProductsV2", {"ItemNumber": "GHOST"})
    assert (
        "The value 'GHOST' in field 'Product number' is not found in the related table 'Products'."
        in answer.problem
    )
    assert demo.post("/data/SellableReleasedProducts", {"ProductNumber": "D0001"}).status == 400


def test_distinct_products_can_wait_for_their_job(open_environment: Callable[..., Client]) -> None:
    fno = open_environment("none", distinct_products="job")
    release(fno, "N-1")
    assert sellable(fno) == set()
    assert (
        run_job(fno.environment, "populate-distinct-products")
        == "Distinct product table populated: 1 products."
    )
    assert sellable(fno) == {"N-1"}
