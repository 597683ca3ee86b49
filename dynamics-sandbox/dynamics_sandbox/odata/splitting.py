"""Cuts the text of an option at a separator, outside parentheses, brackets and quotes."""

from __future__ import annotations

from dynamics_sandbox.odata.errors import QueryError


def split_outside(text: str, separator: str, option: str) -> list[str]:
    """The parts between separators, without blanks around them.

    Args:
        text: already percent-decoded.
        separator: one character.
        option: the query option the text belongs to, for the refusal.

    Raises:
        QueryError: a quote or parenthesis that is not closed, or a part that is blank.
    """
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append("")
            continue
        parts[-1] += character
    if quote or depth or not all(part.strip() for part in parts):
        raise QueryError(f"The query parameter {option} cannot be read near '{text}'.", option=option)
    return [part.strip() for part in parts]
