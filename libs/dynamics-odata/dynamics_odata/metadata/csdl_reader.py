"""Reads a CSDL document (``$metadata``) into declarations, in one pass and without building a tree.

Source: OData Common Schema Definition Language (CSDL) XML 4.01. A document type declaration, the only door
through which XML can expand or fetch anything, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from dynamics_odata.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Declarations",
    "DeclaredNavigation",
    "DeclaredProperty",
    "DeclaredSet",
    "DeclaredType",
    "read_csdl",
]

_DESCRIPTIONS = ("Org.OData.Core.V1.Description", "Org.OData.Core.V1.LongDescription")
_COMPUTED = "Org.OData.Core.V1.Computed"
_KEYS = "OData.Community.Keys.V1.AlternateKeys"
_TRACKING = "Org.OData.Capabilities.V1.ChangeTracking"


@dataclass(slots=True)
class DeclaredProperty:
    """A property of an entity type, its `facets` as attributes of the element."""

    name: str
    type: str
    facets: Mapping[str, str]
    description: str = ""
    computed: bool = False


@dataclass(slots=True)
class DeclaredNavigation:
    """A navigation property; `constraints` are pairs of dependent and referenced property."""

    name: str
    type: str
    constraints: list[tuple[str, str]] = field(default_factory=list)
    description: str = ""


@dataclass(slots=True)
class DeclaredType:
    """An entity type under its qualified name, without what it inherits."""

    name: str
    base: str = ""
    abstract: bool = False
    key: list[str] = field(default_factory=list)
    properties: list[DeclaredProperty] = field(default_factory=list)
    navigations: list[DeclaredNavigation] = field(default_factory=list)
    alternate_keys: list[list[str]] = field(default_factory=list)
    description: str = ""


@dataclass(slots=True)
class DeclaredSet:
    """An entity set and the qualified name of its type."""

    name: str
    type: str
    change_tracking: bool = False
    description: str = ""


@dataclass(slots=True)
class Declarations:
    """What a document declares; `types` by qualified name, `aliases` from alias to namespace."""

    types: dict[str, DeclaredType] = field(default_factory=dict)
    enums: set[str] = field(default_factory=set)
    definitions: dict[str, str] = field(default_factory=dict)
    sets: list[DeclaredSet] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)

    def qualified(self, name: str) -> str:
        """A type's name with its namespace in the place of an alias."""
        head, _, tail = name.rpartition(".")
        return f"{self.aliases.get(head, head)}.{tail}" if head else tail


def read_csdl(document: bytes) -> Declarations:
    """Read a document.

    Raises:
        ProtocolError: it is no XML, has a document type declaration, or declares no entity set.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise ProtocolError(
            f"The metadata document is no well-formed XML (line {error.lineno})",
            hint="Save the answer to $metadata as it came.",
        ) from None
    if not reader.found.sets:
        raise ProtocolError("The metadata document declares no entity set")
    return reader.found


def _refuse(*_: object) -> NoReturn:
    raise ProtocolError("The metadata document has a document type declaration, which CSDL does not allow")


_Target = DeclaredType | DeclaredSet | DeclaredProperty | DeclaredNavigation


class _Reader:
    """Follows the elements; `_targets` are the open ones that an annotation may be about."""

    def __init__(self) -> None:
        self.found = Declarations()
        self._namespace = ""
        self._type: DeclaredType | None = None
        self._targets: list[tuple[str, _Target]] = []
        self._term = ""
        self._starts = {
            "Schema": self._schema,
            "EntityType": self._entity_type,
            "EnumType": self._enum_type,
            "TypeDefinition": self._type_definition,
            "PropertyRef": self._property_ref,
            "Property": self._property,
            "NavigationProperty": self._navigation,
            "ReferentialConstraint": self._constraint,
            "EntitySet": self._entity_set,
            "Annotation": self._annotation,
            "Record": self._record,
            "PropertyValue": self._property_value,
        }

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """A start tag."""
        handler = self._starts.get(element.rpartition(":")[2])
        if handler is not None:
            handler(attributes)

    def end(self, element: str) -> None:
        """An end tag."""
        if self._targets and self._targets[-1][0] == element:
            self._targets.pop()
        if element == "EntityType":
            self._type = None
        elif element == "Annotation":
            self._term = ""

    def _schema(self, attributes: dict[str, str]) -> None:
        self._namespace = attributes.get("Namespace", "")
        if "Alias" in attributes:
            self.found.aliases[attributes["Alias"]] = self._namespace

    def _name(self, attributes: dict[str, str]) -> str:
        return f"{self._namespace}.{attributes.get('Name', '')}"

    def _entity_type(self, attributes: dict[str, str]) -> None:
        self._type = DeclaredType(
            self._name(attributes), attributes.get("BaseType", ""), attributes.get("Abstract") == "true"
        )
        self.found.types[self._type.name] = self._type
        self._targets.append(("EntityType", self._type))

    def _enum_type(self, attributes: dict[str, str]) -> None:
        self.found.enums.add(self._name(attributes))

    def _type_definition(self, attributes: dict[str, str]) -> None:
        self.found.definitions[self._name(attributes)] = attributes.get("UnderlyingType", "Edm.String")

    def _property_ref(self, attributes: dict[str, str]) -> None:
        if self._type is not None:
            self._type.key.append(attributes.get("Name", ""))

    def _property(self, attributes: dict[str, str]) -> None:
        if self._type is not None:  # else it belongs to a complex type
            declared = DeclaredProperty(
                attributes.get("Name", ""), attributes.get("Type", "Edm.String"), attributes
            )
            self._type.properties.append(declared)
            self._targets.append(("Property", declared))

    def _navigation(self, attributes: dict[str, str]) -> None:
        if self._type is not None:
            declared = DeclaredNavigation(attributes.get("Name", ""), attributes.get("Type", ""))
            self._type.navigations.append(declared)
            self._targets.append(("NavigationProperty", declared))

    def _constraint(self, attributes: dict[str, str]) -> None:
        if self._targets and isinstance(self._targets[-1][1], DeclaredNavigation):
            pair = attributes.get("Property", ""), attributes.get("ReferencedProperty", "")
            self._targets[-1][1].constraints.append(pair)

    def _entity_set(self, attributes: dict[str, str]) -> None:
        declared = DeclaredSet(attributes.get("Name", ""), attributes.get("EntityType", ""))
        self.found.sets.append(declared)
        self._targets.append(("EntitySet", declared))

    def _annotation(self, attributes: dict[str, str]) -> None:
        if not self._targets:
            return
        target = self._targets[-1][1]
        self._term = attributes.get("Term", "").partition("#")[0]
        if self._term in _DESCRIPTIONS:
            target.description = target.description or attributes.get("String", "")
        elif self._term == _COMPUTED and isinstance(target, DeclaredProperty):
            target.computed = attributes.get("Bool", "true") == "true"

    def _record(self, attributes: dict[str, str]) -> None:
        if self._term == _KEYS and attributes.get("Type", "").endswith(".AlternateKey") and self._type:
            self._type.alternate_keys.append([])

    def _property_value(self, attributes: dict[str, str]) -> None:
        target = self._targets[-1][1] if self._targets else None
        name = attributes.get("Property")
        if self._term == _KEYS and name == "Name" and self._type and self._type.alternate_keys:
            self._type.alternate_keys[-1].append(attributes.get("PropertyPath", ""))
        elif self._term == _TRACKING and name == "Supported" and isinstance(target, DeclaredSet):
            target.change_tracking = attributes.get("Bool") == "true"
