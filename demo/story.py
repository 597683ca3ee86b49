"""What the demo prints: a line per leg, and one account side by side in the three systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
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
_COUNTS = ("read", "filtered", "written", "unchanged", "rejected")


def legs(console: Console, title: str, summaries: Iterable[Mapping[str, Any]]) -> None:
    """Print a job's legs: rows read from the source, written to the destination, rejected on the way."""
    table = Table("leg", box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for heading in _COUNTS:
        table.add_column(heading, justify="right")
    table.add_column("status")
    for leg, (mapper, target) in _by_leg(summaries).items():
        counts = {
            **{name: target.get(name, 0) for name in _COUNTS},
            "read": mapper["read"],
            "filtered": mapper["filtered"],
            "rejected": mapper["rejected"] + target["rejected"],
        }
        status = max(mapper["status"], target["status"], key=("Completed", "Warning", "Error").index)
        table.add_row(leg, *(str(counts[name]) for name in _COUNTS), status)
    console.print(table)


def _by_leg(summaries: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The mapper's and the target's summary of each leg, by the name of its task."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for line in summaries:
        found.setdefault(line["task"], {})["mapper" if line["plugin"] == "mapper-p2c" else "target"] = line
    return {leg: (lines["mapper"], lines["target"]) for leg, lines in found.items()}


def side_by_side(
    console: Console, sales: Mapping[str, Any], cds: Mapping[str, Any], fno: Mapping[str, Any]
) -> None:
    """Print one account as each of the three systems holds it."""
    title = f"Account {sales['accountnumber']} in the three systems"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for heading in ("field in Sales", "Sales", "CDS hub", "Finance and Operations"):
        table.add_column(heading, overflow="fold")
    for sales_name, cds_name, fno_name in FIELDS:
        values = (sales.get(sales_name), cds.get(cds_name), fno.get(fno_name) if fno_name else None)
        table.add_row(sales_name, *(_text(value) for value in values))
    console.print(table)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
