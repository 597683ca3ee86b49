"""Keys as records give them: nested parents, blanks, and equality as Dataverse sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from dynamics_odata.metadata.model import Column
from dynamics_singer.target.rows import RowError
from dynamics_singer.target.schema import parse_schema
from target_dynamics_cds.keys import KeyPart, described, key_of, leaves

if TYPE_CHECKING:
    from target_dynamics_cds.plan import Planner

TEXT = {"type": ["string", "null"]}


@pytest.fixture
def parts(hub: Planner) -> tuple[KeyPart, ...]:
    organization = {"type": "object", "x-lookup": ["Organization"], "properties": {"OrganizationId": TEXT}}
    properties = {"Organization": organization, "AccountId": TEXT}
    return hub.plan(
        parse_schema("Account", {"properties": properties}, ("Organization", "AccountId"), b"")
    ).key


def test_a_key_through_a_lookup(parts: tuple[KeyPart, ...]) -> None:
    key = key_of(parts, {"AccountId": "A-1", "Organization": {"OrganizationId": "ORG001"}})
    assert key == (("ORG001",), "A-1")
    assert list(leaves(key)) == ["ORG001", "A-1"]
    assert described(parts, key) == "Organization (OrganizationId 'ORG001') and AccountId 'A-1'"


def test_a_parent_may_be_given_by_its_id(parts: tuple[KeyPart, ...]) -> None:
    given = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
    assert key_of(parts, {"AccountId": "A-1", "Organization": given}) == (UUID(given), "A-1")


def test_case_and_trailing_blanks_make_no_other_key(parts: tuple[KeyPart, ...]) -> None:
    one, other = (
        tuple(leaves(key_of(parts, {"AccountId": number, "Organization": {"OrganizationId": organization}})))
        for number, organization in (("abc", "org001"), ("ABC ", "ORG001"))
    )
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"Organization": {"OrganizationId": "O"}}, "AccountId"),
        ({"AccountId": None, "Organization": {"OrganizationId": "O"}}, "AccountId"),
        ({"AccountId": "", "Organization": {"OrganizationId": "O"}}, "AccountId"),
        ({"AccountId": "  ", "Organization": {"OrganizationId": "O"}}, "AccountId"),
        ({"AccountId": "\t", "Organization": {"OrganizationId": "O"}}, "AccountId"),
        ({"AccountId": "A", "Organization": {"OrganizationId": " "}}, "Organization"),
        ({"AccountId": "A"}, "Organization"),
        ({"AccountId": "A", "Organization": None}, "Organization"),
        ({"AccountId": "A", "Organization": {}}, "Organization"),
        ({"AccountId": "A", "Organization": {"OrganizationId": None}}, "Organization"),
    ],
)
def test_a_blank_part_is_named(parts: tuple[KeyPart, ...], record: dict[str, object], place: str) -> None:
    with pytest.raises(RowError) as caught:
        key_of(parts, record)
    assert caught.value.code == "blank_key"
    assert caught.value.reason == f"The key field {place} is blank"


def test_a_key_that_does_not_fit_its_column(parts: tuple[KeyPart, ...]) -> None:
    with pytest.raises(RowError) as caught:
        key_of(parts, {"AccountId": "A" * 21, "Organization": {"OrganizationId": "O"}})
    assert caught.value.code == "too_long"
    with pytest.raises(RowError, match="takes an object with the key"):
        key_of(parts, {"AccountId": "A", "Organization": 7})


def test_numbers_and_dates_are_key_values_of_their_own_type() -> None:
    when = KeyPart("on", Column("on", "on", "Edm.Date", "date", date_only=True))
    number = KeyPart("line", Column("line", "line", "Edm.Int32", "integer"))
    key = key_of((when, number), {"on": "2024-02-29", "line": 3})
    assert [str(part) for part in key] == ["2024-02-29", "3"]
    assert key[1] == 3
