"""Definitions: the JSON that creates tables, columns, lookups and alternate keys through the Web API.

Dataverse: create-update-entity-definitions-using-web-api, create-update-column-definitions-using-web-api,
create-update-entity-relationships-using-web-api, define-alternate-keys-entity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_dynamics_cds.naming import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_cds.column_kinds import ColumnKind

_CRM = "Microsoft.Dynamics.CRM"
ENGLISH = 1033


def label(text: str, language: int = ENGLISH) -> dict[str, Any]:
    """A label in one language (an LCID such as 1033); an environment wants its base language."""
    return {
        "@odata.type": f"{_CRM}.Label",
        "LocalizedLabels": [
            {"@odata.type": f"{_CRM}.LocalizedLabel", "Label": text, "LanguageCode": language},
        ],
    }


def column_definition(
    schema_name: str, kind: ColumnKind, *, display: str, required: bool = False, language: int = ENGLISH
) -> dict[str, Any]:
    """One column; `required` makes it business-required, which forms enforce and the Web API does not."""
    definition = {
        "@odata.type": f"{_CRM}.{kind.name}AttributeMetadata",
        "AttributeType": kind.name,
        "AttributeTypeName": {"Value": f"{kind.name}Type"},
        "SchemaName": schema_name,
        "DisplayName": label(words(display), language),
        "RequiredLevel": _required_level(required=required),
        **kind.facets,
    }
    if kind.name == "Boolean":
        definition["OptionSet"] = _yes_or_no(language)
    return definition


def table_definition(
    schema_name: str,
    primary_name: dict[str, Any],
    columns: Sequence[dict[str, Any]],
    *,
    display: str,
    language: int = ENGLISH,
) -> dict[str, Any]:
    """An organization-owned table with change tracking; `primary_name` is a String column's definition."""
    name = words(display)
    return {
        "@odata.type": f"{_CRM}.EntityMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(name, language),
        "DisplayCollectionName": label(name, language),
        "Description": label(
            f"{name}, made by target-dynamics-cds from the SCHEMA of stream {display}", language
        ),
        "OwnershipType": "OrganizationOwned",
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": True,
        "Attributes": [{**primary_name, "IsPrimaryName": True}, *columns],
    }


def lookup_definition(
    schema_name: str,
    *,
    table: str,
    target: tuple[str, str],
    display: str,
    required: bool = False,
    language: int = ENGLISH,
) -> dict[str, Any]:
    """The one-to-many relationship that gives `table` the lookup column `schema_name`.

    `table` is a logical name; `target` is the logical name of the parent table and its primary id. A parent
    whose children carry it in their key cannot be deleted before them, else their key would lose a part.
    """
    parent, parent_id = target
    return {
        "@odata.type": f"{_CRM}.OneToManyRelationshipMetadata",
        "SchemaName": _relationship_name(schema_name, table, parent),
        "ReferencedEntity": parent,
        "ReferencedAttribute": parent_id,
        "ReferencingEntity": table,
        "CascadeConfiguration": {
            "Assign": "NoCascade",
            "Delete": "Restrict" if required else "RemoveLink",
            "Merge": "NoCascade",
            "Reparent": "NoCascade",
            "Share": "NoCascade",
            "Unshare": "NoCascade",
        },
        "Lookup": {
            "@odata.type": f"{_CRM}.LookupAttributeMetadata",
            "AttributeType": "Lookup",
            "AttributeTypeName": {"Value": "LookupType"},
            "SchemaName": schema_name,
            "DisplayName": label(words(display), language),
            "RequiredLevel": _required_level(required=required),
        },
    }


def key_definition(
    schema_name: str, columns: Sequence[str], *, display: str, language: int = ENGLISH
) -> dict[str, Any]:
    """An alternate key over `columns` (logical names, at most 16 and 900 bytes in sum)."""
    return {
        "@odata.type": f"{_CRM}.EntityKeyMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(words(display), language),
        "KeyAttributes": list(columns),
    }


def _relationship_name(lookup: str, table: str, parent: str) -> str:
    """Unique among all relationships: both tables and the lookup, as two lookups may share a parent."""
    prefix, _, bare = lookup.partition("_")
    names = (name.removeprefix(f"{prefix.lower()}_") for name in (parent, table))
    return f"{prefix}_{'_'.join(names)}_{bare}"


def _required_level(*, required: bool) -> dict[str, Any]:
    return {
        "Value": "ApplicationRequired" if required else "None",
        "CanBeChanged": True,
        "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
    }


def _yes_or_no(language: int) -> dict[str, Any]:
    return {
        "OptionSetType": "Boolean",
        "TrueOption": {"Value": 1, "Label": label("Yes", language)},
        "FalseOption": {"Value": 0, "Label": label("No", language)},
    }
