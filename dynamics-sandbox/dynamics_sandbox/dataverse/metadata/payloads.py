"""Definitions as clients send them: the shapes of the bodies of metadata writes, checked at the door."""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003 - msgspec looks the field types up
from typing import Any, TypeVar

import msgspec

from dynamics_sandbox.dataverse.errors import PAYLOAD_ERROR, bad_request

_T = TypeVar("_T")


class _Body(msgspec.Struct, frozen=True, rename="pascal"):
    """Members in PascalCase; what a shape does not name is ignored, as most of a definition has defaults."""


class LocalizedLabel(_Body, frozen=True):
    """A text in one language."""

    label: str | None = None


class Label(_Body, frozen=True):
    """A text in some languages; the sandbox keeps the first."""

    localized_labels: tuple[LocalizedLabel, ...] = ()
    user_localized_label: LocalizedLabel | None = None

    @property
    def text(self) -> str:
        """The text, blank when there is none."""
        first = self.localized_labels[0] if self.localized_labels else self.user_localized_label
        return (first.label if first else None) or ""


class Wrapped(_Body, frozen=True):
    """An enumeration value in an object: RequiredLevel, FormatName, DateTimeBehavior."""

    value: str | None = None


class OptionDefinition(_Body, frozen=True):
    """One value of a choice."""

    value: int | None = None
    label: Label = Label()


class OptionSetDefinition(_Body, frozen=True):
    """The values of a choice, or the two labels of a yes-no column."""

    options: tuple[OptionDefinition, ...] = ()
    true_option: OptionDefinition = OptionDefinition()
    false_option: OptionDefinition = OptionDefinition()


class ColumnDefinition(_Body, frozen=True):
    """AttributeMetadata with the members of all the types that can be made."""

    type: str = msgspec.field(name="@odata.type", default="")
    schema_name: str = ""
    is_primary_name: bool = False
    display_name: Label = Label()
    description: Label = Label()
    required_level: Wrapped | None = None
    max_length: int | None = None
    format: str | None = None
    format_name: Wrapped | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    precision: int | None = None
    precision_source: int | None = None
    date_time_behavior: Wrapped | None = None
    option_set: OptionSetDefinition | None = None
    global_option_set: Any = None
    global_option_set_bind: Any = msgspec.field(name="GlobalOptionSet@odata.bind", default=None)
    default_value: bool | None = None
    default_form_value: int | None = None


class TableDefinition(_Body, frozen=True):
    """EntityMetadata."""

    schema_name: str = ""
    entity_set_name: str | None = None
    display_name: Label = Label()
    display_collection_name: Label = Label()
    description: Label = Label()
    ownership_type: str | None = None
    change_tracking_enabled: bool | None = None
    attributes: tuple[ColumnDefinition, ...] = ()


class EntitiesDefinition(_Body, frozen=True):
    """Body of CreateEntities."""

    entities: tuple[TableDefinition, ...] = ()


class KeyDefinition(_Body, frozen=True):
    """EntityKeyMetadata."""

    schema_name: str = ""
    display_name: Label = Label()
    key_attributes: tuple[str, ...] = ()


class CascadeDefinition(_Body, frozen=True):
    """What happens to referencing rows; only deletion is looked at."""

    delete: str | None = None


class RelationshipDefinition(_Body, frozen=True):
    """OneToManyRelationshipMetadata with its lookup column."""

    type: str = msgspec.field(name="@odata.type", default="")
    schema_name: str = ""
    referenced_entity: str = ""
    referencing_entity: str = ""
    referenced_attribute: str | None = None
    referencing_entity_navigation_property_name: str | None = None
    referenced_entity_navigation_property_name: str | None = None
    lookup: ColumnDefinition = ColumnDefinition()
    cascade_configuration: CascadeDefinition = CascadeDefinition()


class MetadataValue(_Body, frozen=True):
    """The value of a condition, beside the name of its .NET type."""

    value: Any = None


class MetadataCondition(_Body, frozen=True):
    """MetadataConditionExpression."""

    property_name: str = ""
    condition_operator: str = "Equals"
    value: MetadataValue = MetadataValue()


class MetadataCriteria(_Body, frozen=True):
    """MetadataFilterExpression."""

    filter_operator: str = "And"
    conditions: tuple[MetadataCondition, ...] = ()
    filters: tuple[MetadataCriteria, ...] = ()


class MetadataProperties(_Body, frozen=True):
    """MetadataPropertiesExpression."""

    all_properties: bool = False
    property_names: tuple[str, ...] = ()


class AttributeQuery(_Body, frozen=True):
    """AttributeQueryExpression."""

    properties: MetadataProperties = MetadataProperties()
    criteria: MetadataCriteria | None = None


class MetadataQuery(_Body, frozen=True):
    """EntityQueryExpression."""

    properties: MetadataProperties = MetadataProperties()
    criteria: MetadataCriteria | None = None
    attribute_query: AttributeQuery | None = None


def definition(body: dict[str, Any], shape: type[_T]) -> _T:
    """Read a body into its shape; members that are null count as absent.

    Raises:
        DataverseError: a member has another type; the message says which.
    """
    try:
        return msgspec.convert(_without_nulls(body), shape)
    except (msgspec.ValidationError, ArithmeticError) as error:
        raise bad_request(f"The definition cannot be read: {error}.", PAYLOAD_ERROR) from None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
