"""The setting `filter`: plain values in, F&O's dialect of OData out, and what it refuses told before the run.

Source: F&O: data-entities/odata. Enumeration members need their type's name and know `eq` and `ne` only;
dates stand bare, at noon UTC; there are wildcards in place of functions; `in` and `has` are refused; X++
knows no null.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dynamics_odata.errors import SettingsError
from dynamics_odata.filter_names import OPERATORS, tokens
from dynamics_singer.settings_check import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dynamics_odata.metadata.model import FnoEntity, FnoProperty

__all__ = ["in_dialect"]

_TYPE = "Microsoft.Dynamics.DataEntities."
_COMPARING = {"eq", "ne", "gt", "ge", "lt", "le"}
_REFUSED = {
    "in": "F&O knows no `in`; write one `eq` for each value, joined by `or`",
    "has": "F&O knows no `has`; compare the member with `eq`",
    "contains": "F&O knows no contains(); write Name eq '*text*'",
    "startswith": "F&O knows no startswith(); write Name eq 'text*'",
    "endswith": "F&O knows no endswith(); write Name eq '*text'",
    "any": "F&O knows no any(); filter the other entity's stream instead",
    "all": "F&O knows no all(); filter the other entity's stream instead",
}
_WORDS = OPERATORS | {"null", "true", "false", "add", "sub", "mul", "div", "divby", "mod"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EMPTY = {
    "String": "''",
    "": "''",
    "Real": "0",
    "Int32": "0",
    "Int64": "0",
    "Date": "1900-01-01T12:00:00Z",
    "UtcDateTime": "1900-01-01T00:00:00Z",
    "Guid": "00000000-0000-0000-0000-000000000000",
}


def in_dialect(entity: FnoEntity, text: str) -> str:
    """A filter as F&O understands it.

    ``SalesOrderProcessingStatus eq 'Confirmed'`` gets the enumeration's name, ``InvoiceDate ge 2024-05-01``
    its noon, ``Note eq null`` the empty text; what is in the dialect already stays as it is.

    Raises:
        SettingsError: the filter is broken, names what the entity does not have, or uses what F&O refuses;
            says what to write instead.
    """
    try:
        pieces = tokens(text)
    except ValueError as error:
        raise _wrong(entity, str(error)) from None
    return _joined(list(_written(entity, pieces)))


def _joined(words: list[str]) -> str:
    """The words of a filter with spaces between, but none inside brackets, nor before those of a function."""
    text = ""
    for before, word in zip(["(", *words], words, strict=False):
        is_call = word == "(" and before[:1].isalpha() and before not in _WORDS
        text += word if before == "(" or word in {")", ","} or is_call else f" {word}"
    return text


def _written(entity: FnoEntity, pieces: list[tuple[str, str]]) -> Iterator[str]:
    index = 0
    while index < len(pieces):
        kind, text = pieces[index]
        following = pieces[index + 1][1] if index + 1 < len(pieces) else ""
        if text in _REFUSED and (text in OPERATORS or following == "(" or text in {"any", "all"}):
            raise _wrong(entity, "", hint=f"{_REFUSED[text]}.")
        yield text
        index += 1
        each = _property(entity, kind, text, following)
        if each is not None and following in _COMPARING and index + 1 < len(pieces):
            yield following
            yield _literal(entity, each, following, pieces[index + 1])
            index += 2


def _property(entity: FnoEntity, kind: str, text: str, following: str) -> FnoProperty | None:
    """The property a name stands for; None for words of the language, functions and longer paths."""
    if kind != "name" or text in _WORDS or following == "(" or "/" in text:
        return None
    if text not in entity.properties:
        raise _wrong(entity, f"{entity.entity_set} has no field {text!r}", text, known=entity.properties)
    return entity.properties[text]


def _literal(entity: FnoEntity, each: FnoProperty, operator: str, piece: tuple[str, str]) -> str:
    kind, text = piece
    if each.enum_members:
        return _member(entity, each, operator, piece)
    if text == "null":
        return _EMPTY.get(each.ax_type, "null")
    if each.ax_type in {"Date", "UtcDateTime"}:
        bare = text.strip("'") if kind == "text" else text
        noon = "12" if each.ax_type == "Date" else "00"
        return f"{bare}T{noon}:00:00Z" if _DAY.fullmatch(bare) else bare
    return text


def _member(entity: FnoEntity, each: FnoProperty, operator: str, piece: tuple[str, str]) -> str:
    kind, text = piece
    if operator not in {"eq", "ne"}:
        raise _wrong(entity, f"{each.name} is an enumeration, which can be compared by eq and ne only")
    if kind == "text":
        before, _, name = text[:-1].partition("'")
        if before not in {"", f"{_TYPE}{each.enum_type}"}:
            raise _wrong(entity, f"{each.name} is a {each.enum_type}, not a {before.removeprefix(_TYPE)}")
    else:
        name = {"true": "Yes", "false": "No", "null": each.enum_members[0]}.get(text, text)
    by_lower = {member.lower(): member for member in each.enum_members}
    if name.lower() not in by_lower:
        raise _wrong(entity, f"{each.name} has no member {name!r}", name, known=each.enum_members)
    return f"{_TYPE}{each.enum_type}'{by_lower[name.lower()]}'"


def _wrong(
    entity: FnoEntity, problem: str, name: str = "", *, known: Iterable[str] = (), hint: str = ""
) -> SettingsError:
    guesses = ", ".join(nearest(name, known, count=3)) if name else ""
    return SettingsError(
        f"Setting `filter`, stream `{entity.entity_set}`{': ' if problem else ''}{problem}",
        setting="filter",
        hint=f"Nearest: {guesses}." if guesses else hint or "Filters look like Status eq 'Confirmed'.",
    )
