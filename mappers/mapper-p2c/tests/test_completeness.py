"""Every row of the reference's three Accounts tables is in a template file, with the tag given there.

Written by hand: source, destination, tag, one line per row (rows with several fields spread out).
"""

from __future__ import annotations

import pytest
from mapper_p2c import templates

DIRECT = """
accountnumber CustomerAccount picture
accountnumber PartyNumber picture
name OrganizationName picture
name AddressDescription inferred
name DeliveryAddressDescription inferred
- CustomerGroupId doc
- SiteId doc
- WarehouseId doc
- LanguageId doc
- PartyType inferred
- AddressLocationRoles inferred
- IsExternallyMaintained doc
creditlimit CreditLimit picture
numberofemployees OrganizationNumberOfEmployees picture
transactioncurrencyid.isocurrencycode SalesCurrencyCode inferred
description SalesMemo picture
emailaddress1 PrimaryContactEmail picture
telephone1 PrimaryContactPhone picture
fax PrimaryContactFax picture
websiteurl PrimaryContactURL picture
address1_line1 AddressStreet picture
address1_city AddressCity picture
address1_stateorprovince AddressState inferred
address1_postalcode AddressZipCode picture
address1_country AddressCountryRegionISOCode inferred
address2_line1 DeliveryAddressStreet picture
address2_city DeliveryAddressCity picture
address2_stateorprovince DeliveryAddressState inferred
address2_postalcode DeliveryAddressZipCode picture
address2_country DeliveryAddressCountryRegionISOCode inferred
"""

LEG_1 = """
accountnumber AccountId picture
- Organization.OrganizationId doc
- PartyType inferred
statecode Status inferred
name OrganizationName inferred
description Description inferred
creditlimit CreditLimitAmount picture
transactioncurrencyid.isocurrencycode CreditLimitAmount_CurrencyCode picture
transactioncurrencyid.isocurrencycode SalesCurrencyCode picture
numberofemployees EmployeeCount picture
emailaddress1 EmailPrimary picture
emailaddress2 EmailAlternate picture
telephone1 PhonePrimary picture
telephone2 Phone02 picture
telephone3 Phone03 picture
fax PhoneFax picture
websiteurl WebsiteURL picture
donotemail IsEmailContactAllowed inferred
donotphone IsPhoneContactAllowed inferred
primarysatoriid SatoriId inferred
primarytwitterid TwitterIdentity picture
tickersymbol StockTicker picture
address1_line1 MailingPostalAddress_AddressLine1 picture
address1_line2 MailingPostalAddress_AddressLine2 picture
address1_city MailingPostalAddress_City picture
address1_stateorprovince MailingPostalAddress_State picture
address1_postalcode MailingPostalAddress_PostalCode picture
address1_country MailingPostalAddress_Country inferred
address2_line1 ShippingPostalAddress_AddressLine1 picture
address2_line2 ShippingPostalAddress_AddressLine2 picture
address2_city ShippingPostalAddress_City picture
address2_stateorprovince ShippingPostalAddress_State picture
address2_postalcode ShippingPostalAddress_PostalCode picture
address2_country ShippingPostalAddress_Country inferred
- Source inferred
- LastWrittenBy inferred
accountid SourceId inferred
"""

LEG_2 = """
AccountId CustomerAccount picture
AccountId PartyNumber picture
OrganizationName OrganizationName picture
OrganizationName AddressDescription inferred
OrganizationName DeliveryAddressDescription inferred
PartyType PartyType picture
- CustomerGroupId doc
- SiteId doc
- WarehouseId doc
- LanguageId doc
- AddressLocationRoles inferred
- IsExternallyMaintained inferred
CreditLimitAmount CreditLimit picture
SalesCurrencyCode SalesCurrencyCode inferred
EmployeeCount OrganizationNumberOfEmployees picture
Description SalesMemo picture
EmailPrimary PrimaryContactEmail picture
PhonePrimary PrimaryContactPhone picture
PhoneFax PrimaryContactFax picture
WebsiteURL PrimaryContactURL picture
MailingPostalAddress_AddressLine1 AddressStreet picture
MailingPostalAddress_City AddressCity picture
MailingPostalAddress_State AddressState inferred
MailingPostalAddress_PostalCode AddressZipCode picture
MailingPostalAddress_Country AddressCountryRegionISOCode doc
ShippingPostalAddress_AddressLine1 DeliveryAddressStreet picture
ShippingPostalAddress_City DeliveryAddressCity picture
ShippingPostalAddress_State DeliveryAddressState inferred
ShippingPostalAddress_PostalCode DeliveryAddressZipCode picture
ShippingPostalAddress_Country DeliveryAddressCountryRegionISOCode doc
"""


@pytest.mark.parametrize(
    ("name", "table"), [("accounts-direct", DIRECT), ("accounts-to-cds", LEG_1), ("accounts-to-fno", LEG_2)]
)
def test_template_has_exactly_the_rows_of_the_reference(name: str, table: str) -> None:
    expected = {tuple(line.split()) for line in table.strip().splitlines()}
    rows = templates.load(name).tasks[0].rows
    assert {(row.source_words.replace("(none)", "-"), row.destination, row.tag) for row in rows} == expected
    assert len(rows) == len(expected)


def test_every_shipped_template_is_covered_here() -> None:
    assert templates.names() == ["accounts-direct", "accounts-to-cds", "accounts-to-fno"]


@pytest.mark.parametrize("name", templates.names())
def test_header(name: str) -> None:
    template = templates.load(name)
    assert template.name == name
    assert [task.name for task in template.tasks] == [name]
    assert template.requires == (("accounts-to-cds",) if name == "accounts-to-fno" else ())


@pytest.mark.parametrize("name", ["accounts-direct", "accounts-to-fno"])
def test_values_an_administrator_must_set(name: str) -> None:
    defaults = templates.load(name).tasks[0].defaults
    assert {field: str(value) for field, value in defaults.items()} == {
        "CustomerGroupId": "10",
        "SiteId": "1",
        "WarehouseId": "13",
        "LanguageId": "en-us",
        "SalesCurrencyCode": "USD",
        "AddressCountryRegionISOCode": "US",
        "DeliveryAddressCountryRegionISOCode": "US",
    }
