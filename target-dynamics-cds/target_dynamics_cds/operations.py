"""Operations: what is to be done with a row, and how it is put for bulk messages and for `$batch`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from dynamics_odata.batch import BatchPart
from dynamics_odata.query import key_segment, unsafe_in_key
from dynamics_singer.target.rows import Outcome
from dynamics_singer.target.unchanged import changed_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_dynamics_cds.drafts import Draft
    from target_dynamics_cds.plan import StreamPlan
    from target_dynamics_cds.reading import Record

    WriteMode = Literal["upsert", "create", "update"]

_encoder = msgspec.json.Encoder(decimal_format="number")
_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One row's write.

    Attributes:
        kind: ``create`` (it was not there), ``update`` (it was), ``upsert`` (nobody looked).
        draft: the row.
        row_id: id of the row to write; None when `key` addresses it.
        key: alternate-key segment, such as ``(accountnumber='A1')``.
        body: the payload without its address.
    """

    kind: Literal["create", "update", "upsert"]
    draft: Draft
    body: dict[str, Any]
    row_id: str | None = None
    key: str = ""

    @property
    def message(self) -> str:
        """The bulk message that carries it."""
        return "UpdateMultiple" if self.kind == "update" else "UpsertMultiple"


def decide(
    plan: StreamPlan,
    draft: Draft,
    existing: Record | None,
    *,
    mode: WriteMode,
    skip_unchanged: bool,
) -> Operation | Outcome:
    """What to do with a row once it is known whether it exists, or the verdict when that is nothing."""
    if existing is None:
        if mode == "update":
            return Outcome("skipped", "not there to be updated (`write_mode` is update)")
        return creation(plan, draft, by_key=mode == "upsert")
    if mode == "create":
        return Outcome("skipped", "there already (`write_mode` is create)")
    values = {name: value for name, value in draft.values.items() if name in plan.updatable}
    if skip_unchanged:
        values = changed_fields(values, existing, plan.comparisons, calculated=plan.calculated)
    if not values:
        return Outcome("unchanged")
    return Operation("update", draft, _body(draft, values), row_id=existing[plan.table.primary_id])


def creation(
    plan: StreamPlan, draft: Draft, *, by_key: bool, kind: Literal["create", "upsert"] = "create"
) -> Operation:
    """A new row: addressed by its alternate key where one can carry the values, else by a new id.

    With the key as address its columns stay out of the body, since a body wins over the address there
    (Dataverse: use-upsert-insert-update-record). An id of our own makes repeating the request harmless.
    """
    values = {name: value for name, value in draft.values.items() if name in plan.creatable}
    if plan.mode == "alternate" and by_key and key_is_safe(draft):
        body = _body(draft, {name: value for name, value in values.items() if name not in plan.key_columns})
        return Operation(
            kind, draft, body, key=key_segment(dict(zip(plan.key_columns, draft.key, strict=True)))
        )
    row_id = str(draft.key[0]) if plan.mode == "primary" else str(uuid.uuid4())
    values.pop(plan.table.primary_id, None)
    return Operation(kind, draft, _body(draft, values), row_id=row_id)


def key_is_safe(draft: Draft) -> bool:
    """Whether the key can stand in a URL (Dataverse: certain characters cannot, even percent-encoded)."""
    return not any(isinstance(value, str) and unsafe_in_key(value) for value in draft.key)


def bulk_body(plan: StreamPlan, operations: Iterable[Operation]) -> bytes:
    """The body of UpsertMultiple or UpdateMultiple (Dataverse: bulk-operations)."""
    table = plan.table
    targets = []
    for one in operations:
        address = (
            {table.primary_id: one.row_id} if one.row_id else {"@odata.id": f"{table.entity_set}{one.key}"}
        )
        targets.append({"@odata.type": f"Microsoft.Dynamics.CRM.{table.logical_name}", **address, **one.body})
    return _encoder.encode({"Targets": targets})


def batch_part(plan: StreamPlan, operation: Operation) -> BatchPart:
    """The PATCH that does one operation alone; an update creates no row in place of one that has gone."""
    headers = {**_JSON, "If-Match": "*"} if operation.kind == "update" else _JSON
    address = f"({operation.row_id})" if operation.row_id else operation.key
    return BatchPart("PATCH", f"{plan.table.entity_set}{address}", headers, _encoder.encode(operation.body))


def _body(draft: Draft, values: Mapping[str, Any]) -> dict[str, Any]:
    """Column values as a payload: lookups become `@odata.bind` under their navigation property."""
    body: dict[str, Any] = {}
    for name, value in values.items():
        if name in draft.bindings:
            navigation, entity_set = draft.bindings[name]
            body[f"{navigation}@odata.bind"] = None if value is None else f"/{entity_set}({value})"
        else:
            body[name] = value
    return body


def chunks(operations: Sequence[Operation], size: int) -> Iterable[Sequence[Operation]]:
    """Operations by at most `size`."""
    return (operations[start : start + size] for start in range(0, len(operations), size))
