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


# Microsoft's eight templates: through the hub as two legs, and direct; one task, or headers before lines.
SHIPPED = {
    "accounts": ("accounts-to-cds", "accounts-to-fno", "accounts-direct"),
    "contacts": ("contacts-to-cds", "contacts-to-fno", "contacts-direct"),
    "contacts to customers": (
        "contacts-to-customers-leg1",
        "contacts-to-customers-leg2",
        "contacts-to-customers-direct",
    ),
    "products": ("products-to-cds", "products-to-sales", "products-direct"),
    "quotes": ("quotes-to-cds", "quotes-to-fno", "quotes-direct"),
    "orders to F&O": ("orders-to-fno-leg1", "orders-to-fno-leg2", "orders-to-fno-direct"),
    "orders to Sales": ("orders-to-sales-leg1", "orders-to-sales-leg2", "orders-to-sales-direct"),
    "invoices": ("invoices-to-cds", "invoices-to-sales", "invoices-direct"),
}
_OF_DOCUMENTS = ("quotes", "orders to F&O", "orders to Sales", "invoices")


def test_the_eight_templates_are_shipped_in_three_forms_each() -> None:
    assert templates.names() == sorted(name for names in SHIPPED.values() for name in names)


@pytest.mark.parametrize("job", SHIPPED)
def test_a_template_names_its_tasks_and_what_must_have_run(job: str) -> None:
    for name in SHIPPED[job]:
        template = templates.load(name)
        assert template.name == name
        tasks = [f"{name}-header", f"{name}-line"] if job in _OF_DOCUMENTS else [name]
        assert [task.name for task in template.tasks] == tasks
        assert set(template.requires) <= set(templates.names())


@pytest.mark.parametrize("job", SHIPPED)
def test_the_second_leg_reads_only_what_the_first_wrote(job: str) -> None:
    first, second, _ = (templates.load(name) for name in SHIPPED[job])
    assert first.name in second.requires
    for writer, reader in zip(first.tasks, second.tasks, strict=True):
        assert writer.destination.stream == reader.source.stream
        conditions = {given.field: given.value for given in reader.source.filter}
        assert conditions["LastWrittenBy"] == writer.name
        written = {row.destination for row in writer.rows}
        assert {row.destination for row in writer.rows if row.destination == "LastWrittenBy"}
        for row in reader.rows:
            assert row.optional or set(row.sources) <= written, row.where


@pytest.mark.parametrize("name", templates.names())
def test_every_quirk_and_version_can_be_switched_alone_and_together(name: str) -> None:
    template = templates.load(name)
    quirks = list(dict.fromkeys(quirk.name for task in template.tasks for quirk in task.quirks))
    for chosen in ([], *([quirk] for quirk in quirks), quirks):
        changed = templates.apply(template, {"quirks": chosen})
        assert all(
            len({row.number for row in task.rows}) == len({row.destination for row in task.rows})
            for task in changed.tasks
        )
    for task in template.tasks:
        for version in task.destination.versions:
            changed = templates.apply(template, {"fno_entities": {task.destination.stream: version}})
            assert version in [each.destination.stream for each in changed.tasks]
        for version in task.source.versions:
            changed = templates.apply(template, {"fno_entities": {task.source.stream: version}})
            assert version in [each.source.stream for each in changed.tasks]


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
