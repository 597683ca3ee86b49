"""A stream held against its entity: names, keys, companies, what may be written when."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynamics_odata.errors import SettingsError
from dynamics_odata.metadata.model import FnoEntity, FnoProperty
from dynamics_singer.target import RowError, StreamError
from dynamics_singer.target.schema import StreamSchema, parse_schema
from target_dynamics_fno.plan import Plan, make_plan

NO_YES = "Microsoft.Dynamics.DataEntities.NoYes"
PROPERTIES = (
    FnoProperty("dataAreaId", "Edm.String", "String", is_key=True, allow_edit=False),
    FnoProperty("CustomerAccount", "Edm.String", "String", is_key=True, allow_edit=False),
    FnoProperty("OrganizationName", "Edm.String", "String"),
    FnoProperty("CreditLimit", "Edm.Decimal", "Real"),
    FnoProperty("PartyNumber", "Edm.String", "String", allow_edit=False),
    FnoProperty("FullPrimaryAddress", "Edm.String", "String", allow_edit=False, allow_edit_on_create=False),
    FnoProperty("IsExternallyMaintained", NO_YES, "Enum", enum_members=("No", "Yes")),
    FnoProperty("AddressValidFrom", "Edm.DateTimeOffset", "UtcDateTime"),
)


def entity(*, read_only: bool = False, properties: tuple[FnoProperty, ...] = PROPERTIES) -> FnoEntity:
    return FnoEntity(
        "CustomersV3",
        "CustomerV3",
        "CustCustomerV3Entity",
        tuple(one.name for one in properties if one.is_key),
        {one.name: one for one in properties},
        read_only,
    )


def stream(*fields: str, **keywords: Any) -> StreamSchema:
    properties = {field: {"type": ["string", "null"]} for field in fields}
    properties.update(keywords)
    return parse_schema("CustomersV3", {"properties": properties}, (), b"{}")


def plan(
    *fields: str, company: str = "usmf", companies: frozenset[str] = frozenset(), **keywords: Any
) -> Plan:
    return make_plan(stream(*fields, **keywords), entity(), company, companies)


def test_unknown_property_is_named_with_the_nearest() -> None:
    with pytest.raises(
        StreamError, match=r"no property 'OrganisationName'.*nearest name is 'OrganizationName'"
    ):
        plan("CustomerAccount", "OrganisationName")


def test_names_match_without_case() -> None:
    made = plan("CUSTOMERACCOUNT", "ORGANIZATIONNAME")
    content = made.content({"CUSTOMERACCOUNT": "ALFKI", "ORGANIZATIONNAME": "Alfreds"})
    assert content.create == {"dataAreaId": "usmf", "CustomerAccount": "ALFKI", "OrganizationName": "Alfreds"}


def test_blank_text_clears_what_is_no_text() -> None:
    made = plan("CustomerAccount", "CreditLimit", "AddressValidFrom", "IsExternallyMaintained")
    blank = {"CreditLimit": "", "AddressValidFrom": " ", "IsExternallyMaintained": ""}
    content = made.content({"CustomerAccount": "ALFKI", **blank})
    assert content.create == {"dataAreaId": "usmf", "CustomerAccount": "ALFKI"}
    assert content.update == {
        "CreditLimit": 0,
        "AddressValidFrom": "1900-01-01T00:00:00Z",
        "IsExternallyMaintained": "No",
    }


def test_two_fields_for_one_property_are_refused() -> None:
    with pytest.raises(StreamError, match="both go to 'CustomerAccount'"):
        plan("CustomerAccount", "CUSTOMERACCOUNT")


def test_read_only_entity_is_refused() -> None:
    with pytest.raises(StreamError, match="CustomersV3"):
        make_plan(stream("CustomerAccount"), entity(read_only=True), "usmf", frozenset())


def test_missing_key_part_is_refused() -> None:
    with pytest.raises(StreamError, match="lacks 'CustomerAccount'"):
        plan("OrganizationName")


def test_company_is_needed_unless_rows_bring_theirs() -> None:
    with pytest.raises(SettingsError, match="`company`"):
        plan("CustomerAccount", company="")
    made = plan("CustomerAccount", "dataAreaId", company="")
    assert made.key({"CustomerAccount": "A", "dataAreaId": "DEMF"}) == {
        "dataAreaId": "demf",
        "CustomerAccount": "A",
    }


def test_row_may_name_its_company_or_leave_it_to_the_setting() -> None:
    made = plan("CustomerAccount", "dataAreaId", company="USMF", companies=frozenset({"usmf", "demf"}))
    assert made.key({"CustomerAccount": "A", "dataAreaId": None})["dataAreaId"] == "usmf"
    assert made.key({"CustomerAccount": "A", "dataAreaId": "demf"})["dataAreaId"] == "demf"
    with pytest.raises(RowError, match="no company 'xxxx'"):
        made.key({"CustomerAccount": "A", "dataAreaId": "xxxx"})


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_blank_key_is_a_row_error(blank: str | None) -> None:
    with pytest.raises(RowError, match="'CustomerAccount' is blank") as caught:
        plan("CustomerAccount").key({"CustomerAccount": blank})
    assert caught.value.code == "blank_key"


def test_null_is_left_out_of_new_rows_and_clears_existing_ones() -> None:
    made = plan(
        "CustomerAccount", "OrganizationName", "CreditLimit", "IsExternallyMaintained", "AddressValidFrom"
    )
    row = dict.fromkeys(("OrganizationName", "CreditLimit", "IsExternallyMaintained", "AddressValidFrom"))
    content = made.content({"CustomerAccount": "ALFKI", **row})
    assert content.create == {"dataAreaId": "usmf", "CustomerAccount": "ALFKI"}
    assert content.update == {
        "OrganizationName": "",
        "CreditLimit": 0,
        "IsExternallyMaintained": "No",
        "AddressValidFrom": "1900-01-01T00:00:00Z",
    }


def test_absent_fields_are_left_alone() -> None:
    made = plan("CustomerAccount", "OrganizationName", "CreditLimit")
    assert made.content({"CustomerAccount": "A", "CreditLimit": Decimal("1.50")}).update == {
        "CreditLimit": Decimal("1.50")
    }


def test_properties_go_only_where_they_may() -> None:
    made = plan("CustomerAccount", "PartyNumber", "FullPrimaryAddress")
    assert made.left_out == ("FullPrimaryAddress",)
    content = made.content({"CustomerAccount": "A", "PartyNumber": "A", "FullPrimaryAddress": "x"})
    assert content.create == {"dataAreaId": "usmf", "CustomerAccount": "A", "PartyNumber": "A"}
    assert content.update == {}


def test_singer_fields_are_no_properties() -> None:
    assert plan("CustomerAccount", "_sdc_deleted_at").columns == ()


def test_calculated_fields_are_known_by_property() -> None:
    made = plan("CustomerAccount", CREDITLIMIT={"type": "number", "x-calculated": True})
    assert made.calculated == {"CreditLimit"}


def test_addresses_are_encoded_once() -> None:
    made = plan("CustomerAccount")
    key = made.key({"CustomerAccount": "Bär's & Söhne/1"})
    assert made.address(key) == (
        "CustomersV3(dataAreaId='usmf',CustomerAccount='B%C3%A4r%27%27s%20%26%20S%C3%B6hne%2F1')"
    )


def test_keys_of_every_kind() -> None:
    lines = entity(
        properties=(
            FnoProperty(
                "Kind", "Microsoft.Dynamics.DataEntities.ContactType", "Enum", ("Customer", "Vendor"), True
            ),
            FnoProperty("InvoiceDate", "Edm.DateTimeOffset", "Date", is_key=True),
            FnoProperty("Number", "Edm.Int64", "Int64", is_key=True),
        )
    )
    made = make_plan(stream("Kind", "InvoiceDate", "Number"), lines, "", frozenset())
    key = made.key({"Kind": "vendor", "InvoiceDate": "2026-01-31", "Number": 7})
    assert made.address(key) == (
        "CustomersV3(Kind=Microsoft.Dynamics.DataEntities.ContactType'Vendor',"
        "InvoiceDate=2026-01-31T12:00:00Z,Number=7)"
    )
    content = made.content({"Kind": "vendor", "InvoiceDate": "2026-01-31", "Number": 7})
    assert content.create == {"Kind": "Vendor", "InvoiceDate": "2026-01-31T12:00:00Z", "Number": 7}
