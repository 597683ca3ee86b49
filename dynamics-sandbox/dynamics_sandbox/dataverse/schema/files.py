"""The tables that ship with the sandbox: JSON files in `dataverse/tables`, one table each."""

from __future__ import annotations

from importlib.resources import files

import msgspec

from dynamics_sandbox.dataverse.schema.model import Schema, Table
from dynamics_sandbox.dataverse.schema.system import completed

PLATFORM_TABLES = (
    "organization",
    "businessunit",
    "systemuser",
    "team",
    "transactioncurrency",
    "publisher",
    "solution",
    "sdkmessage",
    "sdkmessagefilter",
)
"""Tables of every environment."""

SALES_TABLES = (
    "account",
    "contact",
    "uomschedule",
    "uom",
    "pricelevel",
    "product",
    "productpricelevel",
    "quote",
    "quotedetail",
    "salesorder",
    "salesorderdetail",
    "invoice",
    "invoicedetail",
)
"""Tables of the Sales environment beside the platform's."""

_FOLDER = files("dynamics_sandbox.dataverse") / "tables"


def shipped_table(name: str) -> Table:
    """Read the table file of this name and add the service's own columns."""
    table = msgspec.json.decode((_FOLDER / f"{name}.json").read_bytes(), type=Table)
    return completed(table)


def shipped_schema(environment: str) -> Schema:
    """Read the tables of the Sales ("sales") or the CDS ("cds") environment."""
    names = PLATFORM_TABLES + (SALES_TABLES if environment == "sales" else ())
    tables = [shipped_table(name) for name in names]
    schema = Schema({table.logical_name: table for table in tables})
    check_targets(schema)
    return schema


def check_targets(schema: Schema) -> None:
    """Raise ValueError when a lookup points at a table the environment does not have."""
    for table in schema.tables.values():
        for attribute in table.attributes:
            for relationship in attribute.relationships:
                if relationship.target not in schema.tables:
                    raise ValueError(
                        f"Table file {table.logical_name}: column {attribute.name} points at "
                        f"{relationship.target}, no table of this environment. Add that table's file."
                    )
