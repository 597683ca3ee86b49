"""The service document and the CSDL document ($metadata)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from dynamics_sandbox.dataverse.writing.values import edm_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.metadata.operations import Operations
    from dynamics_sandbox.dataverse.schema.columns import Attribute
    from dynamics_sandbox.dataverse.schema.model import Key, Navigation, Schema, Table

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" '
    'xmlns="http://docs.oasis-open.org/odata/ns/edm">'
    '<EntityType Name="crmbaseentity" Abstract="true" />'
    '<EntityType Name="principal" BaseType="mscrm.crmbaseentity" Abstract="true">'
    '<Key><PropertyRef Name="ownerid" /></Key><Property Name="ownerid" Type="Edm.Guid" /></EntityType>'
)
_TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"
_COMPUTED = '<Annotation Term="Org.OData.Core.V1.Computed" Bool="true" />'
_TRACKING = (
    '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>'
    '<PropertyValue Property="Supported" Bool="true" /></Record></Annotation>'
)


def service_document(schema: Schema, root: str) -> dict[str, object]:
    """List the entity sets."""
    sets = [
        {"name": table.entity_set, "kind": "EntitySet", "url": table.entity_set}
        for table in schema.tables.values()
    ]
    return {"@odata.context": f"{root}/$metadata", "value": sets}


def csdl_document(schema: Schema, operations: Operations, *, annotations: bool) -> str:
    """Write the CSDL of all tables, functions and actions; annotations add change-tracking capabilities."""
    parts = [_HEAD]
    for table in schema.tables.values():
        parts += _entity_type(schema, table)
    parts += operations.elements
    parts.append('<EntityContainer Name="System">')
    for table in schema.tables.values():
        parts += _entity_set(schema, table, annotations=annotations)
    parts += operations.imports
    parts += ["</EntityContainer>", _TAIL]
    return "".join(parts)


def _entity_type(schema: Schema, table: Table) -> Iterator[str]:
    base = "principal" if table.principal else "crmbaseentity"
    yield f"<EntityType Name={quoteattr(table.logical_name)} BaseType={quoteattr(f'mscrm.{base}')}>"
    if not table.principal:
        yield f"<Key><PropertyRef Name={quoteattr(table.primary_id)} /></Key>"
    for attribute in table.attributes:
        if not (table.principal and attribute.name == "ownerid"):
            yield _property(table, attribute)
    for name, branches in table.navigations.items():
        yield _navigation(schema, name, branches)
    for incoming in schema.incoming[table.logical_name]:
        kind = f"Collection(mscrm.{incoming.table})"
        yield (
            f"<NavigationProperty Name={quoteattr(incoming.relationship.collection)} Type={quoteattr(kind)} "
            f"Partner={quoteattr(incoming.relationship.navigation)} />"
        )
    yield from _alternate_keys(table)
    yield "</EntityType>"


def _navigation(schema: Schema, name: str, branches: tuple[Navigation, ...]) -> str:
    branch, shared = branches[0], len(branches) > 1
    target = "principal" if shared else branch.relationship.target
    facts = {
        "Name": name,
        "Type": f"mscrm.{target}",
        "Nullable": "false",
        "Partner": branch.relationship.collection,
    }
    constraint = {
        "Property": branch.attribute.property_name,
        "ReferencedProperty": "ownerid" if shared else schema.tables[target].primary_id,
    }
    inner = f"<ReferentialConstraint {_attributes(constraint)} />"
    return f"<NavigationProperty {_attributes(facts)}>{inner}</NavigationProperty>"


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in values.items())


def _property(table: Table, attribute: Attribute) -> str:
    name, kind = attribute.property_name, edm_type(attribute)
    facets = (
        ' Unicode="false"' if kind == "Edm.String" else ' Scale="Variable"' if kind == "Edm.Decimal" else ""
    )
    head = f"<Property Name={quoteattr(name)} Type={quoteattr(kind)}{facets}"
    read_only = attribute.is_lookup or not (attribute.creatable or attribute.updatable)
    if read_only and name != table.primary_id:
        return f"{head}>{_COMPUTED}</Property>"
    return f"{head} />"


def _alternate_keys(table: Table) -> Iterator[str]:
    keys = [key for key in table.keys if key.status == "Active"]
    if keys:
        records = "".join(_key_record(table, key) for key in keys)
        yield (
            '<Annotation Term="OData.Community.Keys.V1.AlternateKeys"><Collection>'
            f"{records}</Collection></Annotation>"
        )


def _key_record(table: Table, key: Key) -> str:
    references = "".join(
        '<Record Type="OData.Community.Keys.V1.PropertyRef">'
        f'<PropertyValue Property="Alias" String={quoteattr(column.property_name)} />'
        f'<PropertyValue Property="Name" PropertyPath={quoteattr(column.property_name)} /></Record>'
        for column in (table.columns[name] for name in key.columns)
    )
    return (
        '<Record Type="OData.Community.Keys.V1.AlternateKey"><PropertyValue Property="Key"><Collection>'
        f"{references}</Collection></PropertyValue></Record>"
    )


def _entity_set(schema: Schema, table: Table, *, annotations: bool) -> Iterator[str]:
    kind = quoteattr(f"Microsoft.Dynamics.CRM.{table.logical_name}")
    yield f"<EntitySet Name={quoteattr(table.entity_set)} EntityType={kind}>"
    for name, branches in table.navigations.items():
        if len(branches) == 1:
            target = schema.tables[branches[0].relationship.target].entity_set
            yield f"<NavigationPropertyBinding Path={quoteattr(name)} Target={quoteattr(target)} />"
    for incoming in schema.incoming[table.logical_name]:
        target = schema.tables[incoming.table].entity_set
        collection = quoteattr(incoming.relationship.collection)
        yield f"<NavigationPropertyBinding Path={collection} Target={quoteattr(target)} />"
    if annotations and table.change_tracking:
        yield _TRACKING
    yield "</EntitySet>"
