"""Table, column, key and relationship definitions as the JSON objects of the metadata entity sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.metadata.facets import NAMESPACE, Document, label, metadata_id, own_members
from dynamics_sandbox.dataverse.schema.system import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.schema.columns import Attribute, Relationship
    from dynamics_sandbox.dataverse.schema.model import Incoming, Key, Table


def managed(name: str, *, value: bool, can_be_changed: bool = True) -> Document:
    """Give a managed boolean property."""
    return {"Value": value, "CanBeChanged": can_be_changed, "ManagedPropertyLogicalName": name}


def table_document(table: Table) -> Document:
    """Give the EntityMetadata of a table, navigation properties left out."""
    return {
        "MetadataId": metadata_id(table.logical_name),
        "LogicalName": table.logical_name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "CollectionSchemaName": table.schema_name + "s",
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
        "PrimaryImageAttribute": None,
        "ObjectTypeCode": 10000 + int(metadata_id(table.logical_name)[:4], 16),
        "DisplayName": label(table.display_name),
        "DisplayCollectionName": label(table.display_collection_name),
        "Description": label(table.description),
        "ChangeTrackingEnabled": table.change_tracking,
        "CanChangeTrackingBeEnabled": managed("canchangetrackingbeenabled", value=True),
        "IsCustomEntity": table.custom,
        "OwnershipType": table.ownership,
        "TableType": "Standard",
        "IsPrivate": False,
        "IsActivity": False,
        "IsActivityParty": False,
        "IsIntersect": False,
        "IsLogicalEntity": False,
        "IsManaged": False,
        "IsValidForAdvancedFind": True,
        "HasActivities": False,
        "HasNotes": False,
        "IsStateModelAware": STATE in table.columns,
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomizable": managed("iscustomizable", value=True),
        "CanCreateAttributes": managed("cancreateattributes", value=True, can_be_changed=False),
        "DataProviderId": None,
        "DataSourceId": None,
        "ExternalName": None,
        "SchemaVersion": None,
    }


def attribute_documents(table: Table) -> Iterator[Document]:
    """Give the AttributeMetadata of every column, and of the companions that exist in metadata alone."""
    for number, attribute in enumerate(table.attributes, start=1):
        yield attribute_document(table, attribute, number)
        for suffix, kind in attribute.companions:
            yield _companion_document(table, attribute, suffix, kind)


def attribute_document(table: Table, attribute: Attribute, number: int = 1) -> Document:
    """Give the AttributeMetadata of one column with the members of its own type."""
    document = _common(table, attribute.name, attribute.schema_name or attribute.name, attribute.type)
    document |= {
        "@odata.type": f"#{NAMESPACE}.{_metadata_type(attribute)}",
        "ColumnNumber": number,
        "DisplayName": label(attribute.display_name or attribute.name),
        "Description": label(attribute.description),
        "IsCustomAttribute": attribute.custom,
        "IsPrimaryId": attribute.name == table.primary_id,
        "IsPrimaryName": attribute.name == table.primary_name,
        "IsValidForCreate": attribute.creatable,
        "IsValidForUpdate": attribute.updatable,
        "IsValidODataAttribute": True,
        "RequiredLevel": _required(attribute.required),
        "SourceType": 0 if attribute.custom else None,
    }
    return document | own_members(table, attribute)


def _common(table: Table, name: str, schema_name: str, kind: str) -> Document:
    return {
        "MetadataId": metadata_id(table.logical_name, name),
        "LogicalName": name,
        "SchemaName": schema_name,
        "EntityLogicalName": table.logical_name,
        "AttributeType": kind,
        "AttributeTypeName": {"Value": f"{kind}Type"},
        "AttributeOf": None,
        "IsLogical": False,
        "IsManaged": False,
        "IsValidForRead": True,
        "IsFilterable": True,
        "IsSecured": False,
        "IsCustomizable": managed("iscustomizable", value=True),
        "IsValidForAdvancedFind": managed("canmodifysearchsettings", value=True),
        "DeprecatedVersion": None,
        "ExternalName": None,
    }


def _required(level: str) -> Document:
    return {
        "Value": level,
        "CanBeChanged": level != "SystemRequired",
        "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
    }


def _metadata_type(attribute: Attribute) -> str:
    names = {
        "Uniqueidentifier": "AttributeMetadata",
        "Owner": "LookupAttributeMetadata",
        "Customer": "LookupAttributeMetadata",
    }
    return names.get(attribute.type, f"{attribute.type}AttributeMetadata")


def _companion_document(table: Table, attribute: Attribute, suffix: str, kind: str) -> Document:
    schema_name = f"{attribute.schema_name or attribute.name}{suffix}"
    document = _common(table, f"{attribute.name}{suffix}", schema_name, kind)
    return document | {
        "@odata.type": f"#{NAMESPACE}.{'String' if kind == 'String' else ''}AttributeMetadata",
        "AttributeOf": attribute.name,
        "ColumnNumber": 0,
        "DisplayName": label(""),
        "Description": label(""),
        "IsCustomAttribute": attribute.custom,
        "IsLogical": True,
        "IsPrimaryId": False,
        "IsPrimaryName": False,
        "IsValidForCreate": False,
        "IsValidForUpdate": False,
        "IsValidODataAttribute": False,
        "RequiredLevel": _required("None"),
        "SourceType": None,
        **({"MaxLength": 100, "FormatName": {"Value": "Text"}} if kind == "String" else {}),
    }


def key_document(table: Table, key: Key) -> Document:
    """Give the EntityKeyMetadata of an alternate key."""
    return {
        "MetadataId": metadata_id(table.logical_name, "keys", key.name),
        "LogicalName": key.name,
        "SchemaName": key.schema_name,
        "EntityLogicalName": table.logical_name,
        "DisplayName": label(key.display_name or key.schema_name),
        "KeyAttributes": list(key.columns),
        "EntityKeyIndexStatus": key.status,
        "IsCustomizable": managed("iscustomizable", value=True),
        "IsManaged": False,
    }


def relationship_document(
    referencing: Table, attribute: Attribute, branch: Relationship, referenced: Table
) -> Document:
    """Give the OneToManyRelationshipMetadata of one lookup branch; the same seen from either side."""
    return {
        "@odata.type": f"#{NAMESPACE}.OneToManyRelationshipMetadata",
        "MetadataId": metadata_id("relationship", branch.schema_name),
        "SchemaName": branch.schema_name,
        "RelationshipType": "OneToManyRelationship",
        "ReferencingEntity": referencing.logical_name,
        "ReferencingAttribute": attribute.name,
        "ReferencingEntityNavigationPropertyName": branch.navigation,
        "ReferencedEntity": branch.target,
        "ReferencedAttribute": referenced.primary_id,
        "ReferencedEntityNavigationPropertyName": branch.collection,
        "IsCustomRelationship": attribute.custom,
        "IsHierarchical": False,
        "IsManaged": False,
        "IsValidForAdvancedFind": True,
        "CascadeConfiguration": {
            "Assign": "NoCascade",
            "Delete": branch.on_delete,
            "Merge": "NoCascade",
            "Reparent": "NoCascade",
            "Share": "NoCascade",
            "Unshare": "NoCascade",
        },
    }


def incoming_document(incoming: Incoming, referencing: Table, referenced: Table) -> Document:
    """Give the relationship as one of the referenced table's one-to-many relationships."""
    return relationship_document(referencing, incoming.attribute, incoming.relationship, referenced)
