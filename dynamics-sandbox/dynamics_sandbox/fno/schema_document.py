"""The CSDL document at ``/data/$metadata``: public entities with keys, types, annotations; enums."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from dynamics_sandbox.fno.labels import label_id
from dynamics_sandbox.fno.model import AX_TYPES, NAMESPACE, EnumType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.fno.actions import Action, Actions
    from dynamics_sandbox.fno.model import Entity, Model, Navigation, Property

_CORE = "Microsoft.Dynamics.OData.Core.V1"
#: AXType of the product; Boolean properties carry no AX type of their own.
_AX_NUMBERS = {
    "Container": 0, "Date": 1, "Enum": 2, "Guid": 3, "Int32": 4, "Int64": 5, "Real": 6, "Record": 7,
    "String": 8, "Time": 9, "UtcDateTime": 10, "Void": 11,
}  # fmt: skip


def schema_document(model: Model, actions: Actions) -> str:
    """The whole document as text, with the actions bound to its entities."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>',
        f'<Schema Namespace="{_CORE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
        *_enum(EnumType("AXType", _AX_NUMBERS)),
        "</Schema>",
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ]
    shown = list(model.public.values())
    used = {item.type for entity in shown for item in entity.properties.values()} - set(AX_TYPES)
    for name in sorted(used):
        lines += _enum(model.enums[name])
    for entity in shown:
        lines += _entity(entity, model)
    for entity in shown:
        lines += (line for action in actions.of(entity) for line in _action(action, entity))
    lines.append('<EntityContainer Name="Resources">')
    for entity in shown:
        lines += _entity_set(entity, model)
    lines.append("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>")
    return "\n".join(lines) + "\n"


def _enum(enum: EnumType) -> Iterator[str]:
    members = "".join(
        f'<Member Name={quoteattr(name)} Value="{value}"/>' for name, value in enum.members.items()
    )
    yield f"<EnumType Name={quoteattr(enum.name)}>{members}</EnumType>"


def _entity(entity: Entity, model: Model) -> Iterator[str]:
    yield f"<EntityType Name={quoteattr(entity.name)}>"
    yield "<Key>" + "".join(f"<PropertyRef Name={quoteattr(name)}/>" for name in entity.key) + "</Key>"
    for item in entity.properties.values():
        yield from _property(entity, item)
    for navigation in entity.navigations.values():
        if model.entities[navigation.to].public:
            yield from _navigation(navigation, model)
    yield "</EntityType>"


def _property(entity: Entity, item: Property) -> Iterator[str]:
    # Keys and types without null are not nullable; other texts and enums are, though they are never null.
    nullable = item.name not in entity.key and (item.type == "String" or item.is_enum)
    flag = "" if nullable else ' Nullable="false"'
    yield f'<Property Name={quoteattr(item.name)} Type="{item.edm_type}"{flag}>'
    yield f'<Annotation Term="{_CORE}.LabelId" String={quoteattr(label_id(entity, item))}/>'
    if item.mandatory:
        yield f'<Annotation Term="{_CORE}.IsRequired" Bool="true"/>'
    if not item.allow_edit:
        yield f'<Annotation Term="{_CORE}.AllowEdit" Bool="false"/>'
    if not item.allow_edit_on_create:
        yield f'<Annotation Term="{_CORE}.AllowEditOnCreate" Bool="false"/>'
    if item.data_type in _AX_NUMBERS:
        member = f"{_CORE}.AXType/{item.data_type}"
        yield f'<Annotation Term="{_CORE}.AXType"><EnumMember>{member}</EnumMember></Annotation>'
    yield "</Property>"


def _navigation(navigation: Navigation, model: Model) -> Iterator[str]:
    target = model.entities[navigation.to].type_name
    full = f"Collection({target})" if navigation.many else target
    yield f'<NavigationProperty Name={quoteattr(navigation.name)} Type="{full}">'
    if not navigation.many:
        for near, far in navigation.join.items():
            yield f"<ReferentialConstraint Property={quoteattr(near)} ReferencedProperty={quoteattr(far)}/>"
    yield "</NavigationProperty>"


def _action(action: Action, entity: Entity) -> Iterator[str]:
    bound = entity.type_name if action.bound_to == "row" else f"Collection({entity.type_name})"
    yield f'<Action Name={quoteattr(action.name)} IsBound="true">'
    for name, kind in (("bindingParameter", bound), *action.parameters):
        yield f"<Parameter Name={quoteattr(name)} Type={quoteattr(kind)}/>"
    if action.returns:
        yield f"<ReturnType Type={quoteattr(action.returns)}/>"
    yield "</Action>"


def _entity_set(entity: Entity, model: Model) -> Iterator[str]:
    yield f'<EntitySet Name={quoteattr(entity.set)} EntityType="{entity.type_name}">'
    for navigation in entity.navigations.values():
        if model.entities[navigation.to].public:
            path, target = quoteattr(navigation.name), quoteattr(navigation.to)
            yield f"<NavigationPropertyBinding Path={path} Target={target}/>"
    yield "</EntitySet>"
