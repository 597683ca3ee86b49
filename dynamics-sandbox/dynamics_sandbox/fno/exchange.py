"""One request to the service and its answer, whether it came by itself or inside a ``$batch``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf
from typing import get_args as members_of
from urllib.parse import quote, unquote, unquote_plus

from dynamics_sandbox.fno.errors import FnoError, IncompleteKeyError, unknown_set
from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.keys import parse_key
from dynamics_sandbox.odata.nodes import Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamics_sandbox.fno.model import Entity, Model
    from dynamics_sandbox.fno.values import Converter, Row

#: How much a JSON answer says about its rows.
Metadata: TypeAlias = OneOf["minimal", "full", "none"]
_ASKED: Final = re.compile(rf"odata\.metadata=({'|'.join(members_of(Metadata))})")


def json_type(metadata: Metadata = "minimal") -> str:
    """Content type of a JSON answer."""
    return f"application/json; odata.metadata={metadata}; charset=utf-8"


JSON_TYPE: Final = json_type()


@dataclass(frozen=True, slots=True)
class Call:
    """A request below ``/data``.

    Attributes:
        method: in capitals.
        segments: path behind ``/data/``, cut at slashes and then percent-decoded.
        query: raw query string.
        headers: by lower-case name.
        company: default company of the calling user.
    """

    method: str
    segments: tuple[str, ...]
    query: str
    headers: Mapping[str, str]
    body: bytes
    company: str

    @property
    def metadata(self) -> Metadata:
        """What ``$format``, which comes first, or Accept asks for; minimal when neither says."""
        formats = re.findall(r"(?:^|&)(?:\$|%24)format=([^&]*)", self.query)
        for asked in (*map(unquote_plus, formats), self.headers.get("accept", "")):
            found = _ASKED.search(asked.replace(" ", "").lower())
            if found:
                return (
                    "full" if found.group(1) == "full" else "none" if found.group(1) == "none" else "minimal"
                )
        return "minimal"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``body`` is an iterator for rows that are streamed."""

    status: int
    body: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def whole_body(self) -> bytes:
        """The body in one piece."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


@dataclass(frozen=True, slots=True)
class Address:
    """What a path points to: a set, or a row of it, and what follows behind the row or set."""

    entity: Entity
    key: Row | None
    rest: tuple[str, ...]


def split_path(path: str) -> tuple[str, ...]:
    """Segments of a raw path; an encoded slash inside a key stays inside it."""
    return tuple(unquote(part) for part in path.split("/") if part)


def address(segments: tuple[str, ...], model: Model, converter: Converter) -> Address:
    """The address of a path.

    Raises:
        FnoError: 404, no such set or a key that lacks parts; 400, a key that cannot be read.
    """
    name, opening, rest = segments[0].partition("(")
    entity = model.public.get(name)
    if entity is None:
        raise unknown_set(name)
    if not opening:
        return Address(entity, None, segments[1:])
    if not rest.endswith(")"):
        raise FnoError(400, f"The key in '{segments[0]}' has no closing parenthesis.")
    return Address(entity, read_key(entity, rest[:-1], converter), segments[1:])


def read_key(entity: Entity, text: str, converter: Converter) -> Row:
    """The key values of a row; every part of the key is required.

    Raises:
        FnoError: IncompleteKeyError, a part is missing; 400, unreadable or of the wrong type.
    """
    try:
        parsed = parse_key(text)
    except QueryError as error:
        raise FnoError(400, error.message) from None
    given = {entity.key[0]: parsed} if isinstance(parsed, Literal) else parsed
    found = [name for name in entity.key if name in given]
    if len(found) < len(entity.key) or len(given) > len(found):
        text = (
            f"Only {len(found)} of {len(entity.key)} keys provided for lookup, "
            f"provide keys for {', '.join(entity.key)}."
        )
        raise IncompleteKeyError(text)
    return {name: converter.from_literal(entity.properties[name], given[name]) for name in entity.key}


def key_text(entity: Entity, row: Row) -> str:
    """The key of a row as it stands in a URL, parentheses included and percent-encoded."""
    parts = []
    for name in entity.key:
        item, value = entity.properties[name], row[name]
        if item.is_enum:
            literal = f"{item.edm_type}'{value}'"
        elif item.type in {"String", "Time"}:
            literal = "'" + str(value).replace("'", "''") + "'"
        else:
            literal = str(value)
        parts.append(f"{name}={quote(literal, safe=chr(39) + ':')}")
    return f"({','.join(parts)})"
