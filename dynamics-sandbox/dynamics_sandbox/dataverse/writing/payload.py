"""Request bodies of rows: which column a member sets, which row a bind names, which rows come along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import bad_request, not_in_sandbox, payload_error
from dynamics_sandbox.dataverse.writing.values import ValueReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.dataverse.errors import DataverseError
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Incoming, Navigation, Table
    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.dataverse.writing.references import References

_BIND = "@odata.bind"


@dataclass(slots=True)
class Payload:
    """A body by stored columns, with the rows nested in it."""

    values: dict[str, Any] = field(default_factory=dict)
    row_id: str | None = None
    parents: list[tuple[Navigation, Mapping[str, Any]]] = field(default_factory=list)
    children: list[tuple[Incoming, Mapping[str, Any]]] = field(default_factory=list)


@dataclass(slots=True)
class PayloadReader:
    """Reads the bodies of one table's rows."""

    session: Session
    table: Table
    references: References
    creating: bool

    def read(self, body: Mapping[str, Any]) -> Payload:
        """Turn a JSON object into stored values.

        Raises:
            DataverseError: an undeclared member, a value that does not fit, a bind to a missing row.
        """
        payload = Payload()
        reader = ValueReader(self.table, self.session.settings)
        for name, value in body.items():
            attribute = self.table.properties.get(name)
            if attribute is None:
                self._other_member(payload, name, value)
            elif name == self.table.primary_id:
                payload.row_id = reader.read(attribute, value)
            elif self._takes(attribute):
                payload.values[attribute.name] = reader.read(attribute, value)
        return payload

    def _takes(self, attribute: Attribute) -> bool:
        """Say whether a value for this column is to be stored; refuse or ignore it otherwise."""
        if attribute.is_lookup:
            if self.session.settings.lookup_values_in_body == "reject":
                raise self._undeclared(
                    f"the property '{attribute.property_name}' is read-only; set the lookup through its "
                    f"navigation property with '{_BIND}'"
                )
            return False
        if attribute.creatable if self.creating else attribute.updatable:
            return True
        if self.session.settings.unwritable_columns == "reject":
            raise bad_request(f"The property '{attribute.name}' cannot be modified.")
        return False

    def _other_member(self, payload: Payload, name: str, value: Any) -> None:
        if name.endswith(_BIND):
            self._bind(payload, name.removesuffix(_BIND), value)
        elif name in self.table.navigations:
            self._navigation(payload, name, value)
        elif "@" in name:
            self._annotation(name, value)
        else:
            self._collection(payload, name, value)

    def _annotation(self, name: str, value: Any) -> None:
        """Check the declared type; other annotations carry nothing to store."""
        expected = f"Microsoft.Dynamics.CRM.{self.table.logical_name}"
        if name == "@odata.type" and str(value).removeprefix("#") != expected:
            raise payload_error(
                self.table.entity_set,
                f"InnerException : A resource of type '{value}' is not of type '{expected}'.",
            )

    def _bind(self, payload: Payload, name: str, value: Any) -> None:
        branches = self.table.navigations.get(name)
        if branches is None:
            raise self._undeclared(
                f"An undeclared property '{name}' which only has property annotations in the payload but no "
                "property value was found in the payload"
            )
        if value is None:
            self._clear(payload, branches[0])
            return
        if not isinstance(value, str):
            raise self._undeclared(f"the value of '{name}{_BIND}' must be the address of a row")
        target, row_id = self.references.row(value)
        for branch in branches:
            if branch.relationship.target == target.logical_name:
                self._set(payload, branch, row_id)
                return
        raise self._undeclared(f"'{name}' cannot be bound to a row of '{target.entity_set}'")

    def _set(self, payload: Payload, branch: Navigation, row_id: str | None) -> None:
        attribute = branch.attribute
        if attribute.creatable if self.creating else attribute.updatable:
            payload.values[attribute.name] = row_id
            if attribute.is_polymorphic:
                payload.values[attribute.target_column] = branch.relationship.target if row_id else None

    def _clear(self, payload: Payload, branch: Navigation) -> None:
        # The null of one branch says nothing about another branch set in the same body.
        if payload.values.get(branch.attribute.name) is None:
            self._set(payload, branch, None)

    def _navigation(self, payload: Payload, name: str, value: Any) -> None:
        branches = self.table.navigations[name]
        if value is None:
            self._clear(payload, branches[0])
        elif not isinstance(value, dict):
            raise self._undeclared(f"the value of the navigation property '{name}' must be an object or null")
        elif not self.creating:
            raise not_in_sandbox(f"nested rows in an update ('{name}')")
        elif len(branches) > 1:
            raise not_in_sandbox(f"a nested row for '{name}', which leads to several tables")
        else:
            payload.parents.append((branches[0], value))

    def _collection(self, payload: Payload, name: str, value: Any) -> None:
        incoming = self.session.schema.collection(self.table, name)
        if incoming is None:
            raise self._undeclared(
                f"InnerException : Invalid property '{name}' was found in entity "
                f"'Microsoft.Dynamics.CRM.{self.table.logical_name}'"
            )
        if not self.creating:
            raise not_in_sandbox(f"nested rows in an update ('{name}')")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._undeclared(
                f"the value of the navigation property '{name}' must be an array of objects"
            )
        payload.children += [(incoming, item) for item in value]

    def _undeclared(self, reason: str) -> DataverseError:
        return payload_error(
            self.table.entity_set, f"{reason}.", self.session.settings.undeclared_property_code
        )
