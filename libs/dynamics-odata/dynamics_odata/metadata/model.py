"""Tables, columns, keys and lookups of a Dataverse environment, and entities of F&O, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

__all__ = ["AlternateKey", "Column", "FnoEntity", "FnoProperty", "Lookup", "Option", "Table"]


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice column and its label in the caller's language."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a Dataverse table, as it appears in rows.

    Attributes:
        name: property name in rows: the logical name, or ``_x_value`` for a lookup.
        schema_name: the name with its capitals.
        edm_type: ``Edm.String``, ``Edm.Int32``, ``Edm.Int64``, ``Edm.Decimal``, ``Edm.Double``,
            ``Edm.Boolean``, ``Edm.DateTimeOffset``, ``Edm.Date``, ``Edm.Guid`` or ``Edm.Binary``.
        kind: string, memo, integer, bigint, decimal, money, double, boolean, datetime, date, choice,
            state, status, choices (several, as text ``1,3``), lookup, guid, image or file.
        max_length: characters a string may have, or None.
        scale: digits after the point a number may have, or None.
        minimum: smallest value allowed, or None.
        maximum: largest value allowed, or None.
        required: whether the service itself insists on a value (SystemRequired).
        readable: whether rows show it.
        creatable: whether a new row may set it.
        updatable: whether an existing row may change it.
        options: values of a choice, state, status or boolean column.
        targets: logical names of the tables a lookup may point to.
        date_only: whether the value is a plain date without time and zone.
        description: the label, and what the column is for where somebody wrote it down.
        calculated: whether the service computes it (calculated and roll-up columns).
    """

    name: str
    schema_name: str
    edm_type: str
    kind: str
    max_length: int | None = None
    scale: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    required: bool = False
    readable: bool = True
    creatable: bool = True
    updatable: bool = True
    options: tuple[Option, ...] = ()
    targets: tuple[str, ...] = ()
    date_only: bool = False
    description: str = ""
    calculated: bool = False


@dataclass(frozen=True, slots=True)
class AlternateKey:
    """A declared unique key; rows can be addressed by it only while ``active`` (its index is built)."""

    name: str
    columns: tuple[str, ...]
    active: bool


@dataclass(frozen=True, slots=True)
class Lookup:
    """One way out of a lookup column; a polymorphic column has several.

    Attributes:
        column: the column in rows, ``_x_value``.
        navigation: the navigation property to bind and expand, with its capitals.
        target: logical name of the table it leads to.
        target_set: that table's entity set, or the empty string where it has none.
    """

    column: str
    navigation: str
    target: str
    target_set: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a Dataverse environment; ``columns`` by their name in rows, ``keys`` also inactive ones.

    A key's columns carry attribute names: a lookup in a key is ``x`` there and ``_x_value`` in rows.
    ``row_key`` names all properties of the key where a service other than Dataverse keys rows by several.
    """

    logical_name: str
    schema_name: str
    entity_set: str
    primary_id: str
    primary_name: str
    change_tracking: bool
    columns: Mapping[str, Column]
    keys: tuple[AlternateKey, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    description: str = ""
    row_key: tuple[str, ...] = ()

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The properties that identify a row, the primary id in Dataverse."""
        return self.row_key or (self.primary_id,)


@dataclass(frozen=True, slots=True)
class FnoProperty:
    """One property of an F&O data entity.

    Attributes:
        name: property name in rows.
        edm_type: the EDM type, or the qualified enumeration type.
        ax_type: String, Enum, Real, Int32, Int64, Date, UtcDateTime, Guid or Container.
        enum_members: member names of an enumeration, the one with value 0 (F&O's "empty") first.
        is_key: whether it is part of the key.
        mandatory: whether F&O insists on a value.
        allow_edit: whether an existing row may change it.
        allow_edit_on_create: whether a new row may set it.
    """

    name: str
    edm_type: str
    ax_type: str
    enum_members: tuple[str, ...] = ()
    is_key: bool = False
    mandatory: bool = False
    allow_edit: bool = True
    allow_edit_on_create: bool = True

    @property
    def enum_type(self) -> str:
        """Short name of the enumeration, or the empty string."""
        return self.edm_type.rpartition(".")[2] if self.ax_type == "Enum" else ""


@dataclass(frozen=True, slots=True)
class FnoEntity:
    """One public data entity of F&O.

    Attributes:
        entity_set: collection name in addresses (``CustomersV3``).
        name: public type name (``CustomerV3``).
        aot_name: name in the application, which error messages use (``CustCustomerV3Entity``).
        keys: key properties in order.
        properties: all properties by name.
        read_only: whether F&O refuses every write.
    """

    entity_set: str
    name: str
    aot_name: str
    keys: tuple[str, ...]
    properties: Mapping[str, FnoProperty] = field(default_factory=dict)
    read_only: bool = False
