"""Tables of any OData v4 service from its CSDL document, a file or the answer to ``$metadata``.

Dataverse's own metadata says more (labels, option sets, lengths, whether rows are tracked), so this is the
source for services without ``EntityDefinitions`` and for reading a saved document.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from dynamics_odata.metadata.csdl_reader import DeclaredProperty, DeclaredType, read_csdl
from dynamics_odata.metadata.model import AlternateKey, Column, Lookup, Table
from dynamics_odata.metadata.names import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dynamics_odata.metadata.csdl_reader import DeclaredSet

__all__ = ["CsdlMetadata"]

_KINDS = {
    "Edm.String": "string",
    "Edm.Guid": "guid",
    "Edm.Boolean": "boolean",
    "Edm.Byte": "integer",
    "Edm.SByte": "integer",
    "Edm.Int16": "integer",
    "Edm.Int32": "integer",
    "Edm.Int64": "bigint",
    "Edm.Decimal": "decimal",
    "Edm.Single": "double",
    "Edm.Double": "double",
    "Edm.Date": "date",
    "Edm.DateTimeOffset": "datetime",
    "Edm.TimeOfDay": "string",
    "Edm.Duration": "string",
    "Edm.Binary": "image",
}
_STREAM = "Edm.Stream"


class CsdlMetadata:
    """The tables of one document; a table's logical name is that of its entity type, without namespace.

    `where` names the document in messages.

    Raises:
        ProtocolError: the document is no CSDL.
    """

    def __init__(self, document: bytes, *, where: str = "the metadata document") -> None:
        self._declared = read_csdl(document)
        self._where = where
        self._tables: dict[str, Table] = {}

    @cached_property
    def _sets(self) -> Mapping[str, DeclaredSet]:
        return {each.name: each for each in self._declared.sets}

    @cached_property
    def _set_of(self) -> Mapping[str, DeclaredSet]:
        """The first entity set of each type, by the type's short name."""
        return {_short(each.type): each for each in reversed(self._declared.sets)}

    @cached_property
    def _types(self) -> Mapping[str, DeclaredType]:
        return {_short(name): each for name, each in self._declared.types.items()}

    def entity_sets(self) -> dict[str, str]:
        """Type names by entity-set name."""
        return {each.name: _short(each.type) for each in self._sets.values()}

    def load(self, logicals: Iterable[str]) -> None:
        """Nothing to do: the document holds every table; metadata that is asked for has this method, too."""

    def table(self, logical: str) -> Table:
        """The table of an entity type.

        Raises:
            UnknownNameError: when there is no such type, with the nearest names.
        """
        if logical not in self._types:
            raise unknown("entity type", logical, self._types, where=self._where)
        if logical not in self._tables:
            self._tables[logical] = self._table(logical)
        return self._tables[logical]

    def _lineage(self, declared: DeclaredType) -> list[DeclaredType]:
        """The type and the types it inherits from, the root first."""
        found = [declared]
        while found[-1].base:
            base = self._declared.types.get(self._declared.qualified(found[-1].base))
            if base is None or base in found:
                break
            found.append(base)
        return found[::-1]

    def _table(self, logical: str) -> Table:
        lineage = self._lineage(self._types[logical])
        key = next((each.key for each in lineage if each.key), [])
        entity_set = self._set_of.get(logical)
        lookups = tuple(self._lookups(lineage))
        linked: dict[str, list[str]] = {}
        for lookup in lookups:
            linked.setdefault(lookup.column, []).append(lookup.target)
        columns = {
            declared.name: column
            for each in lineage
            for declared in each.properties
            if (column := self._column(declared, linked, key)) is not None
        }
        return Table(
            logical_name=logical,
            schema_name=logical,
            entity_set=entity_set.name if entity_set else "",
            primary_id=key[0] if key else "",
            primary_name="",
            change_tracking=entity_set is not None and entity_set.change_tracking,
            columns=columns,
            keys=tuple(
                AlternateKey(f"key{number}", tuple(names), active=True)
                for number, names in enumerate(
                    (names for each in lineage for names in each.alternate_keys), start=1
                )
            ),
            lookups=lookups,
            description=lineage[-1].description or (entity_set.description if entity_set else ""),
            row_key=tuple(key),
        )

    def _lookups(self, lineage: list[DeclaredType]) -> Iterator[Lookup]:
        """Navigation to one row; its column is empty where no single column holds the target's key."""
        for navigation in (each for declared in lineage for each in declared.navigations):
            if navigation.type.startswith("Collection("):
                continue
            target = _short(navigation.type)
            found = self._set_of.get(target)
            column = navigation.constraints[0][0] if len(navigation.constraints) == 1 else ""
            yield Lookup(column, navigation.name, target, found.name if found else "")

    def _column(
        self, declared: DeclaredProperty, linked: Mapping[str, list[str]], key: list[str]
    ) -> Column | None:
        edm_type = self._edm_type(declared.type)
        if edm_type == _STREAM:  # media is read at an address of its own, not in rows
            return None
        writable = not declared.computed
        return Column(
            name=declared.name,
            schema_name=declared.name,
            edm_type=edm_type,
            kind="lookup" if declared.name in linked else _KINDS.get(edm_type, "other"),
            max_length=_number(declared.facets.get("MaxLength")),
            scale=_number(declared.facets.get("Scale")) if edm_type == "Edm.Decimal" else None,
            required=declared.name in key or declared.facets.get("Nullable") == "false",
            creatable=writable,
            updatable=writable,
            targets=tuple(sorted(set(linked.get(declared.name, ())))),
            date_only=edm_type == "Edm.Date",
            description=declared.description,
            minimum=Decimal(0) if edm_type == "Edm.Byte" else None,
        )

    def _edm_type(self, name: str) -> str:
        """The type in terms a schema knows: enumerations travel as text, definitions are what they name."""
        if name.startswith("Collection("):
            return f"Collection({self._edm_type(name[11:-1])})"
        full = self._declared.qualified(name)
        if full in self._declared.enums:
            return "Edm.String"
        return self._declared.definitions.get(full, full)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _number(facet: str | None) -> int | None:
    """A facet that is a number; ``max``, ``variable`` and ``floating`` set no bound."""
    return int(facet) if facet is not None and facet.isdecimal() else None
