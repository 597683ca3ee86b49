"""The JSON metadata service below ``/metadata`` (…/data-entities/services-home-page)."""

# Every name in the SQL comes from the model and is quoted; values travel as parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.errors import (
    FnoError,
    invalid_query,
    unknown_property_in_query,
    unknown_set,
    unsupported,
)
from dynamics_sandbox.fno.exchange import JSON_TYPE, Call, Reply
from dynamics_sandbox.fno.labels import label_id, labels
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.keys import parse_key
from dynamics_sandbox.odata.nodes import And, Comparison, Literal, Node, Not, Or
from dynamics_sandbox.odata.nodes import Call as FunctionCall
from dynamics_sandbox.odata.options import QueryOptions, parse_options
from dynamics_sandbox.odata.sql import (
    FNO,
    CompiledFilter,
    SqlColumn,
    compile_filter,
    compile_orderby,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_sandbox.fno.actions import Action, Actions
    from dynamics_sandbox.fno.model import Entity, Model, Navigation, Property

_NAMESPACE: Final = "Microsoft.Dynamics.Metadata"
_OPTIONS: Final = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$format"})
#: EntityCategory of the metadata.
_CATEGORIES: Final = {
    "Master": 0, "Configuration": 1, "Transaction": 2, "Reference": 3, "Document": 4, "Parameters": 5,
}  # fmt: skip


class MetadataService:
    """Answers GET requests below ``/metadata``.

    Args:
        model: what is described.
        actions: what its sets offer.
        base: address of the service without trailing slash (``https://host/metadata``).
    """

    def __init__(self, model: Model, actions: Actions, base: str) -> None:
        self._base = base
        self._labels = labels(model)
        public = list(model.public.values())
        used = {item.type for entity in public for item in entity.properties.values() if item.is_enum}
        self._lists = {
            "DataEntities": _List("Name", [_data_entity(entity) for entity in model.entities.values()]),
            "PublicEntities": _List("Name", [_public_entity(entity, model, actions) for entity in public]),
            "PublicEnumerations": _List("Name", [_enumeration(model, name) for name in sorted(used)]),
        }

    def answer(self, call: Call) -> Reply:
        """The answer to a call, refusals included; ``call.segments`` is the path behind ``/metadata/``."""
        try:
            return Reply(200, msgspec.json.encode(self._document(call)), {"Content-Type": JSON_TYPE})
        except FnoError as error:
            return Reply(error.status, error.body(), {"Content-Type": JSON_TYPE})

    def _document(self, call: Call) -> dict[str, Any]:
        if call.method != "GET":
            raise FnoError(405, f"The requested resource does not support http method '{call.method}'.")
        if not call.segments:
            names = [*self._lists, "Labels"]
            value = [{"name": name, "kind": "EntitySet", "url": name} for name in names]
            return {"@odata.context": f"{self._base}/$metadata", "value": value}
        if len(call.segments) > 1:
            raise unsupported(f"the metadata path '{'/'.join(call.segments)}'")
        name, opening, key = call.segments[0].partition("(")
        if name == "Labels":
            return self._label(key.removesuffix(")") if opening else "")
        rows = self._lists.get(name)
        if rows is None:
            raise unknown_set(name)
        if opening:
            found = rows.by_key(key.removesuffix(")"))
            return {"@odata.context": f"{self._base}/$metadata#{name}/$entity", **found}
        return {"@odata.context": f"{self._base}/$metadata#{name}", **rows.listing(call.query)}

    def _label(self, key: str) -> dict[str, Any]:
        """One label; every language has the English text, as the sandbox has no other."""
        try:
            parts = parse_key(key) if key else {}
        except QueryError as error:
            raise FnoError(400, error.message) from None
        if isinstance(parts, Literal) or {"Id", "Language"} - parts.keys():
            raise FnoError(400, "Labels are read one at a time: Labels(Id='…',Language='en-us').")
        identifier, language = str(parts["Id"].value), str(parts["Language"].value)
        text = self._labels.get(identifier)
        if text is None:
            raise FnoError(404, f"There is no label '{identifier}'.")
        context = f"{self._base}/$metadata#Labels/$entity"
        return {"@odata.context": context, "Id": identifier, "Language": language, "Value": text}


class _List:
    """Rows of one kind, filtered and sorted by an SQLite table of their plain fields."""

    def __init__(self, key: str, rows: list[dict[str, Any]]) -> None:
        self._key = key
        self._rows = rows
        self._fields = [name for name, value in rows[0].items() if isinstance(value, (str, bool))]
        self._lock = Lock()
        self._table = sqlite3.connect(":memory:", check_same_thread=False)
        register(self._table)
        self._table.execute(f"CREATE TABLE items ({', '.join(map(quoted, self._fields))})")
        marks = ", ".join("?" * len(self._fields))
        self._table.executemany(
            f"INSERT INTO items VALUES ({marks})",
            [[row[name] for name in self._fields] for row in rows],
        )

    def by_key(self, text: str) -> dict[str, Any]:
        """The row with this key."""
        try:
            key = parse_key(text)
        except QueryError as error:
            raise FnoError(400, error.message) from None
        wanted = key.value if isinstance(key, Literal) else getattr(key.get(self._key), "value", None)
        for row in self._rows:
            if row[self._key] == wanted:
                return row
        raise FnoError(404, f"No metadata was found for '{wanted}'.")

    def listing(self, query: str) -> dict[str, Any]:
        """``@odata.count`` when asked for, and ``value``."""
        try:
            options = parse_options(query, allowed=_OPTIONS)
            numbers = self._matching(options)
        except QueryError as error:
            raise invalid_query(error.message) from None
        count = {"@odata.count": len(numbers)} if options.count else {}
        start = options.skip or 0
        stop = None if options.top is None else start + options.top
        rows = [self._selected(self._rows[number], options.select) for number in numbers[start:stop]]
        return {**count, "value": rows}

    def _matching(self, options: QueryOptions) -> list[int]:
        compiled = CompiledFilter("1", ())
        if options.filter is not None:
            compiled = compile_filter(_without_tolower(options.filter), self._column, dialect=FNO)
        order = compile_orderby(options.orderby, self._column) + ", rowid" if options.orderby else "rowid"
        with self._lock:
            found = self._table.execute(
                f"SELECT rowid FROM items WHERE {compiled.sql} ORDER BY {order}", compiled.params
            )
            return [row[0] - 1 for row in found]

    def _column(self, path: tuple[str, ...]) -> SqlColumn:
        name = "/".join(path)
        if name not in self._fields:
            raise unknown_property_in_query(name, _NAMESPACE)
        if name == "EntityCategory":
            members = {member: member for member in _CATEGORIES}
            return SqlColumn(quoted(name), "enum", enum_type=f"{_NAMESPACE}.EntityCategory", members=members)
        flag = isinstance(self._rows[0][name], bool)
        return SqlColumn(quoted(name), "boolean" if flag else "string")

    def _selected(self, row: dict[str, Any], select: Iterable[str] | None) -> dict[str, Any]:
        if select is None or "*" in select:
            return row
        for name in select:
            if name not in row:
                raise unknown_property_in_query(name, _NAMESPACE)
        return {name: row[name] for name in select}


def _without_tolower(node: Node) -> Node:
    """The filter without ``tolower``, which changes nothing where comparison ignores case anyway."""
    if isinstance(node, FunctionCall):
        arguments = tuple(_without_tolower(argument) for argument in node.args)
        if node.name in {"tolower", "toupper"} and len(arguments) == 1:
            return arguments[0]
        return FunctionCall(node.name, arguments)
    if isinstance(node, (And, Or)):
        return type(node)(_without_tolower(node.left), _without_tolower(node.right))
    if isinstance(node, Not):
        return Not(_without_tolower(node.operand))
    if isinstance(node, Comparison):
        return Comparison(node.op, _without_tolower(node.left), _without_tolower(node.right))
    return node


def _data_entity(entity: Entity) -> dict[str, Any]:
    return {
        "Name": entity.aot,
        "PublicEntityName": entity.name if entity.public else "",
        "PublicCollectionName": entity.set if entity.public else "",
        "LabelId": label_id(entity),
        "DataServiceEnabled": entity.public,
        "DataManagementEnabled": True,
        "EntityCategory": entity.category,
        "IsReadOnly": entity.read_only,
    }


def _public_entity(entity: Entity, model: Model, actions: Actions) -> dict[str, Any]:
    return {
        "Name": entity.name,
        "EntitySetName": entity.set,
        "LabelId": label_id(entity),
        "IsReadOnly": entity.read_only,
        "ConfigurationEnabled": True,
        "Properties": [_property(entity, item) for item in entity.properties.values()],
        "NavigationProperties": [
            _navigation(navigation, model)
            for navigation in entity.navigations.values()
            if model.entities[navigation.to].public
        ],
        "PropertyGroups": [],
        "Actions": [_action(action) for action in actions.of(entity)],
    }


def _property(entity: Entity, item: Property) -> dict[str, Any]:
    return {
        "Name": item.name,
        "TypeName": item.edm_type,
        "DataType": item.data_type,
        "LabelId": label_id(entity, item),
        "IsKey": item.name in entity.key,
        "IsMandatory": item.mandatory,
        "ConfigurationEnabled": True,
        "AllowEdit": item.allow_edit,
        "AllowEditOnCreate": item.allow_edit_on_create,
        "IsDimension": False,
        "DimensionRelation": None,
        "IsDynamicDimension": False,
        "DimensionLegalEntityProperty": None,
        "DimensionTypeProperty": None,
    }


def _navigation(navigation: Navigation, model: Model) -> dict[str, Any]:
    return {
        "Name": navigation.name,
        "RelatedEntity": model.entities[navigation.to].name,
        "RelatedRelationName": None,
        "Cardinality": "Multiple" if navigation.many else "Single",
        "Constraints": [
            {
                "@odata.type": f"#{_NAMESPACE}.ReferentialConstraint",
                "Property": near,
                "ReferencedProperty": far,
            }
            for near, far in navigation.join.items()
        ],
    }


def _action(action: Action) -> dict[str, Any]:
    kind = "BoundToEntityInstance" if action.bound_to == "row" else "BoundToEntitySet"
    return {
        "Name": action.name,
        "BindingKind": kind,
        "Parameters": [{"Name": name, "Type": _type(edm_type)} for name, edm_type in action.parameters],
        "ReturnType": _type(action.returns) if action.returns else None,
        "FieldLookup": None,
    }


def _type(edm_type: str) -> dict[str, Any]:
    return {"TypeName": edm_type, "IsCollection": False}


def _enumeration(model: Model, name: str) -> dict[str, Any]:
    members = [
        {"Name": member, "LabelId": None, "Value": value, "ConfigurationEnabled": True}
        for member, value in model.enums[name].members.items()
    ]
    return {"Name": name, "LabelId": "", "Members": members}
