"""YAML files that remember on which line each part stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from mapper_p2c.errors import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

#: Place of a part inside a document: keys and indexes from the root.
Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """Parsed content and where it came from.

    Attributes:
        name: the file's name, or the name of the setting that holds the content.
        data: plain dicts, lists and scalars.
        lines: line number (from 1) of every part; empty for content that has no lines.
    """

    name: str
    data: Any
    lines: dict[Path_, int]

    def place(self, path: Path_) -> str:
        """`file:line` of a part, or `setting.key[0]` where there are no lines."""
        if not self.lines:
            return self.name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        while path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines[path]}"


class _Loader(yaml.SafeLoader):
    """YAML whose plain words mean what they look like: only true and false are booleans, dates are text."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - the form in which PyYAML reads it


_PLAIN = {
    "tag:yaml.org,2002:bool": (r"true|false", "tf"),
    "tag:yaml.org,2002:null": (r"null|~|", ["n", "~", ""]),
    "tag:yaml.org,2002:int": (r"-?(0|[1-9][0-9]*)", "-0123456789"),
    "tag:yaml.org,2002:float": (r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
}
for _tag, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})$"), list(_first))
_Loader.add_constructor(
    "tag:yaml.org,2002:float", lambda _, node: Decimal(node.value)
)  # exact digits: templates may hold money


def read(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        TemplateError: the file cannot be read, is not YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: the template cannot be read ({error}).") from error
    loader = _Loader(text)
    composer = _Composer(loader, path.name)
    try:
        node = loader.get_single_node()
        data = composer.value(node, ()) if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TemplateError(f"{path.name}:{line}: this is not YAML: {error.problem}.") from error
    finally:
        loader.dispose()
    return Document(path.name, data, composer.lines or {(): 1})


class _Composer:
    """Turns YAML nodes into plain values and notes their lines."""

    def __init__(self, loader: _Loader, name: str) -> None:
        self._loader = loader
        self._name = name
        self.lines: dict[Path_, int] = {}

    def value(self, node: yaml.Node, path: Path_) -> Any:
        """The plain value of a node."""
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(part, (*path, index)) for index, part in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # The text as written: `0:`, `true:` and `"":` are keys of value maps.
            key = str(key_node.value)
            if key in result:
                line = key_node.start_mark.line + 1
                raise TemplateError(
                    f"{self._name}:{line}: the key {key!r} stands here for the second time; remove one."
                )
            result[key] = self.value(value_node, (*path, key))
        return result
