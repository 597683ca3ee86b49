"""Turns a literal token into its value: numbers stay exact, instants become UTC."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Final

from dynamics_sandbox.odata.errors import QueryError
from dynamics_sandbox.odata.lexer import Token, unquote
from dynamics_sandbox.odata.nodes import EnumMember, Literal

#: Names that are constants, not properties.
CONSTANTS = {"true": Literal(value=True, kind="boolean"), "false": Literal(value=False, kind="boolean")}
NULL = Literal(None, "null")
#: Digits before or behind the point a number may need; Edm.Double, the widest type, ends below this.
MOST_DIGITS: Final = 400
_SHOWN: Final = 40


def literal(token: Token) -> Literal | None:
    """The literal a token stands for; None when the token is no literal.

    Raises:
        QueryError: the digits make no date or instant (month 13, hour 25).
    """
    if token.kind == "name":
        return NULL if token.text == "null" else CONSTANTS.get(token.text)
    maker = _MAKERS.get(token.kind)
    return None if maker is None else maker(token.text)


def instant(text: str) -> dt.datetime:
    """An instant in UTC; text without an offset is taken as UTC, digits after the sixth are cut."""
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text.upper().replace("Z", "+00:00"))
    plain = re.sub(r"\.(\d{1,6})", lambda match: f".{match.group(1):0<6}", plain)
    try:
        value = dt.datetime.fromisoformat(plain)
        aware = value if value.tzinfo else value.replace(tzinfo=dt.timezone.utc)
        return aware.astimezone(dt.timezone.utc)
    except (ValueError, OverflowError):
        raise QueryError(f"Unrecognized 'Edm.DateTimeOffset' literal '{text}'.") from None


def number(text: str) -> int | Decimal:
    """A number's exact value.

    Raises:
        ValueError: its digits would fill pages: no type of the services holds it.
        decimal.InvalidOperation: the text is no number.
    """
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and not -MOST_DIGITS <= exponent <= value.adjusted() <= MOST_DIGITS:
        raise ValueError
    return int(text) if text.lstrip("-").isdigit() else value


def _date(text: str) -> Literal:
    try:
        return Literal(dt.date.fromisoformat(text), "date")
    except ValueError:
        raise QueryError(f"Unrecognized 'Edm.Date' literal '{text}'.") from None


def _number(text: str) -> Literal:
    try:
        return Literal(number(text), "number")
    except (ValueError, InvalidOperation):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise QueryError(f"The number '{shown}' is out of range.") from None


def _enum(text: str) -> Literal:
    type_name, _, member = text.partition("'")
    return Literal(EnumMember(type_name, member[:-1].replace("''", "'")), "enum")


def _quoted(text: str) -> Literal:
    try:
        return Literal(str(json.loads(text)), "string")
    except ValueError:
        raise QueryError(f"Unrecognized string {text}.") from None


_MAKERS = {
    "string": lambda text: Literal(unquote(text), "string"),
    "quoted": _quoted,
    "guid": lambda text: Literal(uuid.UUID(text), "guid"),
    "datetime": lambda text: Literal(instant(text), "datetime"),
    "date": _date,
    "number": _number,
    "enum": _enum,
}
