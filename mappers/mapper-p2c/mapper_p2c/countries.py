"""Countries of ISO 3166-1: from an English name, a common variant or a code to the 2- or 3-letter code."""

from __future__ import annotations

import csv
import functools
import unicodedata
from importlib import resources
from typing import NamedTuple

#: Points of abbreviations, apostrophes and what is typed in their place: `U.S.A.` is `usa`.
_SILENT = str.maketrans(
    dict.fromkeys(
        ".'`\N{ACUTE ACCENT}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
        "\N{MODIFIER LETTER APOSTROPHE}",
        "",
    )
)

#: Words that come and go between the forms of a name: `Philippines (the)`, `Korea, Republic of`.
_FILLING = frozenset({"the", "of"})


class Country(NamedTuple):
    """One country: its two codes, its name and the other names it is known by."""

    iso2: str
    iso3: str
    name: str
    also: tuple[str, ...]


def key(text: str) -> str:
    """Spelling-independent form of a country's name.

    Case, accents, punctuation, blanks, articles and the order of words do not count: lists print one country
    as `Republic of Korea`, `Korea, Republic of` and `Korea (the Republic of)`.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_SILENT).casefold().replace("&", " and "))
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return " ".join(sorted(word for word in words if word not in _FILLING))


@functools.cache
def countries() -> tuple[Country, ...]:
    """All countries, as the data file beside this module lists them."""
    text = (resources.files(__package__) / "countries.csv").read_text(encoding="utf-8")
    return tuple(
        Country(row["iso2"], row["iso3"], row["name"], tuple(filter(None, row["also"].split("|"))))
        for row in csv.DictReader(text.splitlines())
    )


@functools.cache
def codes(form: str) -> dict[str, str]:
    """Every known spelling (as `key` gives it) with its code; `form` is `iso2` or `iso3`."""
    known: dict[str, str] = {}
    for country in countries():
        code = country.iso2 if form == "iso2" else country.iso3
        for spelling in (country.iso2, country.iso3, country.name, *country.also):
            known[key(spelling)] = code
    return known
