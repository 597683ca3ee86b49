"""Each transform and type, one row at a time: what goes in, what comes out, and what is rejected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from mapper_p2c import countries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEMPLATE = """
template: trial
title: A trial
version: 1.0.0
tasks:
- task: trial
  title: Trial
  source: {{stream: things}}
  destination: {{stream: Thing, key: [{{field: ThingId, type: text, length: 5}}]}}
  defaults: {{Value: header}}
  rows:
  - {{source: id, destination: ThingId}}
  - {{source: value, destination: Value, {row}}}
"""


@pytest.fixture
def mapped(tmp_path: Path, feed: Any, schema: Any, rejects: Any) -> Callable[[str, Any, str], Any]:
    """Maps one value, given as JSON text, through one row; gives JSON text, or the code of the reject."""

    def one(row: str, kind: Any, value: str, more: str = "") -> str:
        path = tmp_path / "trial.yml"
        path.write_text(TEMPLATE.format(row=row), encoding="utf-8")
        fields = (f'"id":"1","value":{value}' if value else '"id":"1"') + more
        line = f'{{"type":"RECORD","stream":"things","record":{{{fields}}}}}'
        lines = feed({"template": str(path)}, [schema("things", {"id": "string", "value": kind}), line])
        if len(lines) == 1:
            return str(rejects("trial")[1]["code"])
        start = '{"type":"RECORD","stream":"Thing","record":{"ThingId":"1"'
        assert lines[1].startswith(start)
        return str(lines[1][len(start) : -2]).removeprefix(',"Value":')

    return one


COPIES: list[tuple[str, Any, str, str]] = [
    ("length: 5", "string", '"abc"', '"abc"'),
    ("length: 5", "string", '"äöüßé"', '"äöüßé"'),
    ("length: 5", "string", '"äöüßéa"', "too_long"),
    ("length: 5", "string", '""', "null"),
    ("length: 5", "string", '"  "', "null"),
    ("length: 5", "string", '" a "', '" a "'),
    ("length: 5", "string", "null", "null"),
    ("length: 5", "string", "", ""),  # absent stays absent
    ("length: 5", "string", "12", "wrong_type"),
    ("type: number", "number", "0.10", "0.10"),
    ("type: number", "number", "1234567890123.4567890", "1234567890123.4567890"),
    ("type: number", "number", "null", "null"),
    ("type: number", "number", '"7"', "not_a_number"),
    ("type: number", "integer", "7", "7"),
    ("type: number", "string", '" -0.50 "', "-0.50"),
    ("type: number", "string", '"12345678901234567890123"', "12345678901234567890123"),
    ("type: number", "string", '"1,5"', "not_a_number"),
    ("type: number", "string", '""', "null"),
    ("type: integer", "integer", "123456789012345678901", "123456789012345678901"),
    ("type: integer", "number", "3.00", "3"),
    ("type: integer", "number", "3.50", "not_an_integer"),
    ("type: integer", "string", '"007"', "7"),
    ("type: boolean", "boolean", "true", "true"),
    ("type: boolean", "string", '"Yes"', "true"),
    ("type: boolean", "integer", "0", "false"),
    ("type: boolean", "string", '"maybe"', "not_a_boolean"),
    ("type: text", "integer", "42", '"42"'),
    ("type: text", "number", "1.50", '"1.50"'),
    ("type: text", "boolean", "false", '"false"'),
    ("type: date", "string", '"2024-02-29T23:59:59Z"', '"2024-02-29"'),
    ("type: date", "string", '"2023-02-29"', "not_a_date"),
    ("type: date", "string", '"2024-W01-1"', "not_a_date"),
    ("type: date", "string", '"20240229"', "not_a_date"),
    ("type: number", "boolean", "true", "not_a_number"),
    ("type: datetime", "string", '"2024-02-29T23:59:59.5+01:00"', '"2024-02-29T23:59:59.5+01:00"'),
    ("type: datetime", "string", '"2024-02-29"', '"2024-02-29T00:00:00Z"'),
    ("type: datetime", "string", '"2024-02-29T25:00:00Z"', "not_a_datetime"),
    (
        "type: uuid",
        "string",
        '"A0000000-0000-4000-8000-000000000001"',
        '"A0000000-0000-4000-8000-000000000001"',
    ),
    ("type: uuid", "string", '"A0000000"', "not_a_guid"),
    ("values: [Red, Green]", "string", '"Red"', '"Red"'),
    ("values: [Red, Green]", "string", '"Blue"', "not_a_member"),
    ("values: [Red, Green]", "string", "null", "null"),
    ("type: text", ["string", "integer", "null"], "42", '"42"'),
    ("type: text", ["string", "integer", "null"], '"x"', '"x"'),
    ("type: text", ["string", "integer", "null"], "[1]", "not_a_scalar"),
]

TRANSFORMED: list[tuple[str, Any, str, str]] = [
    ("transforms: [default]", "string", "null", '"header"'),
    ("transforms: [default]", "string", '""', '"header"'),
    ("transforms: [default]", "string", '"given"', '"given"'),
    ("transforms: [default]", "string", "", ""),
    ("transforms: [{default: own}]", "string", "null", '"own"'),
    ("transforms: [{default: 7}], type: integer", "integer", "null", "7"),
    ("transforms: [{default: 0.10}], type: number", "number", "null", "0.10"),
    ("transforms: [{default: $task}]", "string", "null", '"trial"'),
    ("transforms: [truncate], length: 3", "string", '"abcd"', '"abc"'),
    ("transforms: [truncate], length: 3", "string", '"abc"', '"abc"'),
    ("transforms: [truncate], length: 3", "string", '"äöüß"', '"äöü"'),
    ("transforms: [truncate], length: 3", "string", '"a😀b"', '"a😀"'),
    ("transforms: [truncate], length: 3", "string", '"ab😀"', '"ab"'),
    ("transforms: [truncate], length: 3", "string", '""', "null"),
    ("transforms: [truncate], length: 3", "string", '"    "', "null"),
    ("transforms: [truncate], length: 3", "string", "", ""),
    ("transforms: [{truncate: 2}], length: 3", "string", '"abc"', '"ab"'),
    ("transforms: [truncate], type: integer", "number", "3.99", "3"),
    ("transforms: [truncate], type: integer", "number", "-3.99", "-3"),
    ("transforms: [{map: {pcs: Piece, ea: Each}}]", "string", '" PCS "', '"Piece"'),
    ("transforms: [{map: {pcs: Piece}}]", "string", '"kg"', "unknown_value"),
    ("transforms: [{map: {pcs: Piece}, otherwise: Each}]", "string", '"kg"', '"Each"'),
    ("transforms: [{map: {pcs: Piece}}]", "string", "null", "null"),
    ('transforms: [{map: {pcs: Piece, "": Each}}]', "string", "null", '"Each"'),
    ('transforms: [{map: {pcs: Piece, "": Each}}]', "string", '" "', '"Each"'),
    ("transforms: [{map: {none: null}}]", "string", '"None"', "null"),
    ("transforms: [{map: {0: Active, 1: Inactive}}]", "integer", "1", '"Inactive"'),
    ("transforms: [{map: {0: Active, 1: Inactive}}]", "integer", "2", "unknown_value"),
    ("transforms: [{map: {true: No, false: Yes}}]", "boolean", "true", '"No"'),
    ("transforms: [{map: {true: false, false: true}}], type: boolean", "boolean", "false", "true"),
    ("transforms: [{country: iso2}]", "string", '" germany "', '"DE"'),
    ("transforms: [{country: iso2}]", "string", '"DEU"', '"DE"'),
    ("transforms: [{country: iso3}]", "string", '"uk"', '"GBR"'),
    ("transforms: [{country: iso2}]", "string", '"Narnia"', "unknown_country"),
    ("transforms: [{country: iso2}]", "string", "null", "null"),
    ("transforms: [{country: iso2, also: {Kosovo: XK}}]", "string", '"KOSOVO"', '"XK"'),
    ("transforms: [{convert: integer}, {map: {7: seven}}]", "string", '"007"', '"seven"'),
    ("transforms: [{convert: date}]", "string", '"2024-05-06T07:08:09Z"', '"2024-05-06"'),
    ("transforms: [{country: iso2}, default], length: 6", "string", "null", '"header"'),
    ("transforms: [{country: iso2}, default], length: 6", "string", '"Narnia"', "unknown_country"),
    ('transforms: [{map: {x: "", y: yes}}, {default: none}]', "string", '"x"', '"none"'),
    ("transforms: [{map: {x: abcdef}}, truncate], length: 3", "string", '"X"', '"abc"'),
]


# A text that begins with a blank sends its whole record the careful way; the result must be the same.
@pytest.mark.parametrize("more", ["", ',"other":" x"'], ids=["fast", "careful"])
@pytest.mark.parametrize(("row", "kind", "value", "expected"), COPIES + TRANSFORMED)
def test_row(row: str, kind: Any, value: str, expected: str, more: str, mapped: Any) -> None:
    declared = {"type": kind} if isinstance(kind, list) else kind
    assert mapped(row, declared, value, more) == expected


def test_length_of_the_source_does_not_matter_for_the_limit(mapped: Any) -> None:
    assert mapped("length: 5", {"type": "string", "maxLength": 5}, '"abcdef"') == "too_long"


def test_lone_surrogate_rejects_the_record_and_not_the_run(mapped: Any) -> None:
    assert mapped("length: 50", "string", '"half \\ud83d"') == "bad_text"


@pytest.mark.parametrize(
    ("spellings", "iso2", "iso3"),
    [
        (["us", "USA", "United States", "united states of america", "U.S.A.", "U.S."], "US", "USA"),
        (["U. S. A.", "The United States", "United States of America (the)"], "US", "USA"),
        (["uk", "GB", "gbr", "Great Britain", "United Kingdom", "England"], "GB", "GBR"),
        (["Türkiye", "Turkiye", "turkey", "TUR"], "TR", "TUR"),
        (["Venezuela", "ve", "Venezuela (Bolivarian Republic of)"], "VE", "VEN"),
        (["Côte d'Ivoire", "cote d\N{RIGHT SINGLE QUOTATION MARK}ivoire", "Ivory Coast"], "CI", "CIV"),
        (
            ["Co\u0302te d\u00b4Ivoire", "Cote d`Ivoire", "C\u00d4TE D\u2018IVOIRE", "Cote d Ivoire"],
            "CI",
            "CIV",
        ),
        (["jp", "jap", "JA", "JPN", "Japan"], "JP", "JPN"),
        (["colombia", "columbia"], "CO", "COL"),
        (["Czech Republic", "Czechia"], "CZ", "CZE"),
        (["South Korea", "Korea, South", "Korea, Republic of", "Korea (the Republic of)", "KR"], "KR", "KOR"),
        (["North Korea", "Korea, North", "Korea (the Democratic People's Republic of)"], "KP", "PRK"),
        (["Netherlands (the)", "Netherlands, Kingdom of the", "Holland"], "NL", "NLD"),
        (["Philippines (the)", "The Philippines", "philippines"], "PH", "PHL"),
        (["United Arab Emirates (the)", "UAE", "U.A.E."], "AE", "ARE"),
        (["Moldova, Republic of", "Moldova (the Republic of)"], "MD", "MDA"),
        (["Falkland Islands (the) [Malvinas]", "Falkland Islands"], "FK", "FLK"),
        (["Congo (the Democratic Republic of the)", "Democratic Republic of Congo", "Zaire"], "CD", "COD"),
        (["Congo (the)", "Congo, Republic of the", "Congo"], "CG", "COG"),
        (["Macedonia, the former Yugoslav Republic of", "North Macedonia"], "MK", "MKD"),
        (["People's Republic of China", "China, People's Republic of", "P.R. China"], "CN", "CHN"),
        (["St. Vincent", "St. Vincent and the Grenadines"], "VC", "VCT"),
        (["Hong Kong, China", "Hong Kong S.A.R."], "HK", "HKG"),
        (["Viet Nam", "Vietnam"], "VN", "VNM"),
        (["Bosnia & Herzegovina", "Bosnia and Herzegovina"], "BA", "BIH"),
        (["Norway", "NO", "nor"], "NO", "NOR"),
        (["Namibia", "NA"], "NA", "NAM"),
    ],
)
def test_spellings_of_countries(spellings: list[str], iso2: str, iso3: str) -> None:
    for spelling in spellings:
        assert countries.codes("iso2")[countries.key(spelling)] == iso2
        assert countries.codes("iso3")[countries.key(spelling)] == iso3


def test_countries_are_whole_and_unambiguous() -> None:
    every = countries.countries()
    assert len(every) == 249
    assert len({country.iso2 for country in every}) == len({country.iso3 for country in every}) == 249
    assert all(len(country.iso2) == 2 and len(country.iso3) == 3 for country in every)
    meaning: dict[str, str] = {}
    for country in every:
        for spelling in (country.iso2, country.iso3, country.name, *country.also):
            assert meaning.setdefault(countries.key(spelling), country.iso2) == country.iso2, spelling


def test_countries_of_northwind_are_known() -> None:
    names = json.loads(
        '["Argentina","Austria","Belgium","Brazil","Canada","Denmark","Finland","France","Germany","Ireland","Italy",'
        '"Mexico","Norway","Poland","Portugal","Spain","Sweden","Switzerland","UK","USA","Venezuela"]'
    )
    codes = [countries.codes("iso2")[countries.key(name)] for name in names]
    assert codes == [
        "AR",
        "AT",
        "BE",
        "BR",
        "CA",
        "DK",
        "FI",
        "FR",
        "DE",
        "IE",
        "IT",
        "MX",
        "NO",
        "PL",
        "PT",
        "ES",
        "SE",
        "CH",
        "GB",
        "US",
        "VE",
    ]
