"""$select, $filter and $expand over metadata documents, which live in memory and not in SQL."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import UNSUPPORTED_QUERY, bad_request, not_in_sandbox
from dynamics_sandbox.odata.nodes import And, Call, Comparison, EnumMember, Literal, Not, Or, Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dynamics_sandbox.dataverse.metadata.facets import Document
    from dynamics_sandbox.odata.nodes import Node
    from dynamics_sandbox.odata.options import QueryOptions

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}


def selected_members(
    document: Document, options: QueryOptions, navigations: Iterable[str], type_name: str
) -> Document:
    """Give the members a query selects; MetadataId and the type annotation always come along.

    Raises:
        DataverseError: a name the definition's type does not have.
    """
    hidden = set(navigations)
    if options.select is None:
        return {name: value for name, value in document.items() if name not in hidden}
    chosen: Document = {name: document[name] for name in ("@odata.type", "MetadataId") if name in document}
    for name in options.select:
        if name not in document or name in hidden:
            raise unknown_member(name, type_name)
        chosen[name] = document[name]
    return chosen


def unknown_member(name: str, type_name: str) -> Exception:
    """Refuse a member that a metadata type does not have."""
    return bad_request(
        f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{type_name}'.",
        UNSUPPORTED_QUERY,
    )


def matches(node: Node | None, document: Document, type_name: str) -> bool:
    """Say whether a definition passes a filter."""
    if node is None:
        return True
    if isinstance(node, (And, Or)):
        combine = all if isinstance(node, And) else any
        return combine(matches(side, document, type_name) for side in (node.left, node.right))
    if isinstance(node, Not):
        return not matches(node.operand, document, type_name)
    if isinstance(node, Comparison):
        return _compare(node, document, type_name)
    if isinstance(node, Call):
        return _call(node, document, type_name)
    value = _value(node, document, type_name)
    if not isinstance(value, bool):
        raise bad_request("The filter expression must be of type 'Edm.Boolean'.", UNSUPPORTED_QUERY)
    return value


def _compare(node: Comparison, document: Document, type_name: str) -> bool:
    left, right = _value(node.left, document, type_name), _value(node.right, document, type_name)
    if node.op in {"eq", "ne"}:
        return _OPERATORS[node.op](left, right)
    if left is None or right is None:
        return False
    try:
        return _OPERATORS[node.op](left, right)
    except TypeError:
        raise bad_request(
            "A binary operator with incompatible types was detected.", UNSUPPORTED_QUERY
        ) from None


def _call(node: Call, document: Document, type_name: str) -> bool:
    function = _TEXT_FUNCTIONS.get(node.name)
    if function is None or len(node.args) != 2:  # noqa: PLR2004 - text and part
        raise not_in_sandbox(f"the function '{node.name}' on metadata")
    text, part = (_value(argument, document, type_name) for argument in node.args)
    return isinstance(text, str) and isinstance(part, str) and function(text, part)


def _value(node: Node, document: Document, type_name: str) -> Any:
    if isinstance(node, Literal):
        if isinstance(node.value, EnumMember):
            return node.value.member
        return str(node.value) if node.kind == "guid" else node.value
    if not isinstance(node, Path):
        raise not_in_sandbox("this kind of expression on metadata")
    value: Any = document
    for segment in node.segments:
        if not isinstance(value, dict) or segment not in value:
            raise unknown_member(str(node), type_name)
        value = value[segment]
    if isinstance(value, (dict, list)):
        raise bad_request(f"The property '{node}' cannot be used in a filter.", UNSUPPORTED_QUERY)
    return value
