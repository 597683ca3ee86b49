"""The entities of Prospect-to-cash: their versions, newest first, and the filters of the templates.

Source: Dynamics 365: Prospect to cash, the pages of the templates; versions as F&O's metadata names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

__all__ = ["Preset", "presets"]

_FROM_SALES = (
    "OrderingCustomerIsExternallyMaintained eq 'Yes' and InvoiceCustomerIsExternallyMaintained eq 'Yes' "
    "and SalesOrderProcessingStatus ne 'Active'"
)
"""Of customers from Sales, and confirmed at least."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One entity: its versions, the newest first, and the filter it is read with."""

    versions: tuple[str, ...]
    filter: str = ""


_PRESETS = (
    Preset(("CustomersV3", "CustomersV2")),
    Preset(("CDSContactPersonsV2", "CDSContactPersons")),
    Preset(("SellableReleasedProducts",)),
    Preset(("CDSSalesQuotationHeaders", "SalesQuotationHeadersV2", "SalesQuotationHeaders")),
    Preset(("CDSSalesQuotationLines",)),
    Preset(("CDSSalesOrderHeaders",), f"{_FROM_SALES} and AreTotalsUpdated eq 'Yes'"),
    Preset(
        ("CDSSalesOrderLinesV2", "CDSSalesOrderLines"),
        f"{_FROM_SALES} and AreSalesOrderTotalsUpdated eq 'Yes'",
    ),
    Preset(("ExternallyMaintainedCustomerSalesInvoiceHeaders",)),
    Preset(
        (
            "ExternallyMaintainedCustomerSalesInvoiceLinesV2",
            "ExternallyMaintainedCustomerSalesInvoiceLines",
        )
    ),
)


def presets(offered: Container[str], chosen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Entity set and filter of each entity of Prospect-to-cash that the environment has.

    Args:
        offered: the entity sets of the environment.
        chosen: entity to the version to read in place of the newest.

    Raises:
        SettingsError: `fno_entities` names what is no entity of Prospect-to-cash, or no version of it.
    """
    known = [version for preset in _PRESETS for version in preset.versions]
    for name in (*chosen, *chosen.values()):
        if name not in known:
            raise SettingsError(
                f"Setting `fno_entities` names {name!r}, which is no entity of Prospect-to-cash",
                setting="fno_entities",
                hint=f"Nearest: {', '.join(nearest(name, known, count=3)) or ', '.join(known)}.",
            )
    for preset in _PRESETS:
        wanted = [version for name, version in chosen.items() if name in preset.versions]
        found = next((version for version in (*wanted, *preset.versions) if version in offered), "")
        if wanted and (wanted[0] not in offered or wanted[0] not in preset.versions):
            raise SettingsError(
                f"Setting `fno_entities` names {wanted[0]!r}, which the environment does not offer as "
                f"{preset.versions[-1]}",
                setting="fno_entities",
                hint=f"Versions: {', '.join(preset.versions)}.",
            )
        if found:
            yield found, preset.filter
