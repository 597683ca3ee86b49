"""Columns as values: type, facets, options, and the relationships of lookups."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003 - msgspec looks the field types up
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamics_sandbox.odata.operands import ColumnKind

LOOKUP_TYPES = frozenset({"Lookup", "Customer", "Owner"})

_KINDS: dict[str, ColumnKind] = {
    "Uniqueidentifier": "guid",
    "String": "string",
    "Memo": "string",
    "EntityName": "string",
    "Integer": "integer",
    "BigInt": "integer",
    "Picklist": "integer",
    "State": "integer",
    "Status": "integer",
    "Decimal": "decimal",
    "Money": "decimal",
    "Double": "double",
    "Boolean": "boolean",
    "Lookup": "guid",
    "Customer": "guid",
    "Owner": "guid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a choice column; a status belongs to a state, a state has the status it starts with."""

    value: int
    label: str
    state: int | None = None
    default_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """One target of a lookup column: a many-to-one relationship with its two navigation properties."""

    schema_name: str
    target: str
    navigation: str
    """Empty for a lookup that only the service sets and that no property leads along (`quote.accountid`)."""
    collection: str
    on_delete: str = "RemoveLink"
    """What deleting the target does to rows that point at it: RemoveLink, Cascade, Restrict or NoCascade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One column. `type` is the AttributeType of the service (String, Money, Lookup …)."""

    name: str
    type: str
    schema_name: str = ""
    display_name: str = ""
    description: str = ""
    required: str = "None"
    creatable: bool = True
    updatable: bool = True
    custom: bool = False
    max_length: int | None = None
    precision: int | None = None
    precision_source: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    format: str = ""
    behavior: str = "UserLocal"
    options: tuple[Option, ...] = ()
    default: str | int | bool | None = None
    relationships: tuple[Relationship, ...] = ()
    base_of: str = ""
    """Money only: this column holds the value of that column in the base currency."""
    composed_of: tuple[str, ...] = ()
    """Text only: the service joins these columns into this one."""
    separator: str = " "
    mirror_of: str = ""
    """The service copies that column into this one."""

    @property
    def kind(self) -> ColumnKind:
        """How values are stored and compared: the column kinds of odata.operands."""
        if self.type == "DateTime":
            return "date" if self.behavior == "DateOnly" else "datetime"
        return _KINDS[self.type]

    @property
    def is_lookup(self) -> bool:
        """Whether the column points at rows of other tables."""
        return self.type in LOOKUP_TYPES

    @property
    def is_polymorphic(self) -> bool:
        """Whether the column may point at more than one table, so that the table is stored beside the id."""
        return len(self.relationships) > 1

    @property
    def navigable(self) -> tuple[Relationship, ...]:
        """Relationships that have navigation properties."""
        return tuple(branch for branch in self.relationships if branch.navigation)

    @property
    def property_name(self) -> str:
        """Name of the column in rows and queries: lookups appear as `_name_value`."""
        return f"_{self.name}_value" if self.is_lookup else self.name

    @property
    def companions(self) -> tuple[tuple[str, str], ...]:
        """Attributes that metadata shows beside the column: what is put behind its name, and their type."""
        label = (("name", "Virtual"),) if self.options else ()
        names = (("name", "String"), ("yominame", "String")) if self.is_lookup else ()
        target = "type" if self.type == "Customer" else "idtype"
        return (*label, *names, *(((target, "EntityName"),) if self.is_polymorphic else ()))

    @property
    def target_column(self) -> str:
        """Stored column that names the target table of a polymorphic lookup."""
        return f"{self.name}:target"
