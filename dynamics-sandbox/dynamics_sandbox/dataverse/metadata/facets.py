"""The parts of column definitions that depend on the column's type: lengths, limits, options."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.dataverse.schema.columns import Attribute, Option
    from dynamics_sandbox.dataverse.schema.model import Table

NAMESPACE = "Microsoft.Dynamics.CRM"
LANGUAGE = 1033

Document = dict[str, Any]


def metadata_id(*names: str) -> str:
    """Give the MetadataId of a definition: derived from its names, so the same after every restart."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "dynamics-sandbox/metadata/" + "/".join(names)))


def label(text: str) -> Document:
    """Give a Label in the sandbox's one language."""
    if not text:
        return {"LocalizedLabels": [], "UserLocalizedLabel": None}
    localized = {
        "Label": text,
        "LanguageCode": LANGUAGE,
        "IsManaged": False,
        "MetadataId": metadata_id("label", text),
    }
    return {"LocalizedLabels": [localized], "UserLocalizedLabel": localized}


def own_members(table: Table, attribute: Attribute) -> Document:
    """Give the members that only the definition's own type has."""
    if attribute.is_lookup:
        return {"Targets": [branch.target for branch in attribute.relationships], "Format": None}
    if attribute.options:
        return _option_members(table, attribute)
    members = _MEMBERS.get(attribute.type)
    return {} if members is None else members(attribute)


def _text_members(attribute: Attribute) -> Document:
    form = attribute.format or "Text"
    return {
        "MaxLength": attribute.max_length,
        "Format": form,
        "FormatName": {"Value": form},
        "ImeMode": "Auto",
        "IsLocalizable": False,
        "DatabaseLength": (attribute.max_length or 0) * 2,
    }


def _whole_members(attribute: Attribute) -> Document:
    limits = (None if limit is None else int(limit) for limit in (attribute.minimum, attribute.maximum))
    return {**dict(zip(("MinValue", "MaxValue"), limits, strict=True)), "Format": "None"}


def _date_members(attribute: Attribute) -> Document:
    form = attribute.format or "DateAndTime"
    return {"Format": form, "DateTimeBehavior": {"Value": attribute.behavior}, "ImeMode": "Auto"}


def _number_members(attribute: Attribute) -> Document:
    members: Document = {
        "MinValue": attribute.minimum,
        "MaxValue": attribute.maximum,
        "Precision": attribute.precision,
    }
    if attribute.type == "Money":
        members |= {"PrecisionSource": attribute.precision_source, "IsBaseCurrency": bool(attribute.base_of)}
        members["CalculationOf"] = attribute.base_of or None
    return members


_MEMBERS: dict[str, Callable[[Attribute], Document]] = {
    "String": _text_members,
    "Memo": _text_members,
    "Integer": _whole_members,
    "BigInt": lambda _: {"MinValue": -(2**63), "MaxValue": 2**63 - 1},
    "Decimal": _number_members,
    "Double": _number_members,
    "Money": _number_members,
    "DateTime": _date_members,
}


def _option_members(table: Table, attribute: Attribute) -> Document:
    name = f"{table.logical_name}_{attribute.name}"
    option_set: Document = {
        "@odata.type": f"#{NAMESPACE}.{'Boolean' if attribute.type == 'Boolean' else ''}OptionSetMetadata",
        "MetadataId": metadata_id("optionset", name),
        "Name": name,
        "IsGlobal": False,
        "IsCustomOptionSet": attribute.custom,
        "OptionSetType": attribute.type,
        "DisplayName": label(attribute.display_name),
    }
    documents = [_option(option, attribute.type) for option in attribute.options]
    if attribute.type == "Boolean":
        option_set["TrueOption"] = next((item for item in documents if item["Value"] == 1), None)
        option_set["FalseOption"] = next((item for item in documents if item["Value"] == 0), None)
        return {"DefaultValue": bool(attribute.default), "OptionSet": option_set, "GlobalOptionSet": None}
    option_set["Options"] = documents
    default = attribute.default if isinstance(attribute.default, int) else -1
    return {"DefaultFormValue": default, "OptionSet": option_set, "GlobalOptionSet": None}


def _option(option: Option, kind: str) -> Document:
    document: Document = {"Value": option.value, "Label": label(option.label), "IsManaged": False}
    if kind == "State":
        document |= {"DefaultStatus": option.default_status, "InvariantName": option.label}
    if kind == "Status":
        document["State"] = option.state
    return document
