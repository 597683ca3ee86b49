"""Table metadata of a Dataverse environment: one request for up to twenty tables, each asked for once.

Source: Dataverse: query-metadata-web-api. A table's attributes come in typed lists (string lengths, number
    ranges, options), one address each; all of them travel in a single ``$batch``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from dynamics_odata.batch import BatchPart, BatchReply, send_batch
from dynamics_odata.errors import ProtocolError
from dynamics_odata.metadata.attributes import CASTS, columns_from, label_of
from dynamics_odata.metadata.model import AlternateKey, Lookup, Table
from dynamics_odata.metadata.names import unknown
from dynamics_odata.query import key_segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_odata.transport import Transport

__all__ = ["DataverseMetadata"]

_TABLE_FIELDS = (
    "LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute,ChangeTrackingEnabled,"
    "DisplayName,Description"
)
_ATTRIBUTE_FIELDS = (
    "LogicalName,SchemaName,AttributeType,AttributeTypeName,IsValidForRead,IsValidForCreate,IsValidForUpdate,"
    "AttributeOf,RequiredLevel,SourceType,DisplayName,Description"
)
_RELATION_FIELDS = (
    "SchemaName,ReferencingAttribute,ReferencedEntity,ReferencedAttribute,"
    "ReferencingEntityNavigationPropertyName"
)
_NOT_FOUND = 404

TABLES_PER_REQUEST = 20
"""18 addresses each: far below the 1000 that one ``$batch`` may hold, and a few megabytes of answers."""


class DataverseMetadata:
    """Reads and keeps the tables of one environment; may be used from several threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.RLock()
        self._sets: dict[str, str] | None = None
        self._tables: dict[str, Table] = {}

    def entity_sets(self, *, strong: bool = False) -> dict[str, str]:
        """Logical table names by entity-set name.

        ``strong`` asks anew and past the service's metadata cache, which lags behind schema changes for
        some 30 seconds (Dataverse: compose-http-requests-handle-errors, header ``Consistency``).
        """
        with self._lock:
            if self._sets is None or strong:
                answer = self._transport.get(
                    "EntityDefinitions?$select=LogicalName,EntitySetName", _consistency(strong=strong)
                )
                self._sets = {
                    row["EntitySetName"]: row["LogicalName"]
                    for row in _rows(answer.json())
                    if row.get("EntitySetName")
                }
            return dict(self._sets)

    def table(self, logical: str, *, strong: bool = False) -> Table:
        """One table by its logical name; ``strong`` as for :meth:`entity_sets`.

        Raises:
            UnknownNameError: when there is no such table, with the nearest names.
        """
        with self._lock:
            if logical not in self._tables or strong:
                self._tables[logical] = self._read(logical, strong=strong)
            return self._tables[logical]

    def load(self, logicals: Iterable[str], *, strong: bool = False) -> None:
        """Read several tables that are not known yet, as many in one request as keep its answer small.

        A table that is not there is no error yet; :meth:`table` names it.
        """
        with self._lock:
            missing = [name for name in dict.fromkeys(logicals) if strong or name not in self._tables]
            for start in range(0, len(missing), TABLES_PER_REQUEST):
                self._tables |= self._read_several(missing[start : start + TABLES_PER_REQUEST], strong=strong)

    def table_of_set(self, entity_set: str, *, strong: bool = False) -> Table:
        """One table by its entity-set name, which is case-sensitive; errors as for :meth:`table`."""
        sets = self.entity_sets(strong=strong)
        if entity_set not in sets:
            raise unknown("entity set", entity_set, sets, where=self._transport.host)
        return self.table(sets[entity_set], strong=strong)

    def forget(self) -> None:
        """Drop everything known, after somebody changed the schema."""
        with self._lock:
            self._sets = None
            self._tables.clear()

    def _read(self, logical: str, *, strong: bool) -> Table:
        found = self._read_several([logical], strong=strong)
        if logical not in found:
            raise unknown("table", logical, self.entity_sets().values(), where=self._transport.host)
        return found[logical]

    def _read_several(self, logicals: list[str], *, strong: bool) -> dict[str, Table]:
        """The tables among `logicals` that exist."""
        headers = {"Accept": "application/json", **_consistency(strong=strong)}
        paths = [list(_paths(logical).items()) for logical in logicals]
        parts = [BatchPart("GET", path, headers) for each in paths for _, path in each]
        replies = iter(send_batch(self._transport, parts, continue_on_error=True))
        sets = {name: entity_set for entity_set, name in self.entity_sets(strong=strong).items()}
        found = {}
        for logical, each in zip(logicals, paths, strict=True):
            answers = {name: self._answer(next(replies), logical) for name, _ in each}
            if answers["table"] is not None:
                found[logical] = _table(answers, sets)
        return found

    def _answer(self, reply: BatchReply, logical: str) -> Any:
        """The content of one answer, None where there is no such table."""
        failure = reply.failure
        if failure is None:
            if not reply.ran:
                raise ProtocolError(f"The metadata of table {logical} came incomplete")
            return reply.reply.json()
        if failure.status == _NOT_FOUND:
            return None
        raise failure


def _table(answers: dict[str, Any], sets: Mapping[str, str]) -> Table:
    """A table out of the answers about it; `sets` gives entity sets by logical names."""
    head = answers["table"]
    facets: dict[str, dict[str, Any]] = {}
    for cast in CASTS:
        for row in _rows(answers[cast.type_name]):
            facets.setdefault(row["LogicalName"], {}).update(row)
    return Table(
        logical_name=head["LogicalName"],
        schema_name=head["SchemaName"],
        entity_set=head.get("EntitySetName") or "",
        primary_id=head["PrimaryIdAttribute"],
        primary_name=head.get("PrimaryNameAttribute") or "",
        change_tracking=bool(head.get("ChangeTrackingEnabled")),
        columns=columns_from(_rows(answers["attributes"]), facets),
        keys=tuple(_key(row) for row in _rows(answers["keys"])),
        lookups=_lookups(_rows(answers["relations"]), sets),
        description=label_of(head.get("Description")) or label_of(head.get("DisplayName")),
    )


def _lookups(relations: list[dict[str, Any]], sets: Mapping[str, str]) -> tuple[Lookup, ...]:
    found = {
        (row["ReferencingAttribute"], row["ReferencingEntityNavigationPropertyName"], row["ReferencedEntity"])
        for row in relations
        if row.get("ReferencingEntityNavigationPropertyName")
    }
    return tuple(
        Lookup(f"_{attribute}_value", navigation, target, sets.get(target, ""))
        for attribute, navigation, target in sorted(found)
    )


def _paths(logical: str) -> dict[str, str]:
    """What has to be asked about one table: addresses by name."""
    address = f"EntityDefinitions{key_segment({'LogicalName': logical})}"
    return {
        "table": f"{address}?$select={_TABLE_FIELDS}",
        "attributes": f"{address}/Attributes?$select={_ATTRIBUTE_FIELDS}",
        "keys": f"{address}/Keys?$select=LogicalName,SchemaName,KeyAttributes,EntityKeyIndexStatus",
        "relations": f"{address}/ManyToOneRelationships?$select={_RELATION_FIELDS}",
        **{cast.type_name: f"{address}/Attributes/{cast.path}" for cast in CASTS},
    }


def _consistency(*, strong: bool) -> dict[str, str]:
    return {"Consistency": "Strong"} if strong else {}


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of a metadata collection, which is never paged."""
    rows = answer.get("value") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise ProtocolError("A metadata answer has no list of rows")
    return rows


def _key(row: dict[str, Any]) -> AlternateKey:
    return AlternateKey(
        name=row["LogicalName"],
        columns=tuple(row.get("KeyAttributes") or ()),
        active=row.get("EntityKeyIndexStatus") == "Active",
    )
