"""Checks of settings: every message names the setting, none shows the value."""

from __future__ import annotations

from dynamics_singer.settings_check import nearest, problems

SCHEMA = {
    "type": "object",
    "required": ["url"],
    "properties": {
        "url": {"type": "string", "description": "Where. And more."},
        "size": {"type": ["integer", "null"], "exclusiveMinimum": 0, "maximum": 9},
        "names": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "prefix": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3},
        "part": {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}},
        "either": {"anyOf": [{"type": "integer"}, {"enum": ["auto"]}]},
    },
}


def found(**config: object) -> list[str]:
    return problems(SCHEMA, {"url": "x", **config})


def test_a_good_configuration_has_no_problems() -> None:
    assert found(size=9, names=["a"], prefix="abc", part={"a": "b"}, either="auto") == []


def test_missing_settings_say_what_they_are_for() -> None:
    assert problems(SCHEMA, {}) == ["setting `url` is missing: Where"]


def test_limits_are_spelled_out() -> None:
    assert found(size=0) == ["setting `size` must be more than 0"]
    assert found(size=10) == ["setting `size` must be at most 9"]
    assert found(prefix="abcd") == ["setting `prefix` must have at most 3 characters"]
    assert found(prefix="A") == ["setting `prefix` must look like ^[a-z]+$"]
    assert found(names=[]) == ["setting `names` must name at least 1"]


def test_kinds_are_named_in_words() -> None:
    assert found(size="1") == ["setting `size` must be a whole number or null, not text"]
    assert found(names="a") == ["setting `names` must be a list, not text"]
    assert found(names=["a", True]) == ["setting `names.1` must be text, not true or false"]


def test_unknown_parts_of_an_object_are_named() -> None:
    assert found(part={"b": "secret"}) == ["setting `part` has an unknown part `b`; known: a"]


def test_alternatives_get_a_plain_message() -> None:
    assert found(either="fast") == [
        "setting `either` does not fit its description (anyOf); --about describes it"
    ]


def test_nearest_ignores_case_and_keeps_spelling() -> None:
    assert nearest("ACCOUNT", ["accounts", "contacts", "uoms"]) == ["accounts"]
    assert nearest("zzz", ["accounts"]) == []
