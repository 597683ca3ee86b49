"""Wishes: the tables a SCHEMA asks for, as definitions of what to make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynamics_cds.column_kinds import ColumnKind, column_kind
from target_dynamics_cds.definitions import column_definition
from target_dynamics_cds.errors import MismatchError, primary_key_clash
from target_dynamics_cds.naming import is_own_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamics_odata.metadata.model import Table
    from dynamics_singer.target.schema import Field

    from target_dynamics_cds.naming import Naming

MOST_KEY_BYTES = 900
NAME_LENGTH = 100
GUID_BYTES = 16
COMPANIONS = {"Boolean": "name", "Money": "_base"}
"""What Dataverse puts behind the name of a column of this kind to name the column that comes with it."""
LOOKUP_COMPANION = "name"


@dataclass(frozen=True, slots=True)
class Wish:
    """A table that should be there.

    Attributes:
        entity: its name on the Singer side.
        fields: what it should hold at least.
        key: names of the fields that identify a row.
        naming: how names become Dataverse's.
        is_parent: a lookup points at it; it is made when missing, but one that exists keeps its keys.
    """

    entity: str
    fields: Mapping[str, Field]
    key: tuple[str, ...]
    naming: Naming
    is_parent: bool = False

    @property
    def schema_name(self) -> str:
        """The table's schema name."""
        return self.naming.table(self.entity)

    @property
    def logical_name(self) -> str:
        """The table's logical name."""
        return self.schema_name.lower()

    @property
    def plain(self) -> dict[str, Field]:
        """The fields that become columns, without what Singer adds for itself."""
        return {
            name: one
            for name, one in self.fields.items()
            if not is_lookup(one) and not name.startswith("_sdc_")
        }

    @property
    def lookups(self) -> dict[str, Field]:
        """The fields that become lookups."""
        return {name: one for name, one in self.fields.items() if is_lookup(one)}

    @property
    def name_field(self) -> str | None:
        """The field that names a row to people: its own id, else `Name`, else the first text of its key."""
        texts = [name for name, one in self.plain.items() if one.types == {"string"} and not one.format]
        own = [name for name in texts if is_own_id(self.entity, name)]
        called_name = [name for name in texts if name.lower() == "name"]
        in_key = [name for name in texts if name in self.key]
        return next(iter([*own, *called_name, *in_key]), None)

    @property
    def primary_id(self) -> str:
        """Logical name of the primary key that Dataverse gives the table."""
        return f"{self.logical_name}id"

    def attribute(self, field: str) -> str:
        """Logical name of the attribute that is made for a field."""
        if field in self.lookups:
            return self.naming.lookup(field).lower()
        return self.naming.column(self.entity, field).lower()

    def attribute_in(self, table: Table, field: str) -> str:
        """Logical name of the attribute of `table` that holds a field, else of the one to make for it."""
        if field in self.lookups:
            for name in self.naming.lookup_names(field):
                if f"_{name.lower()}_value" in table.columns:
                    return name.lower()
        return self.attribute(field)

    def column(self, field: str, language: int) -> dict[str, Any]:
        """Definition of the column for a field."""
        in_key = field in self.key
        return column_definition(
            self.naming.column(self.entity, field),
            column_kind(self.fields[field], in_key=in_key or field == self.name_field),
            display=field,
            required=in_key,
            language=language,
        )

    def name_column(self, language: int) -> dict[str, Any]:
        """Definition of the column that names a row to people; an extra one where no field does."""
        if self.name_field:
            return self.column(self.name_field, language)
        kind = ColumnKind("String", {"MaxLength": NAME_LENGTH, "FormatName": {"Value": "Text"}})
        return column_definition(self.naming.column("", "Name"), kind, display="Name", language=language)

    def check(self) -> None:
        """See that every field gets columns of its own and that the key is not too long.

        Raises:
            MismatchError: names the fields.
        """
        seen: dict[str, str] = {}
        for name in (*self.plain, *self.lookups):
            if name in self.lookups and self.attribute(name) == self.primary_id:
                raise primary_key_clash(self.entity, name, self.primary_id)
            for attribute in self._attributes(name):
                other = seen.setdefault(attribute, name)
                if other != name:
                    raise MismatchError(
                        f"Fields '{other}' and '{name}' of stream '{self.entity}' would share the column "
                        f"{attribute}",
                        hint="Dataverse ignores case and punctuation in names, and gives lookups and yes/no "
                        "columns a second column ...name: rename or deselect one of them",
                    )
        if self._key_bytes > MOST_KEY_BYTES:
            raise MismatchError(
                f"The key of stream '{self.entity}' takes {self._key_bytes} bytes, an alternate key at most "
                f"{MOST_KEY_BYTES}",
                hint="Give its text fields a smaller `maxLength`",
            )

    def _attributes(self, field: str) -> Iterator[str]:
        """Logical names that a field takes: its attribute, and the one that Dataverse adds to it."""
        yield self.attribute(field)
        companion = (
            LOOKUP_COMPANION
            if field in self.lookups
            else COMPANIONS.get(column_kind(self.fields[field], in_key=field in self.key).name)
        )
        if companion:
            yield f"{self.attribute(field)}{companion}"

    @property
    def _key_bytes(self) -> int:
        plain = [column_kind(self.fields[name], in_key=True) for name in self.key if name in self.plain]
        texts = sum(2 * int(kind.facets.get("MaxLength", GUID_BYTES // 2)) for kind in plain)
        return texts + GUID_BYTES * sum(name in self.lookups for name in self.key)


def is_lookup(one: Field) -> bool:
    """Whether a field is a lookup given as a nested object."""
    return bool(one.lookup) and "object" in one.types
