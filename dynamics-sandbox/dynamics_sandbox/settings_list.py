"""All settings of the services with what they may be and what they are for, told by their classes."""

from __future__ import annotations

import ast
import inspect
import itertools
import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from dynamics_sandbox.dataverse.settings import DataverseSettings
from dynamics_sandbox.fno.settings import FnoSettings
from dynamics_sandbox.switches import plain, switches, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The classes of settings by the word in the options of ``serve``.
KINDS: dict[str, type] = {"dataverse": DataverseSettings, "fno": FnoSettings}
_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Decimal: "number",
    Path: "path",
    type(None): "null",
}


class Described(msgspec.Struct, frozen=True):
    """One setting: what it may be in words, its default as JSON holds it, what it is for."""

    service: str
    name: str
    values: str
    default: Any
    meaning: str
    changeable: bool


def described_settings() -> Iterator[Described]:
    """Every setting of both services."""
    for service, kind in KINDS.items():
        meanings, defaults = _meanings(kind), kind()
        for switch in switches(kind):
            yield Described(
                service=service,
                name=switch.name,
                values=_values(switch.kind),
                default=plain(value_of(defaults, switch.name)),
                meaning=meanings[switch.name],
                changeable=switch.when_running,
            )


def _meanings(kind: type, part: str = "") -> dict[str, str]:
    """What each setting is for: the docstring behind its field."""
    nodes = ast.walk(ast.parse(inspect.getsource(kind)))
    lines = next(node.body for node in nodes if isinstance(node, ast.ClassDef))
    found: dict[str, str] = {}
    hints = get_type_hints(kind)
    for item, follows in itertools.pairwise(lines):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name, hint = item.target.id, hints[item.target.id]
            if isinstance(hint, type) and is_dataclass(hint):
                found |= _meanings(hint, f"{part}{name}.")
            elif isinstance(follows, ast.Expr) and isinstance(follows.value, ast.Constant):
                found[part + name] = " ".join(str(follows.value.value).replace("``", "`").split())
    return found


def _values(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return " ".join([_values(inner[0]), *filter(None, map(_limits, inner[1:]))])
    if origin is Literal:
        return " or ".join(inner)
    if origin in {Union, types.UnionType}:
        return " or ".join(map(_values, inner))
    if origin in {tuple, frozenset}:
        return f"list of {_values(inner[0])}s"
    if origin is Mapping:
        return f"object: {_values(inner[1])} by {_values(inner[0])}"
    return _WORDS[kind]


def _limits(meta: msgspec.Meta) -> str:
    if meta.examples:
        return f"such as {meta.examples[0]}"
    if meta.ge is None:
        return ""
    return f"from {meta.ge}" + ("" if meta.le is None else f" to {meta.le}")
