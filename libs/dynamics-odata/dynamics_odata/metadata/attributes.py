"""From Dataverse attribute metadata to columns: which attributes are properties of rows, and of what type.

Sources: Dataverse: query-metadata-web-api, web-api-properties.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from dynamics_odata.metadata.model import Column, Option

__all__ = ["CASTS", "Cast", "columns_from", "label_of"]


class Cast(NamedTuple):
    """One typed list of a table's attributes: its type and the query that brings what the type adds."""

    type_name: str
    query: str

    @property
    def path(self) -> str:
        """The address below ``Attributes/``."""
        return f"Microsoft.Dynamics.CRM.{self.type_name}AttributeMetadata?{self.query}"


_RANGE = "$select=LogicalName,MinValue,MaxValue"
_SCALED = f"{_RANGE},Precision"
_CHOICES = "$select=LogicalName&$expand=OptionSet,GlobalOptionSet"

CASTS: tuple[Cast, ...] = (
    Cast("String", "$select=LogicalName,MaxLength"),
    Cast("Memo", "$select=LogicalName,MaxLength"),
    Cast("Integer", _RANGE),
    Cast("BigInt", _RANGE),
    Cast("Decimal", _SCALED),
    Cast("Double", _SCALED),
    Cast("Money", f"{_SCALED},PrecisionSource"),
    Cast("DateTime", "$select=LogicalName,DateTimeBehavior,Format"),
    Cast("Lookup", "$select=LogicalName,Targets"),
    Cast("Picklist", _CHOICES),
    Cast("State", _CHOICES),
    Cast("Status", _CHOICES),
    Cast("Boolean", _CHOICES),
    Cast("MultiSelectPicklist", _CHOICES),
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an attribute type appears in rows."""

    kind: str
    edm_type: str


_KINDS: dict[str, _Kind] = {
    "UniqueidentifierType": _Kind("guid", "Edm.Guid"),
    "StringType": _Kind("string", "Edm.String"),
    "MemoType": _Kind("memo", "Edm.String"),
    "EntityNameType": _Kind("string", "Edm.String"),
    "IntegerType": _Kind("integer", "Edm.Int32"),
    "BigIntType": _Kind("bigint", "Edm.Int64"),
    "DecimalType": _Kind("decimal", "Edm.Decimal"),
    "MoneyType": _Kind("money", "Edm.Decimal"),
    "DoubleType": _Kind("double", "Edm.Double"),
    "BooleanType": _Kind("boolean", "Edm.Boolean"),
    "DateTimeType": _Kind("datetime", "Edm.DateTimeOffset"),
    "PicklistType": _Kind("choice", "Edm.Int32"),
    "StateType": _Kind("state", "Edm.Int32"),
    "StatusType": _Kind("status", "Edm.Int32"),
    "MultiSelectPicklistType": _Kind("choices", "Edm.String"),
    "LookupType": _Kind("lookup", "Edm.Guid"),
    "CustomerType": _Kind("lookup", "Edm.Guid"),
    "OwnerType": _Kind("lookup", "Edm.Guid"),
    "ImageType": _Kind("image", "Edm.Binary"),
    "FileType": _Kind("file", "Edm.Guid"),
}
_DATE = _Kind("date", "Edm.Date")

# Money whose precision comes from the organization or the currency may show up to four digits whatever it
# says.
MONEY_SCALE = 4


def columns_from(attributes: list[dict[str, Any]], facets: dict[str, dict[str, Any]]) -> dict[str, Column]:
    """The columns rows really have, by their name in rows.

    Left out are attributes that cannot be read, companions of other attributes (``AttributeOf``: selecting
    one is answered with 400) and types without a property (party lists, managed properties).
    """
    columns = [_column(row, facets.get(row["LogicalName"], {})) for row in attributes if _is_property(row)]
    return {column.name: column for column in columns if column is not None}


def _is_property(row: dict[str, Any]) -> bool:
    return bool(row.get("IsValidForRead")) and not row.get("AttributeOf")


def _column(row: dict[str, Any], facet: dict[str, Any]) -> Column | None:
    kind = _KINDS.get(_type_name(row))
    if kind is None:
        return None
    date_only = kind.kind == "datetime" and _value(facet.get("DateTimeBehavior")) == "DateOnly"
    if date_only:
        kind = _DATE
    name = row["LogicalName"]
    return Column(
        name=f"_{name}_value" if kind.kind == "lookup" else name,
        schema_name=row.get("SchemaName") or name,
        edm_type=kind.edm_type,
        kind=kind.kind,
        max_length=facet.get("MaxLength"),
        scale=_scale(kind.kind, facet),
        minimum=_decimal(facet.get("MinValue")),
        maximum=_decimal(facet.get("MaxValue")),
        required=_value(row.get("RequiredLevel")) == "SystemRequired",
        readable=True,
        creatable=bool(row.get("IsValidForCreate")),
        updatable=bool(row.get("IsValidForUpdate")),
        options=_options(facet),
        targets=tuple(facet.get("Targets") or ()),
        date_only=date_only,
        description=label_of(row.get("Description")) or label_of(row.get("DisplayName")),
        calculated=bool(row.get("SourceType")),
    )


def _type_name(row: dict[str, Any]) -> str:
    """``AttributeTypeName`` tells virtual types apart; older services give only ``AttributeType``."""
    named = _value(row.get("AttributeTypeName"))
    return named or f"{row.get('AttributeType', '')}Type"


def _scale(kind: str, facet: dict[str, Any]) -> int | None:
    precision = facet.get("Precision")
    if kind == "money" and facet.get("PrecisionSource"):
        return MONEY_SCALE
    return int(precision) if precision is not None else None


def _options(facet: dict[str, Any]) -> tuple[Option, ...]:
    """Choices in the service's order; a boolean's two labels as 0 and 1."""
    chosen = facet.get("OptionSet") or facet.get("GlobalOptionSet") or {}
    rows = chosen.get("Options")
    if rows is None:
        rows = [row for row in (chosen.get("FalseOption"), chosen.get("TrueOption")) if row]
    return tuple(Option(int(row["Value"]), label_of(row.get("Label"))) for row in rows)


def _decimal(value: Any) -> Decimal | None:
    """A bound as it was written: JSON integers and exact decimals."""
    return None if value is None else Decimal(value)


def _value(wrapped: Any) -> str:
    """The ``Value`` of a managed property, or the bare value."""
    value = wrapped.get("Value") if isinstance(wrapped, dict) else wrapped
    return value if isinstance(value, str) else ""


def label_of(label: Any) -> str:
    """The text of a label in the caller's language, else in any language, else nothing."""
    if not isinstance(label, dict):
        return ""
    localized = [label.get("UserLocalizedLabel"), *(label.get("LocalizedLabels") or [])]
    return next((text["Label"] for text in localized if isinstance(text, dict) and text.get("Label")), "")
