"""Provisioning (`create_missing`): makes tables, columns, lookups and alternate keys that a SCHEMA asks for.

Everything is made from the SCHEMA alone and only where it is missing; nothing is ever dropped or narrowed.
What another run makes at the same time counts as made.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dynamics_odata.errors import DynamicsError
from dynamics_odata.query import literal

from target_dynamics_cds.definitions import lookup_definition, table_definition
from target_dynamics_cds.errors import MismatchError
from target_dynamics_cds.wishes import Wish

if TYPE_CHECKING:
    from dynamics_odata.metadata.model import Table
    from dynamics_singer.target.schema import StreamSchema

    from target_dynamics_cds.alternate_keys import AlternateKeys
    from target_dynamics_cds.customizing import Customizing
    from target_dynamics_cds.naming import Naming

logger = logging.getLogger("target-dynamics-cds")


class Provisioner:
    """Brings an environment's tables up to what SCHEMAs ask for."""

    def __init__(self, customizing: Customizing, keys: AlternateKeys, naming: Naming) -> None:
        self._customizing = customizing
        self._keys = keys
        self._naming = naming
        self._touched: list[str] = []
        self._awaited: list[tuple[str, frozenset[str]]] = []

    def ensure(self, schema: StreamSchema) -> None:
        """Make what the stream lacks and wait until its keys can be used.

        Raises:
            MismatchError: the SCHEMA asks for something Dataverse does not have.
            KeyNotReadyError: a key failed, or is not active in time.
            RefusedError: the service refuses a change for another reason.
        """
        self._touched, self._awaited = [], []
        self._customizing.look_again()
        self._ensure_table(Wish(schema.stream, schema.fields, schema.key_properties, self._naming))
        for logical_name, columns in self._awaited:
            self._keys.wait(logical_name, columns)
        self._customizing.look_again()
        for logical_name in self._touched:
            self._customizing.table(logical_name)

    def _ensure_table(self, wish: Wish) -> Table:
        wish.check()
        for field in wish.lookups:
            if _target(wish, field) != wish.entity:
                self._ensure_parent(wish, field)
        is_new = self._customizing.table(wish.logical_name) is None
        if is_new:
            self._make_table(wish)
        self._add_columns(wish)
        self._add_lookups(wish)
        table = self._shown(wish.logical_name)
        if wish.key and (not wish.is_parent or is_new or not table.keys):
            self._awaited.append(self._keys.ensure(wish, table))
        self._touched.append(wish.logical_name)
        return self._shown(wish.logical_name)

    def _ensure_parent(self, wish: Wish, field: str) -> Table:
        """The table a lookup points at: the publisher's, made if need be, or one of the system's."""
        target = _target(wish, field)
        system_table = self._customizing.table(target)
        if system_table is not None:
            self._touched.append(target)
            return system_table
        keys = wish.fields[field].fields
        parent = Wish(target, keys, tuple(keys), self._naming, is_parent=True)
        if not keys and self._customizing.table(parent.logical_name) is None:
            raise MismatchError(
                f"Table {parent.logical_name} is missing and the SCHEMA gives it no key",
                hint=f"Describe the key fields of {target} as `properties` of the lookup '{field}'",
            )
        return self._ensure_table(parent)

    def _make_table(self, wish: Wish) -> None:
        language = self._customizing.language
        columns = [wish.column(field, language) for field in wish.plain if field != wish.name_field]
        self._customizing.make(
            "EntityDefinitions",
            table_definition(
                wish.schema_name, wish.name_column(language), columns, display=wish.entity, language=language
            ),
            lambda: self._customizing.table(wish.logical_name) is not None,
        )
        logger.info("%s: made table %s with %d columns", wish.entity, wish.logical_name, len(columns) + 1)

    def _add_columns(self, wish: Wish) -> None:
        known = self._shown(wish.logical_name).columns
        for field in wish.plain:
            attribute = wish.attribute(field)
            if attribute in known:
                continue
            self._customizing.make(
                f"EntityDefinitions(LogicalName={literal(wish.logical_name)})/Attributes",
                wish.column(field, self._customizing.language),
                lambda attribute=attribute: attribute in self._shown(wish.logical_name).columns,  # type: ignore[misc]
            )
            logger.info("%s: made column %s of %s", wish.entity, attribute, wish.logical_name)

    def _add_lookups(self, wish: Wish) -> None:
        table = self._shown(wish.logical_name)
        for field in wish.lookups:
            column = f"_{wish.attribute_in(table, field)}_value"
            if column in table.columns:
                continue
            parent = (
                self._shown(wish.logical_name)
                if _target(wish, field) == wish.entity
                else self._ensure_parent(wish, field)
            )
            definition = lookup_definition(
                self._naming.lookup(field),
                table=wish.logical_name,
                target=(parent.logical_name, parent.primary_id),
                display=field,
                required=field in wish.key,
                language=self._customizing.language,
            )
            self._customizing.make(
                "RelationshipDefinitions",
                definition,
                lambda column=column: column in self._shown(wish.logical_name).columns,  # type: ignore[misc]
            )
            logger.info("%s: made lookup %s to %s", wish.entity, wish.attribute(field), parent.logical_name)

    def _shown(self, logical_name: str) -> Table:
        table = self._customizing.table(logical_name)
        if table is None:
            raise DynamicsError(
                f"Table {logical_name} was made but the environment does not show it",
                hint="Run again in a minute",
            )
        return table


def _target(wish: Wish, field: str) -> str:
    targets = wish.fields[field].lookup
    if len(targets) > 1:
        raise MismatchError(
            f"Lookup '{field}' of stream '{wish.entity}' points at several tables ({', '.join(targets)}), "
            "which `create_missing` does not make",
            hint="Make the lookup in Power Apps, or give each table a lookup of its own",
        )
    return targets[0]
