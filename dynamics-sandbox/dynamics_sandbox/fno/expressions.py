"""Properties as SQL: a column of the entity's table, or a value read from a related row."""

# Every name in the SQL comes from the model and is quoted.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.model import Property
from dynamics_sandbox.fno.values import empty_value
from dynamics_sandbox.odata.operands import ColumnKind, SqlColumn
from dynamics_sandbox.odata.sqlite import DECIMAL_COLLATION, TEXT_COLLATION

if TYPE_CHECKING:
    from dynamics_sandbox.fno.model import Entity, Model, Navigation

KINDS: Final[dict[str, ColumnKind]] = {
    "String": "string",
    "Real": "decimal",
    "Int32": "integer",
    "Int64": "integer",
    "Date": "datetime",
    "UtcDateTime": "datetime",
    "Guid": "guid",
    "Boolean": "boolean",
}
#: In ``Entity.only``: any value but an empty one.
FILLED: Final = "*"
_COLLATIONS: Final = {"String": TEXT_COLLATION, "Real": DECIMAL_COLLATION}


def value_of(item: Property, entity: Entity, model: Model, alias: str) -> str:
    """The stored value of a property, where ``alias`` stands for the entity's table."""
    if not item.path:
        return f"{alias}.{quoted(item.stored)}"
    relation, name = item.path.split("/")
    navigation = entity.table.relations[relation]
    target = model.entities[navigation.to]
    related = f"{alias}_{relation}"
    value = value_of(target.properties[name], target, model, related)
    empty = empty_value(item, model)
    return (
        f"COALESCE((SELECT {value} FROM {quoted(target.table.name)} AS {related} "
        f"WHERE {join_condition(navigation, model, related, alias)} LIMIT 1), {_literal(empty)})"
    )


def column_of(item: Property, entity: Entity, model: Model, alias: str) -> SqlColumn:
    """The property as filters and orders see it."""
    expression = value_of(item, entity, model, alias)
    if item.is_enum:
        members = {name: name for name in model.enums[item.type].members}
        return SqlColumn(expression, "enum", enum_type=item.edm_type, members=members)
    if item.path and item.type in _COLLATIONS:  # a subquery has lost the collation of its column
        expression = f"{expression} COLLATE {_COLLATIONS[item.type]}"
    return SqlColumn(expression, KINDS[item.type])


def join_condition(navigation: Navigation, model: Model, related: str, alias: str) -> str:
    """How the related rows (alias ``related``) belong to the row they are reached from.

    The join's near side names columns, which all entities of a table share.
    """
    target = model.entities[navigation.to]
    joins = [
        f"{related}.{quoted(target.properties[far].stored)} = {alias}.{quoted(near)}"
        for near, far in navigation.join.items()
    ]
    return " AND ".join([*joins, *shown_rows(target, model, related)])


def shown_rows(entity: Entity, model: Model, alias: str) -> list[str]:
    """The conditions for a row of the table to belong to the entity."""
    conditions = []
    for name, wanted in entity.only.items():
        column = Property(name, "String", path=name if "/" in name else "")
        value = value_of(column, entity, model, alias)
        conditions.append(f"{value} <> ''" if wanted == FILLED else f"{value} = {_literal(wanted)}")
    return conditions


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
