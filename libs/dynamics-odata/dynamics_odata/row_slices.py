"""Splitting a page into rows with the standard library, for the rare page the fast decoder refuses.

A text cut in the middle of an emoji ends in half a surrogate pair, written as an escape. JSON allows that,
but msgspec takes no such string. Here the rows are found the slow way and stay the bytes they were.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["split_page"]

_decoder = json.JSONDecoder()


def split_page(text: str) -> tuple[list[str], dict[str, Any]]:
    """The texts of the elements of ``value``, and the page's other members.

    Raises:
        ValueError: when the text is no JSON object with a list called ``value``.
    """
    rows: list[str] | None = None
    others: dict[str, Any] = {}
    position = _after(text, 0, "{")
    while True:
        name, position = _decoder.raw_decode(text, position)
        position = _after(text, position, ":")
        if name == "value":
            rows, position = _elements(text, position)
        else:
            others[name], position = _decoder.raw_decode(text, position)
        position = _after(text, position)
        if text[position : position + 1] == "}":
            break
        position = _after(text, position, ",")
    if rows is None or text[position + 1 :].strip():
        raise ValueError("the page is no object with a list of rows")
    return rows, others


def _elements(text: str, position: int) -> tuple[list[str], int]:
    """The texts of a list's elements and the position after the list."""
    position = _after(text, position, "[")
    rows: list[str] = []
    while text[position : position + 1] != "]":
        if rows:
            position = _after(text, position, ",")
        _, end = _decoder.raw_decode(text, position)
        rows.append(text[position:end])
        position = _after(text, end)
    return rows, position + 1


def _after(text: str, position: int, mark: str = "") -> int:
    """The position after a mark, if one is given, and the space around it."""
    found = re.compile(rf"[ \t\r\n]*{re.escape(mark)}[ \t\r\n]*").match(text, position)
    if found is None:
        raise ValueError(f"expected {mark!r}")
    return found.end()
