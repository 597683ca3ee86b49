"""A table of 60 columns in a sandbox, and a page of 5,000 of its rows as the sandbox sends it.

Two kilobytes a row: names with umlauts and quotes, texts, whole numbers, instants, and eight decimals, among
them 19-digit money and zeros with a scale, which binary floating point cannot hold.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import requests

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

__all__ = [
    "COLUMNS",
    "DECIMALS",
    "ENTITY_SET",
    "PAGE_SIZE",
    "PRIMARY_ID",
    "TABLE",
    "create_rows",
    "record_page",
]

TABLE = "bench_order"
ENTITY_SET = "bench_orders"
PRIMARY_ID = "bench_orderid"
PAGE_SIZE = 5000

_EXACT = msgspec.json.Encoder(decimal_format="number")
_CRM = "Microsoft.Dynamics.CRM."
_MONEY = tuple(f"bench_amount{number}" for number in range(4))
_RATES = tuple(f"bench_rate{number}" for number in range(4))
_TEXTS = tuple(f"bench_text{number:02}" for number in range(28))
_WHOLE = tuple(f"bench_count{number}" for number in range(10))
_INSTANTS = tuple(f"bench_seen{number}" for number in range(6))
_SWITCHES = tuple(f"bench_flag{number}" for number in range(4))

DECIMALS = (*_MONEY, *_RATES)
COLUMNS = (
    PRIMARY_ID,
    "bench_name",
    "modifiedon",
    "createdon",
    *DECIMALS,
    *_TEXTS,
    *_WHOLE,
    *_INSTANTS,
    *_SWITCHES,
)
"""The 60 columns that are read, the primary id first."""

_AMOUNTS = ("1234567890123.4567", "922337203685476.5807", "0.1000", "-73.0000")
_TENTHS = ("0.0000000000", "0.1000000000", "3.1415926535", "-12345.6789012345")
_WORDS = (
    "Brücke",
    'a "quoted" word',
    "back\\slash",
    "naïve café",
    "plain text",
    "Straße 7",
    "line\nbreak",
    "",
)


def create_rows(sandbox: Sandbox, count: int) -> None:
    """Make the table in Sales, with `count` rows."""
    _create_table(sandbox)
    for start in range(0, count, 1000):
        rows = [_row(number) for number in range(start, min(start + 1000, count))]
        _post(sandbox, f"{ENTITY_SET}/{_CRM}CreateMultiple", {"Targets": rows})


def record_page(sandbox: Sandbox, path: Path) -> None:
    """Make the table and its rows in Sales, and write the first page of them to `path`."""
    create_rows(sandbox, PAGE_SIZE)
    answer = requests.get(
        f"{sandbox.sales}/api/data/v9.2/{ENTITY_SET}",
        params={"$select": ",".join(COLUMNS)},
        headers={
            "Authorization": f"Bearer {sandbox.token('sales')}",
            "Prefer": f"odata.maxpagesize={PAGE_SIZE}",
        },
        verify=sandbox.ca_bundle,
        timeout=60,
    )
    answer.raise_for_status()
    path.write_bytes(answer.content)


def _create_table(sandbox: Sandbox) -> None:
    definition = {
        "@odata.type": f"{_CRM}EntityMetadata",
        "SchemaName": "bench_Order",
        "DisplayName": _label("Order"),
        "DisplayCollectionName": _label("Orders"),
        "OwnershipType": "OrganizationOwned",
        "ChangeTrackingEnabled": True,
        "HasActivities": False,
        "HasNotes": False,
        "PrimaryNameAttribute": "bench_name",
        "Attributes": [_column("String", "bench_name", IsPrimaryName=True, MaxLength=100)],
    }
    _post(sandbox, "EntityDefinitions", definition)
    for column in _columns():
        _post(sandbox, f"EntityDefinitions(LogicalName='{TABLE}')/Attributes", column)


def _columns() -> list[dict[str, Any]]:
    largest = {"MinValue": -922337203685477, "MaxValue": 922337203685477}
    return [
        *(_column("Money", name, Precision=4, PrecisionSource=0, **largest) for name in _MONEY),
        *(
            _column("Decimal", name, Precision=10, MinValue=-100000000000, MaxValue=100000000000)
            for name in _RATES
        ),
        *(_column("String", name, MaxLength=200) for name in _TEXTS),
        *(_column("Integer", name, MinValue=-2147483648, MaxValue=2147483647) for name in _WHOLE),
        *(_column("DateTime", name, Format="DateAndTime") for name in _INSTANTS),
        *(_column("Boolean", name, DefaultValue=False) for name in _SWITCHES),
    ]


def _column(kind: str, name: str, **facets: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{_CRM}{kind}AttributeMetadata",
        "SchemaName": name,
        "DisplayName": _label(name),
        "RequiredLevel": {"Value": "None"},
        **facets,
    }


def _label(text: str) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


def _row(number: int) -> dict[str, Any]:
    row: dict[str, Any] = {"@odata.type": f"{_CRM}{TABLE}", "bench_name": f"Order {number}"}
    for place, name in enumerate(_MONEY):
        row[name] = Decimal(_AMOUNTS[(number + place) % len(_AMOUNTS)])
    for place, name in enumerate(_RATES):
        row[name] = Decimal(_TENTHS[(number + place) % len(_TENTHS)])
    for place, name in enumerate(_TEXTS):
        row[name] = f"{_WORDS[(number + place) % len(_WORDS)]} {number:09}" if (number + place) % 7 else None
    row |= {name: number * (place + 1) for place, name in enumerate(_WHOLE)}
    row |= {name: f"2024-05-{place + 1:02}T08:{number % 60:02}:00Z" for place, name in enumerate(_INSTANTS)}
    row |= {name: bool((number + place) % 2) for place, name in enumerate(_SWITCHES)}
    return row


def _post(sandbox: Sandbox, path: str, content: Any) -> None:
    body = _EXACT.encode(content)
    kind = {"Content-Type": "application/json"}
    status, _, answer = sandbox.call("POST", "sales", path, body=body, headers=kind)
    if status >= 300:
        raise RuntimeError(f"the sandbox refused {path}: {answer}")
