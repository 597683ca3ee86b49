"""Entity metadata of F&O from its JSON metadata service, entity by entity.

Source: F&O: services-home-page. ``/data/$metadata`` would bring tens of megabytes for the same facts.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dynamics_odata.errors import ProtocolError
from dynamics_odata.metadata.model import FnoEntity, FnoProperty
from dynamics_odata.metadata.names import unknown
from dynamics_odata.query import compare, key_segment, query_string
from dynamics_odata.transport import Request, Transport

__all__ = ["FnoMetadata"]

_ENTITY_FIELDS = ("Name", "PublicEntityName", "PublicCollectionName", "IsReadOnly", "DataServiceEnabled")
# F&O: service-protection-maximizing-api-throughput; four to eight at once is what one user may ask.
PARALLEL_READS = 8
_NOT_FOUND = 404


class FnoMetadata:
    """Reads and keeps the data entities of one environment; ``transport`` may be rooted at ``/data/``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        # Both services hang below the environment's own address: …/data/ and …/metadata/.
        self._root = f"{transport.connection.environment_url}/metadata/"
        self._lock = threading.RLock()
        self._entities: dict[str, FnoEntity] = {}
        self._enumerations: dict[str, tuple[str, ...]] = {}
        self._sets: dict[str, str] | None = None

    def entity_sets(self) -> dict[str, str]:
        """Public type names by entity-set name, of all entities that the data service offers."""
        with self._lock:
            if self._sets is None:
                query = query_string(select=_ENTITY_FIELDS)
                rows = self._rows(f"DataEntities{query}")
                self._sets = {
                    row["PublicCollectionName"]: row["PublicEntityName"]
                    for row in rows
                    if row.get("DataServiceEnabled") and row.get("PublicCollectionName")
                }
            return dict(self._sets)

    def entity(self, entity_set: str) -> FnoEntity:
        """One entity by its entity-set name, which is case-sensitive.

        Raises:
            UnknownNameError: when the data service has no such set, with the nearest names.
        """
        with self._lock:
            if entity_set not in self._entities:
                self._entities[entity_set] = self._read(entity_set)
            return self._entities[entity_set]

    def enum_members(self, name: str) -> tuple[str, ...]:
        """Member names of an enumeration by value: the first is what F&O writes for "empty"."""
        with self._lock:
            if name not in self._enumerations:
                self._enumerations[name] = self._members(name)
            return self._enumerations[name]

    def _members(self, name: str) -> tuple[str, ...]:
        members = self._transport.get(f"{self._root}PublicEnumerations{_named(name)}").json().get("Members")
        ordered = sorted(members or [], key=lambda member: int(member.get("Value", 0)))
        return tuple(member["Name"] for member in ordered)

    def _learn_enumerations(self, properties: list[dict[str, Any]]) -> None:
        """Ask for all enumerations of an entity at once: the service gives one per request."""
        names = sorted({_enumeration(row) for row in properties} - {"", *self._enumerations})
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            self._enumerations.update(zip(names, pool.map(self._members, names), strict=True))

    def _read(self, entity_set: str) -> FnoEntity:
        query = query_string(filter=compare("PublicCollectionName", "eq", entity_set), select=_ENTITY_FIELDS)
        found = [
            row for row in self._rows(f"DataEntities{query}") if row.get("PublicCollectionName") == entity_set
        ]
        if not found:
            raise unknown("entity set", entity_set, self.entity_sets(), where=self._transport.host)
        entity = found[0]
        request = Request("GET", f"{self._root}PublicEntities{_named(entity['PublicEntityName'])}")
        answer = self._transport.send(request, accept=(_NOT_FOUND,))
        if answer.status == _NOT_FOUND:
            raise unknown("entity set", entity_set, self.entity_sets(), where=self._transport.host)
        public = answer.json()
        rows = public.get("Properties") or []
        self._learn_enumerations(rows)
        properties = {row["Name"]: self._property(row) for row in rows}
        return FnoEntity(
            entity_set=entity_set,
            name=public["Name"],
            aot_name=entity["Name"],
            keys=tuple(name for name, member in properties.items() if member.is_key),
            properties=properties,
            read_only=bool(public.get("IsReadOnly") or entity.get("IsReadOnly")),
        )

    def _property(self, row: dict[str, Any]) -> FnoProperty:
        enumeration = _enumeration(row)
        return FnoProperty(
            name=row["Name"],
            edm_type=row.get("TypeName") or "Edm.String",
            ax_type="Enum" if enumeration else row.get("DataType") or "",
            enum_members=self.enum_members(enumeration) if enumeration else (),
            is_key=bool(row.get("IsKey")),
            mandatory=bool(row.get("IsMandatory")),
            allow_edit=bool(row.get("AllowEdit", True)),
            allow_edit_on_create=bool(row.get("AllowEditOnCreate", True)),
        )

    def _rows(self, path: str) -> list[dict[str, Any]]:
        rows = self._transport.get(self._root + path).json().get("value")
        if not isinstance(rows, list):
            raise ProtocolError("A metadata answer of F&O has no list of rows")
        return rows


def _enumeration(row: dict[str, Any]) -> str:
    """Short name of a property's enumeration, or the empty string."""
    edm_type = row.get("TypeName") or "Edm.String"
    return "" if edm_type.startswith("Edm.") else edm_type.rpartition(".")[2]


def _named(name: str) -> str:
    """The nameless text key the metadata service uses: ``('CustomerV3')``."""
    return f"({key_segment({'Name': name}).removeprefix('(Name=')}"
