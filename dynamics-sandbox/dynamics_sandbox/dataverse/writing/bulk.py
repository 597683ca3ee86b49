"""CreateMultiple, UpdateMultiple and UpsertMultiple: many rows of one table, all or none.

Dataverse: bulk-operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import bad_request, payload_error
from dynamics_sandbox.dataverse.protocol.address import RowAddress, find_row
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import create_row, update_row
from dynamics_sandbox.dataverse.writing.values import guid_text

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session


def create_multiple(session: Session, table: Table, targets: Any) -> list[str]:
    """Create rows; give their ids in the order of the targets."""
    references = References(session)
    return [create_row(session, table, target, references) for target in _checked(table, targets)]


def update_multiple(session: Session, table: Table, targets: Any) -> None:
    """Change rows named by id or by `@odata.id`.

    Raises:
        DataverseError: 404 when one of them does not exist.
    """
    references = References(session)
    for target in _checked(table, targets):
        address = _address(table, target, references)
        if address is None:
            raise bad_request(f"Every target of UpdateMultiple needs '{table.primary_id}' or '@odata.id'.")
        row_id = find_row(session, address)
        if row_id is None:
            raise address.missing()
        update_row(session, table, row_id, target, references=references, key_columns=address.values)


def upsert_multiple(session: Session, table: Table, targets: Any) -> None:
    """Change rows that exist, create the others; a target that names no row is created."""
    references = References(session)
    for target in _checked(table, targets):
        address = _address(table, target, references)
        upsert(session, address or RowAddress(table), target, references)


def upsert(
    session: Session,
    address: RowAddress,
    body: dict[str, Any],
    references: References,
    *,
    row_id: str | None = None,
) -> tuple[str, bool]:
    """Change the addressed row or create it; give its id and whether it was created.

    A found row ignores key columns in the body. A new one takes them from the address, unless the body has
    them too: then the body wins (Dataverse: use-upsert-insert-update-record).

    Args:
        session: the transaction.
        address: the row meant; without id and key a new row.
        body: the JSON object.
        references: resolves binds.
        row_id: the row's id where the caller has looked it up already.
    """
    if row_id is None and (address.row_id or address.values):
        row_id = find_row(session, address)
    if row_id is not None:
        update_row(session, address.table, row_id, body, references=references, key_columns=address.values)
        return row_id, False
    created = create_row(
        session, address.table, body, references, row_id=address.row_id, defaults=address.values
    )
    return created, True


def _checked(table: Table, targets: Any) -> list[dict[str, Any]]:
    if not isinstance(targets, list) or not targets or not all(isinstance(item, dict) for item in targets):
        raise bad_request("The parameter 'Targets' must be an array of at least one object.")
    if any("@odata.type" not in target for target in targets):
        raise payload_error(
            table.entity_set,
            "InnerException : Every item of 'Targets' needs '@odata.type': "
            f"'Microsoft.Dynamics.CRM.{table.logical_name}'.",
        )
    return targets


def _address(table: Table, target: dict[str, Any], references: References) -> RowAddress | None:
    named = target.get("@odata.id")
    if named is not None:
        address = references.address(str(named))
        if address.table is not table:
            raise bad_request(f"The '@odata.id' of a target names '{address.table.entity_set}'.")
        return address
    row_id = target.get(table.primary_id)
    if row_id is None:
        return None
    text = guid_text(str(row_id))
    if text is None:
        raise bad_request(f"'{table.primary_id}' of a target is no GUID.")
    return RowAddress(table, row_id=text)
