"""Singer streams as the taps write them, for programs that read standard input: accounts and order lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ACCOUNTS", "ORDER_LINES", "write_stream"]

_TEXT = {"type": ["string", "null"]}
_NUMBER = {"type": ["number", "null"]}
_INTEGER = {"type": ["integer", "null"]}
_BOOLEAN = {"type": ["boolean", "null"]}


def _lookup(**fields: Any) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": fields}


_ADDRESS = ("line1", "line2", "city", "stateorprovince", "postalcode", "country")
ACCOUNTS: dict[str, Any] = {
    "accountid": _TEXT,
    "accountnumber": _TEXT,
    "name": _TEXT,
    "description": _TEXT,
    "statecode": _INTEGER,
    "creditlimit": _NUMBER,
    "numberofemployees": _INTEGER,
    "donotemail": _BOOLEAN,
    "donotphone": _BOOLEAN,
    "transactioncurrencyid": _lookup(isocurrencycode=_TEXT),
    **dict.fromkeys(("emailaddress1", "emailaddress2", "telephone1", "telephone2", "telephone3"), _TEXT),
    **dict.fromkeys(("fax", "websiteurl", "primarysatoriid", "primarytwitterid", "tickersymbol"), _TEXT),
    **{f"address{number}_{part}": _TEXT for number in (1, 2) for part in _ADDRESS},
    **{f"msdynce_text{number}": _TEXT for number in range(28)},
}
"""An account: 60 columns, of which a template reads 36."""

ORDER_LINES: dict[str, Any] = {
    "salesorderdetailid": _TEXT,
    "salesorderid": _lookup(
        ordernumber=_TEXT,
        msdynce_hasexternallymaintainedproductsonly=_BOOLEAN,
        msdynce_ismaintainedexternally=_BOOLEAN,
        msdynce_processingstatus=_INTEGER,
    ),
    "msdynce_orderhasexternalmaintainedproductsonly": _BOOLEAN,
    "msdynce_orderissubmitted": _BOOLEAN,
    "msdynce_ismaintainedexternally": _BOOLEAN,
    "msdynce_ismisctax": _BOOLEAN,
    "sequencenumber": _INTEGER,
    "productid": _lookup(productnumber=_TEXT),
    "uomid": _lookup(name=_TEXT),
    "transactioncurrencyid": _lookup(isocurrencycode=_TEXT),
    **dict.fromkeys(("quantity", "priceperunit", "extendedamount", "manualdiscountamount"), _NUMBER),
    "requestdeliveryby": {"type": ["string", "null"], "format": "date-time"},
    **{f"shipto_{part}": _TEXT for part in _ADDRESS},
    **{f"msdynce_text{number}": _TEXT for number in range(20)},
}
"""An order line of Sales with what its filter and its rows need."""

_COUNTRIES = ("Germany", "FR", "usa", "")


def write_stream(path: Path, stream: str, properties: dict[str, Any], rows: int) -> None:
    """Write SCHEMA, records and a STATE; decimals have four digits, as Dataverse writes money."""
    schema = {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}}
    with path.open("w", encoding="utf-8") as lines:
        lines.write(json.dumps({**schema, "key_properties": [next(iter(properties))]}) + "\n")
        for number in range(rows):
            members = ",".join(_members(properties, number))
            lines.write(f'{{"type":"RECORD","stream":"{stream}","record":{{{members}}}}}\n')
        lines.write('{"type":"STATE","value":{"bookmarks":{}}}\n')


def _members(properties: dict[str, Any], number: int) -> Iterator[str]:
    for name, declared in properties.items():
        yield f'"{name}":{_value(name, declared, number)}'


def _value(name: str, declared: dict[str, Any], number: int) -> str:
    kind = declared["type"][0]
    if kind == "object":
        return f"{{{','.join(_members(declared['properties'], number))}}}"
    if kind == "number":
        return f"{number % 9973}.{number % 10000:04d}"
    if kind == "integer":
        known = {"statecode": 0, "msdynce_processingstatus": 647390000}
        return str(known.get(name, number % 500))
    if kind == "boolean":
        return "false" if name in {"msdynce_ismaintainedexternally", "msdynce_ismisctax"} else "true"
    return json.dumps(_text(name, declared, number), ensure_ascii=False)


def _text(name: str, declared: dict[str, Any], number: int) -> str:
    known = {
        "name": "Each" if number % 2 else "Piece",
        "isocurrencycode": "EUR",
        "accountnumber": f"ACC-{number:07d}",
        "ordernumber": f"ORD-{number // 5:07d}",
        "productnumber": f"D{number % 1000:04d}",
    }
    if name.endswith("country"):
        return _COUNTRIES[number % len(_COUNTRIES)]
    if declared.get("format"):
        return "2026-11-30T00:00:00Z"
    short = name.endswith(("line2", "postalcode", "stateorprovince"))
    return known.get(name) or (f"T{number % 100000}" if short else f"{name} Nr. {number} Straße")
