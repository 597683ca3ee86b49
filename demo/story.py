"""What the demo prints: a line per leg, and one account side by side in the three systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

#: The same fact under its name in Sales, in the CDS hub and in Finance and Operations.
FIELDS = (
    ("accountnumber", "cdm_account_accountid", "CustomerAccount"),
    ("name", "cdm_organizationname", "OrganizationName"),
    ("telephone1", "cdm_phoneprimary", "PrimaryContactPhone"),
    ("creditlimit", "cdm_creditlimitamount", "CreditLimit"),
    ("address1_line1", "cdm_mailingpostaladdress_addressline1", "AddressStreet"),
    ("address1_line2", "cdm_mailingpostaladdress_addressline2", ""),
    ("address1_city", "cdm_mailingpostaladdress_city", "AddressCity"),
    ("address1_stateorprovince", "cdm_mailingpostaladdress_state", "AddressState"),
    ("address1_postalcode", "cdm_mailingpostaladdress_postalcode", "AddressZipCode"),
    ("address1_country", "cdm_mailingpostaladdress_country", "AddressCountryRegionISOCode"),
)


def legs(console: Console, company: str, job: str, summaries: Iterable[Mapping[str, Any]]) -> None:
    """Print what each plugin of a job read, wrote and rejected."""
    table = Table(title=f"meltano run {job} ({company})", title_justify="left")
    for heading in ("task", "plugin", "stream"):
        table.add_column(heading)
    for heading in ("read", "written", "unchanged", "filtered", "rejected"):
        table.add_column(heading, justify="right")
    table.add_column("status")
    for line in summaries:
        table.add_row(
            line["task"],
            line["plugin"],
            line["stream"],
            *(str(line.get(count, 0)) for count in ("read", "written", "unchanged", "filtered", "rejected")),
            line["status"],
        )
    console.print(table)


def side_by_side(
    console: Console, sales: Mapping[str, Any], cds: Mapping[str, Any], fno: Mapping[str, Any]
) -> None:
    """Print one account as each of the three systems holds it."""
    table = Table(title=f"Account {sales['accountnumber']} in the three systems", title_justify="left")
    for heading in ("Sales", "", "CDS", "Finance and Operations", ""):
        table.add_column(heading)
    for sales_name, cds_name, fno_name in FIELDS:
        table.add_row(
            sales_name,
            _text(sales.get(sales_name)),
            _text(cds.get(cds_name)),
            fno_name,
            _text(fno.get(fno_name)) if fno_name else "",
        )
    console.print(table)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
