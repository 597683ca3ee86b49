"""Column definitions turned into columns: defaults, limits and names of what clients create."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import bad_request, not_in_sandbox
from dynamics_sandbox.dataverse.metadata.payloads import OptionSetDefinition
from dynamics_sandbox.dataverse.schema.columns import Attribute, Option

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.metadata.payloads import ColumnDefinition, Wrapped

NAMESPACE = "Microsoft.Dynamics.CRM"
MAX_STRING, MAX_MEMO = 4000, 1_048_576
_INT_LIMIT = Decimal(2_147_483_647)
_DECIMAL_LIMIT = Decimal(100_000_000_000)
_MONEY_LIMIT = Decimal(922_337_203_685_477)


def attribute_from(given: ColumnDefinition) -> Attribute:
    """Make a new column; lookups come with their relationship instead.

    Raises:
        DataverseError: an unknown type, a missing or unusable name, a facet out of bounds.
    """
    kind = attribute_type(given)
    maker = _MAKERS.get(kind)
    if maker is None:
        raise not_in_sandbox(f"columns of type '{kind}'")
    return maker(given, base_attribute(given, kind))


def attribute_type(given: ColumnDefinition) -> str:
    """Name the AttributeType of a definition from its `@odata.type`."""
    name = given.type.removeprefix("#")
    prefix, suffix = f"{NAMESPACE}.", "AttributeMetadata"
    if not (name.startswith(prefix) and name.endswith(suffix)):
        raise bad_request(f"A column definition needs '@odata.type', such as {prefix}String{suffix}.")
    return name[len(prefix) : -len(suffix)]


def base_attribute(given: ColumnDefinition, kind: str) -> Attribute:
    """Make what columns of all types have."""
    schema_name = custom_schema_name(given.schema_name)
    return Attribute(
        name=schema_name.lower(),
        type=kind,
        schema_name=schema_name,
        display_name=given.display_name.text or schema_name,
        description=given.description.text,
        required=_required_level(given),
        custom=True,
    )


def custom_schema_name(name: str) -> str:
    """Check a SchemaName, which needs a publisher's prefix."""
    prefix, _, rest = name.partition("_")
    if not (name.isascii() and name.replace("_", "").isalnum() and prefix and rest) or name[0].isdigit():
        raise bad_request(
            f"The name '{name}' is not a valid SchemaName with a publisher prefix, such as new_Name."
        )
    return name


def changed_attribute(attribute: Attribute, given: ColumnDefinition) -> Attribute:
    """Apply a changed definition to an existing column: labels, requirement, length, limits.

    Raises:
        DataverseError: a change of type, or a shorter text column.
    """
    if given.type and attribute_type(given) != attribute.type:
        raise bad_request(f"The type of '{attribute.name}' cannot be changed.")
    changes: dict[str, Any] = {
        "display_name": given.display_name.text or attribute.display_name,
        "description": given.description.text or attribute.description,
    }
    if given.required_level is not None and attribute.required != "SystemRequired":
        changes["required"] = _required_level(given)
    if given.max_length is not None:
        changes["max_length"] = _widened(attribute, given)
    if attribute.minimum is not None and given.min_value is not None:
        changes["minimum"] = given.min_value
    if attribute.maximum is not None and given.max_value is not None:
        changes["maximum"] = given.max_value
    return replace(attribute, **changes)


def _required_level(given: ColumnDefinition) -> str:
    """Read a RequiredLevel; SystemRequired is the service's own."""
    value = _unwrapped(given.required_level, "None")
    if value not in {"None", "Recommended", "ApplicationRequired"}:
        raise bad_request(f"RequiredLevel '{value}' cannot be set.")
    return value


def _widened(attribute: Attribute, given: ColumnDefinition) -> int:
    length = _bounded(given.max_length, 0, 1, MAX_MEMO if attribute.type == "Memo" else MAX_STRING)
    if attribute.max_length is None:
        raise bad_request(f"'{attribute.name}' has no MaxLength.")
    if length < attribute.max_length:
        raise not_in_sandbox(f"shortening '{attribute.name}' from {attribute.max_length} to {length}")
    return length


def _string(given: ColumnDefinition, base: Attribute) -> Attribute:
    form = _unwrapped(given.format_name, given.format or "Text")
    return replace(base, max_length=_bounded(given.max_length, 100, 1, MAX_STRING), format=form)


def _memo(given: ColumnDefinition, base: Attribute) -> Attribute:
    return replace(base, max_length=_bounded(given.max_length, 2000, 1, MAX_MEMO), format="TextArea")


def _integer(given: ColumnDefinition, base: Attribute) -> Attribute:
    return _ranged(given, base, -_INT_LIMIT - 1, _INT_LIMIT)


def _big_int(_: ColumnDefinition, base: Attribute) -> Attribute:
    return replace(base, minimum=Decimal(-(2**63)), maximum=Decimal(2**63 - 1))


def _decimal(given: ColumnDefinition, base: Attribute) -> Attribute:
    ranged = _ranged(given, base, -_DECIMAL_LIMIT, _DECIMAL_LIMIT)
    return replace(ranged, precision=_bounded(given.precision, 2, 0, 10))


def _double(given: ColumnDefinition, base: Attribute) -> Attribute:
    ranged = _ranged(given, base, -_DECIMAL_LIMIT, _DECIMAL_LIMIT)
    return replace(ranged, precision=_bounded(given.precision, 2, 0, 5))


def _money(given: ColumnDefinition, base: Attribute) -> Attribute:
    ranged = _ranged(given, base, -_MONEY_LIMIT, _MONEY_LIMIT)
    return replace(
        ranged,
        precision=_bounded(given.precision, 2, 0, 4),
        precision_source=_bounded(given.precision_source, 2, 0, 2),
    )


def _date_time(given: ColumnDefinition, base: Attribute) -> Attribute:
    behavior = _unwrapped(given.date_time_behavior, "UserLocal")
    form = given.format or ("DateOnly" if behavior == "DateOnly" else "DateAndTime")
    behaviors, formats = {"UserLocal", "DateOnly", "TimeZoneIndependent"}, {"DateOnly", "DateAndTime"}
    if behavior not in behaviors or form not in formats:
        raise bad_request(f"DateTimeBehavior '{behavior}' with Format '{form}' is not valid.")
    return replace(base, behavior=behavior, format=form)


def _boolean(given: ColumnDefinition, base: Attribute) -> Attribute:
    labels = given.option_set or OptionSetDefinition()
    options = (
        Option(value=1, label=labels.true_option.label.text or "Yes"),
        Option(value=0, label=labels.false_option.label.text or "No"),
    )
    return replace(base, options=options, default=bool(given.default_value))


def _picklist(given: ColumnDefinition, base: Attribute) -> Attribute:
    if given.global_option_set is not None or given.global_option_set_bind is not None:
        raise not_in_sandbox("global option sets; give the options in OptionSet")
    listed = given.option_set.options if given.option_set else ()
    options = [Option(value=item.value, label=item.label.text) for item in listed if item.value is not None]
    if not options or len(options) != len(listed):
        raise bad_request(f"The choice column '{base.name}' needs OptionSet.Options, each with a Value.")
    default = given.default_form_value
    return replace(base, options=tuple(options), default=None if default == -1 else default)


def _unwrapped(wrapped: Wrapped | None, default: str) -> str:
    return (wrapped.value if wrapped else None) or default


def _bounded(value: int | None, default: int, least: int, most: int) -> int:
    if value is None:
        return default
    if not least <= value <= most:
        raise bad_request(f"{value} is out of bounds: MaxLength or Precision is {least} to {most} here.")
    return value


def _ranged(given: ColumnDefinition, base: Attribute, low: Decimal, high: Decimal) -> Attribute:
    minimum = low if given.min_value is None else given.min_value
    maximum = high if given.max_value is None else given.max_value
    if not low <= minimum <= maximum <= high:
        raise bad_request(f"MinValue and MaxValue of '{base.name}' must lie between {low} and {high}.")
    return replace(base, minimum=minimum, maximum=maximum)


_MAKERS: dict[str, Callable[[ColumnDefinition, Attribute], Attribute]] = {
    "String": _string,
    "Memo": _memo,
    "Integer": _integer,
    "BigInt": _big_int,
    "Decimal": _decimal,
    "Double": _double,
    "Money": _money,
    "DateTime": _date_time,
    "Boolean": _boolean,
    "Picklist": _picklist,
}
