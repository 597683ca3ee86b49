"""Writes that are refused: the texts, and that nothing is left behind (…/data-entities/odata)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Client

ROW = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"
AOT = "CustCustomerV3Entity"


def infolog(*entries: str, aot: str = AOT) -> str:
    """The text of a refused write, composed as public error bodies are."""
    return f"Write failed for table row of type '{aot}'. Infolog: {'; '.join(entries)}."


def field_failed(field: str, text: str) -> str:
    return infolog(f"Warning: {text}", f"Warning: validateField failed on field '{AOT}.{field}'")


def row_failed(*texts: str) -> str:
    after = "Warning: validateWrite failed on data source 'CustTable (CustTable)'"
    return infolog(*(entry for text in texts for entry in (f"Warning: {text}", after)))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"CustomerGroupId": "XX"},
            field_failed(
                "CustomerGroupId",
                "The value 'XX' in field 'Customer group' is not found in the related table "
                "'Customer groups'.",
            ),
        ),
        (
            {"SalesCurrencyCode": "XXX"},
            field_failed(
                "SalesCurrencyCode",
                "The value 'XXX' in field 'Currency' is not found in the related table 'Currencies'.",
            ),
        ),
        (
            {"SiteId": "9"},
            field_failed(
                "SiteId", "The value '9' in field 'Site' is not found in the related table 'Sites'."
            ),
        ),
        (
            {"WarehouseId": "99"},
            field_failed(
                "WarehouseId",
                "The value '99' in field 'Warehouse' is not found in the related table 'Warehouses'.",
            ),
        ),
        (
            {"LanguageId": "xx-yy"},
            field_failed(
                "LanguageId",
                "The value 'xx-yy' in field 'Language' is not found in the related table 'Languages'.",
            ),
        ),
        (
            {"PaymentTerms": "Net99"},
            field_failed(
                "PaymentTerms",
                "The value 'Net99' in field 'Terms of payment' is not found in the related table "
                "'Terms of payment'.",
            ),
        ),
        (
            {"dataAreaId": "zzzz"},
            infolog(
                "Warning: The value 'zzzz' in field 'Company' is not found in the related table 'Companies'.",
                f"Warning: validateField failed on field '{AOT}.dataAreaId'",
                "Warning: The value '10' in field 'Customer group' is not found in the related table "
                "'Customer groups'.",
                f"Warning: validateField failed on field '{AOT}.CustomerGroupId'",
            ),
        ),
        (
            {"AddressCountryRegionISOCode": "QQ"},
            field_failed(
                "AddressCountryRegionISOCode",
                "The value 'QQ' in field 'ISO code' is not found in the related table 'Country/region'.",
            ),
        ),
        ({"CustomerGroupId": ""}, row_failed("Field 'Customer group' must be filled in.")),
        ({"CustomerAccount": ""}, row_failed("Field 'Customer account' must be filled in.")),
        ({"OrganizationName": " "}, row_failed("Field 'Name' must be filled in.")),
        (
            {"OrganizationName": "", "SalesCurrencyCode": None},
            row_failed("Field 'Currency' must be filled in.", "Field 'Name' must be filled in."),
        ),
        ({"AddressDescription": "Head office"}, row_failed("Field 'Country/region' must be filled in.")),
        ({"PartyType": "Person"}, row_failed("Field 'First name' must be filled in.")),
        (
            {"PartyType": "Robot"},
            field_failed("PartyType", "The value 'Robot' in field 'Type' is not valid."),
        ),
        (
            {"CustomerAccount": "A" * 21},
            field_failed(
                "CustomerAccount",
                "The text in field 'Customer account' has 21 characters; the field takes 20.",
            ),
        ),
        (
            {"AddressState": "Saint Petersburg"},
            field_failed(
                "AddressState", "The text in field 'Address state' has 16 characters; the field takes 10."
            ),
        ),
        (
            {"FullPrimaryAddress": "Somewhere"},
            field_failed("FullPrimaryAddress", "Field 'Full primary address' cannot be edited."),
        ),
    ],
)
def test_refused_rows_say_why(fno: Client, fields: dict[str, Any], text: str) -> None:
    answer = fno.customer("C-1", **fields)
    assert answer.status == 400
    assert answer.json["error"]["message"] == "An error has occurred."
    assert answer.json["error"]["innererror"]["type"].endswith("AxODataWriteException")
    assert answer.problem == text
    assert fno.get("/data/CustomersV3").rows == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            b'{"Fax":"1"}',
            (
                "The property 'Fax' does not exist on type 'Microsoft.Dynamics.DataEntities.CustomerV3'. "
                "Make sure to only use property names that are defined by the type."
            ),
        ),
        (
            b'{"IsExternallyMaintained":"yes"}',
            "Cannot convert the literal 'yes' to the expected type 'Microsoft.Dynamics.DataEntities.NoYes'.",
        ),
        (
            b'{"IsExternallyMaintained":1}',
            "Cannot convert the literal '1' to the expected type 'Microsoft.Dynamics.DataEntities.NoYes'.",
        ),
        (b'{"CreditLimit":"12"}', "Cannot convert the literal '12' to the expected type 'Edm.Decimal'."),
        (b'{"CreditLimit":true}', "Cannot convert the literal 'true' to the expected type 'Edm.Decimal'."),
        (b'{"CreditLimit":1e26}', "Cannot convert the literal '1E+26' to the expected type 'Edm.Decimal'."),
        (b'{"OrganizationName":5}', "Cannot convert the literal '5' to the expected type 'Edm.String'."),
        (b'{"ConsolidationDay":1.5}', "Cannot convert the literal '1.5' to the expected type 'Edm.Int32'."),
        (
            b'{"ConsolidationDay":2147483648}',
            "Cannot convert the literal '2147483648' to the expected type 'Edm.Int32'.",
        ),
        (
            b'{"CredManCustomerSince":"31.01.2026"}',
            "Cannot convert the literal '31.01.2026' to the expected type 'Edm.DateTimeOffset'.",
        ),
        (
            b'{"CredManCustomerSince":"2026-02-30T12:00:00Z"}',
            "Cannot convert the literal '2026-02-30T12:00:00Z' to the expected type 'Edm.DateTimeOffset'.",
        ),
        (
            b'{"CreditLimit":null}',
            (
                "A null value was found for the property named 'CreditLimit', which has the expected type "
                "'Edm.Decimal[Nullable=False]'. The expected type 'Edm.Decimal[Nullable=False]' "
                "does not allow null values."
            ),
        ),
        (b'["CreditLimit"]', "The JSON body is not an object."),
    ],
)
def test_bad_literals(fno: Client, body: bytes, text: str) -> None:
    fno.customer("C-1")
    answer = fno.call("PATCH", ROW, body)
    assert (answer.status, answer.problem) == (400, text)


def test_text_that_is_no_json_and_deep_insert(fno: Client) -> None:
    assert fno.call("POST", "/data/CustomersV3", b'{"CreditLimit":').status == 400
    nested = fno.post("/data/CustomersV3", {"CustomerAccount": "C-1", "Warehouses": [{}]})
    assert (nested.status, "dynamics-sandbox" in nested.problem) == (501, True)
    assert fno.post("/data/CustomersV3", {"CustomerGroup@odata.bind": "CustomerGroups('10')"}).status == 501
    typed = {"@odata.type": "#Microsoft.Dynamics.DataEntities.CustomerV3"}
    assert fno.customer("C-1", **typed).status == 201


def test_a_duplicate_key(fno: Client) -> None:
    group = {"CustomerGroupId": "T1", "Description": "Test"}
    assert fno.post("/data/CustomerGroups", group).status == 201
    answer = fno.post("/data/CustomerGroups", {**group, "CustomerGroupId": "t1"})
    assert answer.status == 400
    text = (
        "Info: Cannot create a record in Customer groups (CustGroup). Customer group: t1, Test.\n"
        "The record already exists."
    )
    assert answer.problem == infolog(text, aot="CustCustomerGroupEntity")


def test_keys_and_party_cannot_be_changed(fno: Client) -> None:
    fno.customer("C-1", PartyNumber="P-1")
    for field, value, caption in [
        ("CustomerAccount", "C-2", "Customer account"),
        ("dataAreaId", "demf", "Company"),
        ("PartyNumber", "P-2", "Party ID"),
        ("PartyType", "Person", "Type"),
    ]:
        answer = fno.patch(ROW, {field: value})
        assert answer.problem == field_failed(field, f"Field '{caption}' cannot be edited.")
    same = {"CustomerAccount": "c-1", "dataAreaId": "USMF", "PartyNumber": "P-1", "OrganizationName": "New"}
    assert fno.patch(ROW, same).status == 204
    row = fno.get(ROW).json
    assert (row["CustomerAccount"], row["dataAreaId"], row["OrganizationName"]) == ("C-1", "usmf", "New")


def test_references_are_checked_only_where_sent(fno: Client) -> None:
    fno.customer("C-1")
    assert "'98' in field 'Customer group'" in fno.patch(ROW, {"CustomerGroupId": "98"}).problem
    assert fno.patch(ROW, {"SalesMemo": "x"}).status == 204


def test_delete_is_refused_while_others_depend(fno: Client) -> None:
    fno.customer("C-1")
    group = "/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')"
    refused = fno.call("DELETE", group)
    assert refused.status == 400
    assert "Customer groups cannot be deleted while dependent Customers exist." in refused.problem
    assert fno.call("DELETE", ROW).status == 204
    assert fno.call("DELETE", group).status == 204
    assert fno.get(group).status == 404


def test_read_only_sets_take_no_writes(fno: Client) -> None:
    answer = fno.post("/data/Companies", {"DataArea": "new", "Name": "New"})
    assert (answer.status, "read-only" in answer.problem) == (400, True)
