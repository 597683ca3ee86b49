"""Shapes: what the catalog's selection leaves of them, and the $expand they need."""

from __future__ import annotations

from dynamics_singer.tap.shape import (
    Copied,
    Part,
    Related,
    columns,
    expand_option,
    is_renamed,
    relations,
    selected,
)


def related(name: str, *parts: Part) -> Related:
    return Related(name, name, f"_{name}_value", f"{name}s", f"{name}id", parts)


NAME = Copied("name", "name")
CODE = Copied("code", "code")
CONTACT = related("contact", NAME, related("owner", CODE))
PARTS = (NAME, CODE, CONTACT)


def test_expand_option_nests() -> None:
    assert expand_option(PARTS) == "contact($select=name;$expand=owner($select=code))"


def test_expand_without_columns_asks_for_the_id_alone() -> None:
    assert expand_option([related("contact", related("owner", CODE))]) == (
        "contact($select=contactid;$expand=owner($select=code))"
    )


def test_no_lookups_need_no_expand() -> None:
    assert expand_option([NAME, CODE]) == ""


def test_columns_and_relations_part_the_shape() -> None:
    assert columns(PARTS) == ["name", "code"]
    assert relations(PARTS) == [CONTACT]


def test_selection_reaches_into_lookups() -> None:
    chosen = selected(PARTS, lambda path: path not in {("code",), ("contact", "name")})
    assert chosen == (NAME, related("contact", related("owner", CODE)))


def test_a_lookup_with_nothing_selected_drops_out() -> None:
    chosen = selected(PARTS, lambda path: path not in {("contact", "name"), ("contact", "owner", "code")})
    assert chosen == (NAME, CODE)


def test_renaming_is_seen_at_any_depth() -> None:
    assert not is_renamed(PARTS)
    assert is_renamed((*PARTS, related("a", related("b", Copied("cdm_code", "Code")))))
