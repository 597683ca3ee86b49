"""Cuts the text of a filter, key or order into tokens; knows the literals of OData, not the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from typing import Literal as OneOf

from dynamics_sandbox.odata.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

TokenKind: TypeAlias = OneOf[
    "string", "quoted", "guid", "datetime", "date", "number", "enum", "alias", "name", "symbol", "end"
]


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text as written, and where it starts (0-based)."""

    kind: TokenKind
    text: str
    position: int


_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
# Order matters: a GUID may start with digits, a date with a number, an enum literal with a name.
_TOKENS: tuple[tuple[TokenKind, str], ...] = (
    ("guid", r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?!\w)"),
    ("datetime", r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:[Zz]|[+-]\d\d:\d\d)?"),
    ("date", r"\d{4}-\d\d-\d\d(?!\d)"),
    ("number", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)"),
    ("enum", _NAME + r"'(?:[^']|'')*'"),
    ("string", r"'(?:[^']|'')*'"),
    ("quoted", r'"(?:[^"\\]|\\.)*"'),
    ("alias", r"@[^\W\d]\w*"),
    ("name", _NAME),
    ("symbol", r"[()\[\],/=:*]"),
)
_PATTERN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _TOKENS))
_BLANK = re.compile(r"\s*")


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text``, closed by one of kind ``end``.

    Raises:
        QueryError: at the first character that starts no token (an unclosed string among them).
    """
    position = _skip_blanks(text, 0)
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, position)
        yield Token(_KINDS[match.lastgroup], match.group(), position)
        position = _skip_blanks(text, match.end())
    yield Token("end", "", len(text))


_KINDS: dict[str, TokenKind] = {kind: kind for kind, _ in _TOKENS}


def _skip_blanks(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return position if match is None else match.end()


def _unreadable(text: str, position: int) -> QueryError:
    if text[position] in "'\"":
        return QueryError(f"There is an unterminated string literal at position {position} in '{text}'.")
    return QueryError(
        f"Syntax error: character '{text[position]}' is not valid at position {position} in '{text}'."
    )


def unquote(text: str) -> str:
    """The value of a quoted string: the outer apostrophes gone, doubled ones single."""
    return text[1:-1].replace("''", "'")
