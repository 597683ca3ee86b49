"""What the demo prints: a line per leg, and one order side by side in the three systems."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from demo.business import BusinessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from demo.business import Business

_FORMATTED = "OData.Community.Display.V1.FormattedValue"
_COUNTS = ("read", "filtered", "written", "unchanged", "rejected")

#: The same fact under its name in Sales, in the CDS hub and in Finance and Operations.
_HEADER = (
    ("order", "ordernumber", "cdm_salesorder_salesorderid", "SalesOrderNumber"),
    ("total", "totalamount", "cdm_totalamount", "OrderTotalAmount"),
)
_STATUS = ("msdynce_processingstatus", "cdm_status", "SalesOrderProcessingStatus")
_LINE = (
    ("product", "productname", f"_cdm_productid_value@{_FORMATTED}", "ProductNumber"),
    ("quantity", "quantity", "cdm_quantity", "OrderedSalesQuantity"),
    ("price", "priceperunit", "cdm_unitprice", "SalesPrice"),
    ("discount", "manualdiscountamount", "cdm_discountamount", "TotalDiscountAmount"),
    ("amount", "extendedamount", "cdm_lineamount", "LineAmount"),
)


def legs(console: Console, title: str, summaries: Iterable[Mapping[str, Any]]) -> None:
    """Print what each leg did: rows read from the source, written to the destination, rejected on the way."""
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


def order(console: Console, business: Business, number: str, title: str) -> None:
    """Print an order and its lines as each of the three systems holds them."""
    headers, lines = _headers(business, number), _lines(business, number)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for heading in ("", "Sales", "CDS hub", "Finance and Operations"):
        table.add_column(heading, overflow="fold")
    labels = (
        headers[0].get(f"{_STATUS[0]}@{_FORMATTED}"),
        headers[1].get(_STATUS[1]),
        headers[2].get(_STATUS[2]),
    )
    table.add_row("status", *map(_text, labels))
    for name, *fields in _HEADER:
        table.add_row(name, *(_text(row.get(field)) for row, field in zip(headers, fields, strict=True)))
    for index, each in enumerate(zip(*lines, strict=True), start=1):
        for name, *fields in _LINE:
            values = (_text(row.get(field)) for row, field in zip(each, fields, strict=True))
            table.add_row(f"line {index} {name}", *values)
    console.print(table)


def totals(console: Console, business: Business, wanted: Decimal) -> None:
    """Say whether every total of order and invoice is the one worked out by hand; raises where one is not."""
    found = {
        "order in Sales": business.get("sales", "salesorders")[0]["totalamount"],
        "order in the hub": business.get("cds", "cdm_salesorders")[0]["cdm_totalamount"],
        "order in F&O": business.get("fno", "CDSSalesOrderHeaders?cross-company=true")[0]["OrderTotalAmount"],
        "invoice in the hub": business.get("cds", "cdm_salesinvoices")[0]["cdm_totalamount"],
        "invoice in Sales": business.get("sales", "invoices")[0]["totalamount"],
    }
    wrong = {where: total for where, total in found.items() if total != wanted}
    if wrong:
        raise BusinessError(f"The total is {wanted}, but not everywhere: {wrong}")
    console.print(f"All totals agree to the cent ({_text(wanted)}): {', '.join(found)}.")


def _headers(business: Business, number: str) -> tuple[dict[str, Any], ...]:
    paths = (
        ("sales", f"salesorders?$filter=ordernumber eq '{number}'"),
        ("cds", f"cdm_salesorders?$filter=cdm_salesorder_salesorderid eq '{number}'"),
        ("fno", f"CDSSalesOrderHeaders?cross-company=true&$filter=SalesOrderNumber eq '{number}'"),
    )
    return tuple((business.get(system, path) or [{}])[0] for system, path in paths)


def _lines(business: Business, number: str) -> tuple[list[dict[str, Any]], ...]:
    inside = f"SalesOrderNumber eq '{number}'&$orderby=LineCreationSequenceNumber"
    parent = f"cdm_SalesOrderId/cdm_salesorder_salesorderid eq '{number}'"
    return (
        business.get(
            "sales",
            f"salesorderdetails?$filter=salesorderid/ordernumber eq '{number}'&$orderby=sequencenumber",
        ),
        business.get("cds", f"cdm_salesorderlines?$filter={parent}&$orderby=cdm_sequence"),
        business.get("fno", f"CDSSalesOrderLines?cross-company=true&$filter={inside}"),
    )


def _text(value: Any) -> str:
    """A value as people write it: amounts without trailing zeros beyond the cent."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        exact = Decimal(value).normalize()
        return f"{exact:.2f}" if exact == exact.quantize(Decimal("0.01")) else f"{exact:f}"
    return "" if value is None else str(value)
