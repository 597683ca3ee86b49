"""What the page knows of an entity set of either service: its columns, and the address of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from dynamics_sandbox.dataverse.environment import API_PATH, DataverseEnvironment

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.environments import Environments
    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.model import Entity, Property

Kind: TypeAlias = Literal["text", "number", "boolean"]

_DATAVERSE_KINDS: Final[dict[str, Kind]] = {
    "integer": "number",
    "decimal": "number",
    "double": "number",
    "boolean": "boolean",
}
_EDM_KINDS: Final[dict[str, Kind]] = {
    "Edm.Int32": "number",
    "Edm.Int64": "number",
    "Edm.Decimal": "number",
    "Edm.Double": "number",
    "Edm.Boolean": "boolean",
}


class Column(msgspec.Struct, frozen=True):
    """A column as the page shows it.

    Attributes:
        name: of the property in rows.
        label: for people.
        kind: how its values are written in JSON.
        editable: whether an update may send it.
        key: whether it is part of the row's address.
    """

    name: str
    label: str
    kind: Kind
    editable: bool
    key: bool


class EntitySet(msgspec.Struct, frozen=True):
    """An entity set: `root` is the path before the parentheses of a row, `suffix` what stands behind them."""

    name: str
    label: str
    root: str
    suffix: str
    columns: tuple[Column, ...]
    quoted: frozenset[str]

    def path(self, key: str) -> str:
        """The path of the row whose key stands in the parentheses."""
        return f"{self.root}({key}){self.suffix}"

    def key(self, row: dict[str, Any]) -> str:
        """What stands in the parentheses of a row's URL."""
        names = [column.name for column in self.columns if column.key]
        if not self.quoted and len(names) == 1:
            return str(row[names[0]])
        return ",".join(f"{name}={self._literal(name, row[name])}" for name in names)

    def _literal(self, name: str, value: Any) -> str:
        if name not in self.quoted:
            return str(value)
        return "'" + str(value).replace("'", "''") + "'"


def by_name(environments: Environments) -> dict[str, DataverseEnvironment | FnoEnvironment]:
    """The environments under the names the control API uses, in the order of the page."""
    return {"sales": environments.sales, "cds": environments.cds, "fno": environments.fno}


def entity_sets(environment: DataverseEnvironment | FnoEnvironment) -> dict[str, EntitySet]:
    """The entity sets of an environment by name, in the order of their names."""
    if isinstance(environment, DataverseEnvironment):
        with environment.reading() as session:
            tables = sorted(session.schema.tables.values(), key=lambda table: table.entity_set)
        return {
            table.entity_set: EntitySet(
                name=table.entity_set,
                label=table.display_collection_name or table.entity_set,
                root=f"{API_PATH}/{table.entity_set}",
                suffix="",
                columns=tuple(_attribute_column(each, table.primary_id) for each in table.attributes),
                quoted=frozenset(),
            )
            for table in tables
        }
    return {name: _fno_set(entity) for name, entity in sorted(environment.model.public.items())}


def _attribute_column(attribute: Attribute, primary_id: str) -> Column:
    return Column(
        name=attribute.property_name,
        label=attribute.display_name or attribute.name,
        kind=_DATAVERSE_KINDS.get(attribute.kind, "text"),
        editable=attribute.updatable and not attribute.is_lookup,
        key=attribute.name == primary_id,
    )


def _fno_set(entity: Entity) -> EntitySet:
    texts = (name for name in entity.key if entity.properties[name].edm_type == "Edm.String")
    return EntitySet(
        name=entity.set,
        label=entity.label or entity.set,
        root=f"/data/{entity.set}",
        suffix="?cross-company=true",
        columns=tuple(_property_column(each, entity) for each in entity.properties.values()),
        quoted=frozenset(texts),
    )


def _property_column(given: Property, entity: Entity) -> Column:
    key = given.name in entity.key
    return Column(
        name=given.name,
        label=given.caption,
        kind=_EDM_KINDS.get(given.edm_type, "text"),
        editable=given.allow_edit and not key and not entity.read_only,
        key=key,
    )
