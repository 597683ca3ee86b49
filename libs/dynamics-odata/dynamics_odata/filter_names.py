"""The names a ``$filter`` uses, found without understanding the whole of it.

Source: OData URL conventions 4.0, section 5.1.1. Literals, functions, operators and lambda variables are no
names. What is well-formed beyond quotes and brackets is left to the service.
"""

from __future__ import annotations

import re

__all__ = ["OPERATORS", "names_in_filter", "tokens"]

_TOKEN = re.compile(
    r"""
    (?P<text>[A-Za-z0-9_.]*'(?:[^']|'')*')        # text, or a literal with its type before it
    | (?P<json>"(?:[^"\\]|\\.)*")                 # text inside a list of values
    | (?P<value>[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[-+]?\d[\w.:+-]*)
    | (?P<name>[A-Za-z_$@][\w.]*(?:/[A-Za-z_$][\w.]*)*)
    | (?P<sign>[()\[\],:=])
    | (?P<space>\s+)
    | (?P<wrong>.)
    """,
    re.VERBOSE | re.DOTALL,
)
OPERATORS = frozenset({"and", "or", "not", "eq", "ne", "gt", "ge", "lt", "le", "in", "has"})
"""Logical and comparing operators (OData URL conventions 4.0, section 5.1.1.1)."""
_ARITHMETIC = {"add", "sub", "mul", "div", "divby", "mod"}
_WORDS = OPERATORS | _ARITHMETIC | {"null", "true", "false"}
_CLOSING = {")": "(", "]": "["}


def tokens(text: str) -> list[tuple[str, str]]:
    """The pieces of a filter, (kind, text), white space left out.

    Kinds: ``text`` (a literal in quotes, its type before it), ``json`` (the same in a list), ``value``,
    ``name`` (words of the language included) and ``sign``.

    Raises:
        ValueError: as for `names_in_filter`.
    """
    found = [(str(match.lastgroup), match.group()) for match in _TOKEN.finditer(text)]
    kept = [token for token in found if token[0] != "space"]
    _check(kept)
    return kept


def names_in_filter(text: str) -> list[str]:
    """Columns and paths such as ``quoteid/statecode`` in the order they come, each once.

    Raises:
        ValueError: an open quote, a bracket without its partner, or a character no filter has; says which.
    """
    found = tokens(text)
    after = [value for _, value in found[1:]] + [""]
    names = {
        value: None
        for (kind, value), following in zip(found, after, strict=True)
        if kind == "name" and following not in {"(", ":", "="} and value not in _WORDS
    }
    variables = {
        value
        for (kind, value), following in zip(found, after, strict=True)
        if kind == "name" and following == ":"
    }
    return [name for name in names if name.partition("/")[0] not in variables and name[0] not in "@$"]


def _check(found: list[tuple[str, str]]) -> None:
    opened: list[str] = []
    for kind, value in found:
        if kind == "wrong":
            problem = "a quote is never closed" if value in "'\"" else f"{value!r} has no meaning there"
            raise ValueError(problem)
        if value in {"(", "["}:
            opened.append(value)
        elif value in _CLOSING and (not opened or opened.pop() != _CLOSING[value]):
            raise ValueError(f"{value!r} closes nothing")
    if opened:
        raise ValueError(f"{opened[-1]!r} is never closed")
