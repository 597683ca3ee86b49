"""Columns every table gets from the service: id, stamps, version, owner, state, currency companions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.schema.columns import Attribute, Option, Relationship

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.schema.model import Table

CREATED_ON = "createdon"
MODIFIED_ON = "modifiedon"
VERSION = "versionnumber"
STATE = "statecode"
STATUS = "statuscode"
OWNER = "ownerid"
CURRENCY = "transactioncurrencyid"
CURRENCY_TABLE = "transactioncurrency"
EXCHANGE_RATE = "exchangerate"

_INT_LIMIT = Decimal(2_147_483_647)
_STATES = (
    Option(value=0, label="Active", default_status=1),
    Option(value=1, label="Inactive", default_status=2),
)
_STATUSES = (Option(value=1, label="Active", state=0), Option(value=2, label="Inactive", state=1))


def completed(table: Table) -> Table:
    """Give the table with the columns the service adds by itself; columns it already has stay as they are."""
    added = [column for column in _system_columns(table) if column.name not in table.columns]
    full = replace(table, attributes=(*table.attributes, *added))
    return with_money_companions(full)


def with_money_companions(table: Table) -> Table:
    """Give the table with currency, exchange rate and a `_base` column per money column, where it has any."""
    if not table.money:
        return table
    wanted = [_lookup(table, CURRENCY, CURRENCY_TABLE, creatable=True), _exchange_rate()]
    wanted += [_base_column(column) for column in table.money]
    return table.with_attributes(*(column for column in wanted if column.name not in table.columns))


def _system_columns(table: Table) -> Iterator[Attribute]:
    yield _read_only(table.primary_id, "Uniqueidentifier", required="SystemRequired", creatable=True)
    yield _read_only(CREATED_ON, "DateTime", form="DateAndTime")
    yield _read_only(MODIFIED_ON, "DateTime", form="DateAndTime")
    yield _read_only(VERSION, "BigInt")
    for name in ("createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby"):
        yield _lookup(table, name, "systemuser")
    yield _whole_number("importsequencenumber", updatable=False)
    yield Attribute(name="overriddencreatedon", type="DateTime", format="DateOnly", updatable=False)
    for name in ("timezoneruleversionnumber", "utcconversiontimezonecode"):
        yield _whole_number(name)
    if table.stateful:
        yield from _state_columns()
    if table.ownership == "UserOwned":
        yield from _owner_columns(table)
    if table.ownership == "OrganizationOwned":
        yield _lookup(table, "organizationid", "organization")


def _state_columns() -> Iterator[Attribute]:
    yield Attribute(name=STATE, type="State", required="SystemRequired", options=_STATES, default=0)
    yield Attribute(name=STATUS, type="Status", options=_STATUSES)


def _owner_columns(table: Table) -> Iterator[Attribute]:
    branches = tuple(
        Relationship(
            schema_name=f"{target}_{table.logical_name}_owner",
            target=target,
            navigation=OWNER,
            collection=f"{target}_{table.logical_name}_owner",
            on_delete="Restrict",
        )
        for target in ("systemuser", "team")
    )
    yield Attribute(name=OWNER, type="Owner", required="SystemRequired", relationships=branches)
    for name, target in (
        ("owninguser", "systemuser"),
        ("owningteam", "team"),
        ("owningbusinessunit", "businessunit"),
    ):
        yield _lookup(table, name, target)


def _lookup(table: Table, name: str, target: str, *, creatable: bool = False) -> Attribute:
    link = f"lk_{table.logical_name}_{name}"
    branch = Relationship(
        schema_name=link, target=target, navigation=name, collection=link, on_delete="NoCascade"
    )
    return Attribute(
        name=name, type="Lookup", creatable=creatable, updatable=creatable, relationships=(branch,)
    )


def _exchange_rate() -> Attribute:
    return replace(
        _read_only(EXCHANGE_RATE, "Decimal"),
        precision=12,
        minimum=Decimal("0.000000000001"),
        maximum=Decimal(100_000_000_000),
    )


def _base_column(column: Attribute) -> Attribute:
    return replace(
        column,
        name=f"{column.name}_base",
        schema_name=f"{column.schema_name or column.name}_Base",
        display_name=f"{column.display_name or column.name} (Base)",
        required="None",
        creatable=False,
        updatable=False,
        base_of=column.name,
    )


def _whole_number(name: str, *, updatable: bool = True) -> Attribute:
    return Attribute(
        name=name, type="Integer", updatable=updatable, minimum=-_INT_LIMIT - 1, maximum=_INT_LIMIT
    )


def _read_only(
    name: str, kind: str, *, creatable: bool = False, required: str = "None", form: str = ""
) -> Attribute:
    return Attribute(
        name=name, type=kind, creatable=creatable, updatable=False, required=required, format=form
    )
