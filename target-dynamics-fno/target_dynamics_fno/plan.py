"""What of a stream goes where: its SCHEMA held against the entity's metadata, once, before the first row."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dynamics_odata.edm import instant_text, parse_instant
from dynamics_odata.errors import SettingsError
from dynamics_odata.query import EnumMember, Literal, key_segment
from dynamics_singer.target import RowError, StreamError

from .values import Codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_odata.metadata.model import FnoEntity, FnoProperty
    from dynamics_singer.target import StreamSchema
    from dynamics_singer.target.unchanged import Comparison

COMPANY_KEY = "dataAreaId"
SINGER_PREFIX = "_sdc_"
DELETED_AT = "_sdc_deleted_at"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the stream and the property it goes to."""

    field: str
    codec: Codec
    on_create: bool
    on_update: bool


@dataclass(frozen=True, slots=True)
class Content:
    """A row's values in F&O's forms: what a new row gets, what an existing one gets."""

    key: Mapping[str, Literal]
    create: dict[str, Any]
    update: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of one stream are written.

    Attributes:
        entity: the entity they go to.
        company: legal entity of rows that name none; "" when every row must name its own.
        companies: the legal entities there are, lower case; empty when the service does not say.
        keys: per key property, the stream's column, or None for the company where the stream has none.
        columns: the other properties that are written.
        left_out: fields that F&O does not let anybody write.
        calculated: properties that never cause a write by themselves.
    """

    entity: FnoEntity
    company: str
    companies: frozenset[str]
    keys: Mapping[str, Column | None]
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    calculated: frozenset[str]

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """How each written property is compared with the stored row."""
        return {column.codec.name: column.codec.comparison for column in self.columns}

    @property
    def select(self) -> tuple[str, ...]:
        """The properties that are read back: the key and what is written."""
        return (*self.keys, *(column.codec.name for column in self.columns))

    def key(self, record: Mapping[str, Any]) -> dict[str, Literal]:
        """The row's key in F&O's forms.

        Raises:
            RowError: a part is blank or of the wrong kind, or the company does not exist.
        """
        return {name: self._key_part(name, column, record) for name, column in self.keys.items()}

    def content(self, record: Mapping[str, Any]) -> Content:
        """The row's values in F&O's forms; a blank is left out of a new row and clears in an existing one.

        Raises:
            RowError: a value cannot be read as its property's type.
        """
        key = self.key(record)
        create: dict[str, Any] = {name: _plain(value) for name, value in key.items()}
        update: dict[str, Any] = {}
        for column in self.columns:
            if column.field not in record:
                continue
            value, name = record[column.field], column.codec.name
            converted = None if column.codec.is_blank(value) else column.codec.convert(value)
            if column.on_create and converted is not None:
                create[name] = converted
            cleared = column.codec.empty if converted is None else converted
            if column.on_update and cleared is not None:
                update[name] = cleared
        return Content(key, create, update)

    def address(self, key: Mapping[str, Literal]) -> str:
        """The row's address without its query."""
        return f"{self.entity.entity_set}{key_segment(key)}"

    def _key_part(self, name: str, column: Column | None, record: Mapping[str, Any]) -> Literal:
        value = record.get(column.field) if column else None
        blank = value is None or (isinstance(value, str) and not value.strip())
        if name == COMPANY_KEY:
            return self._company(self.company if blank else value)
        if column is None or blank:
            raise RowError(f"Key field '{name}' is blank", "blank_key")
        converted = column.codec.convert(value)
        if column.codec.kind == "enum":
            return EnumMember(self.entity.properties[name].enum_type, converted)
        if column.codec.kind in {"date", "instant"}:
            return parse_instant(converted)
        literal: Literal = converted
        return literal

    def _company(self, value: Any) -> str:
        company = str(value).strip().lower()
        if not company:
            raise RowError(
                f"Key field '{COMPANY_KEY}' is blank and the setting `company` is not set", "blank_key"
            )
        if self.companies and company not in self.companies:
            raise RowError(f"There is no company '{company}' in F&O", "unknown_company")
        return company


def make_plan(schema: StreamSchema, entity: FnoEntity, company: str, companies: frozenset[str]) -> Plan:
    """Hold a stream's SCHEMA against its entity.

    Raises:
        StreamError: the entity is read-only, has no such property, or the key is not covered.
        SettingsError: rows name no company and `company` is not set.
    """
    if entity.read_only:
        raise StreamError(
            f"Stream '{schema.stream}': F&O lets nobody write the entity {entity.entity_set}",
            hint="Send the stream to an entity that can be written",
        )
    found = _matched(schema, entity)
    for name in entity.keys:
        _check_key(name, found, schema, company)
    keys = {name: _column(found, entity, name) for name in entity.keys}
    columns = [
        _column(found, entity, name, create_only=schema.fields[field].create_only)
        for name, field in found.items()
        if name not in entity.keys
    ]
    present = [column for column in columns if column is not None]
    return Plan(
        entity=entity,
        company=company.strip().lower(),
        companies=companies,
        keys=keys,
        columns=tuple(column for column in present if column.on_create or column.on_update),
        left_out=tuple(column.field for column in present if not (column.on_create or column.on_update)),
        calculated=frozenset(name for name, field in found.items() if schema.fields[field].calculated),
    )


def _matched(schema: StreamSchema, entity: FnoEntity) -> dict[str, str]:
    """Field of the stream by property; names match without case, as they do in F&O's data management."""
    by_name = {name.casefold(): name for name in entity.properties}
    found: dict[str, str] = {}
    for field in schema.fields:
        if field.startswith(SINGER_PREFIX):
            continue
        name = by_name.get(field.casefold())
        if name is None:
            raise StreamError(
                f"Stream '{schema.stream}': the entity {entity.entity_set} has no property '{field}'",
                hint=_nearest(field, entity.properties),
            )
        if name in found:
            raise StreamError(
                f"Stream '{schema.stream}': the fields '{found[name]}' and '{field}' both go to '{name}'",
                hint="Map only one of them",
            )
        found[name] = field
    return found


def _nearest(field: str, names: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(field.lower(), by_lower, n=1)
    return f"The nearest name is '{by_lower[near[0]]}'" if near else "No property has a similar name"


def _check_key(name: str, found: Mapping[str, str], schema: StreamSchema, company: str) -> None:
    if name in found or (name == COMPANY_KEY and company.strip()):
        return
    if name == COMPANY_KEY:
        raise SettingsError(
            f"Stream '{schema.stream}' says nowhere which company its rows belong to",
            setting="company",
            hint="Set `company` to the legal entity to write to (such as usmf), or map dataAreaId.",
        )
    raise StreamError(
        f"Stream '{schema.stream}' lacks '{name}', a part of the key of {schema.stream}",
        hint="Map a field to it",
    )


def _column(
    found: Mapping[str, str], entity: FnoEntity, name: str, *, create_only: bool = False
) -> Column | None:
    if name not in found:
        return None
    member: FnoProperty = entity.properties[name]
    on_update = member.allow_edit and not create_only
    return Column(found[name], Codec.of(member), member.allow_edit_on_create, on_update)


def _plain(value: Literal) -> Any:
    """A key part as it stands in a JSON body."""
    if isinstance(value, EnumMember):
        return value.member
    return instant_text(value) if isinstance(value, datetime) else value
