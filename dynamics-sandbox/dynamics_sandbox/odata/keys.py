"""Parses the key inside the parentheses of an entity address: ``accounts(accountnumber='A''1')``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.lexer import Token, tokens
from dynamics_sandbox.odata.literals import literal

if TYPE_CHECKING:
    from dynamics_sandbox.odata.nodes import Literal


def parse_key(text: str) -> dict[str, Literal] | Literal:
    """The key in ``text``, which the caller has percent-decoded once.

    Returns:
        One unnamed literal (``accounts(<guid>)``), or the literals by name in the order written
        (``CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')``).

    Raises:
        QueryError: empty, malformed, or a name given twice; its option is ``key``.
    """
    try:
        return _parse(text)
    except QueryError as error:
        raise QueryError(error.message, option="key") from None


def _parse(text: str) -> dict[str, Literal] | Literal:
    found = list(tokens(text))
    single = literal(found[0])
    if single is not None and found[1].kind == "end":
        return single
    key: dict[str, Literal] = {}
    for start in range(0, len(found), 4):
        name, value = _named_value(text, found[start : start + 4])
        if name in key:
            raise QueryError(f"The key '({text})' names '{name}' twice.")
        key[name] = value
    return key


def _named_value(text: str, part: list[Token]) -> tuple[str, Literal]:
    """One ``name=literal`` with the comma or end after it."""
    if [token.kind for token in part[:2]] == ["name", "symbol"] and part[1].text == "=":
        value = literal(part[2])
        closed = bool(part[3:]) and (part[3].kind == "end" or part[3].text == ",")
        if value is not None and closed:
            return part[0].text, value
    raise QueryError(f"Bad Request - Error in query syntax: the key '({text})' cannot be read.")
