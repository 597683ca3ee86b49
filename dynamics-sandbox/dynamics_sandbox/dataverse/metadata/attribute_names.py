"""Names of new columns: within a table each belongs to one attribute, companions included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.metadata.key_writing import duplicate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session


def check_new_table(session: Session, table: Table) -> None:
    """Refuse a new table two of whose attributes would bear one name; its primary key is one of them.

    Raises:
        DataverseError: names the attribute.
    """
    _check(session, table.logical_name, {table.primary_id}, table.attributes)


def check_new_column(session: Session, table: Table, added: Attribute) -> None:
    """Refuse a column whose name, or the name of what comes with it, is taken in its table.

    Raises:
        DataverseError: names the attribute.
    """
    taken = {name for attribute in table.attributes for name in _names(attribute)}
    _check(session, table.logical_name, taken, [added])


def _check(session: Session, table_name: str, taken: set[str], added: Iterable[Attribute]) -> None:
    for attribute in added:
        names = _names(attribute)
        for name in names:
            if name in taken:
                message = f"An attribute with the specified name {name} already exists for {table_name}."
                raise duplicate(session, message)
        taken.update(names)


def _names(attribute: Attribute) -> tuple[str, ...]:
    """The attribute's logical name, and those of the attributes the service makes with it."""
    base = ("_base",) if attribute.type == "Money" and not attribute.base_of else ()
    suffixes = (*(suffix for suffix, _ in attribute.companions), *base)
    return (attribute.name, *(f"{attribute.name}{suffix}" for suffix in suffixes))
