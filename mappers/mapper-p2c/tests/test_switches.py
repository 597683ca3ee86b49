"""Quirks and entity versions that an administrator may choose, and rows with several sources."""

from __future__ import annotations

from typing import Any

import pytest
from mapper_p2c import templates
from mapper_p2c.errors import TemplateError

CUSTOMER = {
    "customerid_account": {"type": ["object", "null"], "properties": {"accountnumber": {"type": "string"}}},
    "customerid_contact": {
        "type": ["object", "null"],
        "properties": {"msdynce_contactnumber": {"type": "string"}},
    },
}
TRIAL = """template: trial
title: A trial
version: 1.0.0
tasks:
- task: trial
  title: Trial
  source: {stream: quotes}
  destination:
    stream: Quotation
    key: [{field: QuotationId, type: text, length: 20}]
  rows:
  - {source: quotenumber, destination: QuotationId}
  - source: [customerid_account.accountnumber, customerid_contact.msdynce_contactnumber]
    destination: Customer
    length: 20
  - {source: [line1, line2], destination: Street, transforms: [{join: ", "}], length: 30}
  - {destination: State, type: integer, transforms: [{default: 1}], create_only: true}
"""


@pytest.fixture
def mapped(tmp_path: Any, feed: Any, exact: Any, schema: Any, record: Any) -> Any:
    path = tmp_path / "trial.yml"
    path.write_text(TRIAL)

    def run(**fields: Any) -> list[dict[str, Any]]:
        head = schema("quotes", {"quotenumber": "string", "line1": "string", "line2": "string", **CUSTOMER})
        return [
            exact(line)
            for line in feed({"template": str(path)}, [head, record("quotes", quotenumber="Q1", **fields)])
        ]

    return run


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"customerid_account": {"accountnumber": "ACC-1"}, "customerid_contact": None},
            {"Customer": "ACC-1"},
        ),
        (
            {"customerid_account": None, "customerid_contact": {"msdynce_contactnumber": "CON-1"}},
            {"Customer": "CON-1"},
        ),
        ({"customerid_contact": {"msdynce_contactnumber": "CON-1"}}, {"Customer": "CON-1"}),
        ({"customerid_account": {"accountnumber": "  "}, "customerid_contact": None}, {"Customer": None}),
        ({"customerid_account": None, "customerid_contact": None}, {"Customer": None}),
        ({}, {}),
        ({"line1": "Dorfstr. 1", "line2": "Hof"}, {"Street": "Dorfstr. 1, Hof"}),
        ({"line1": " ", "line2": "Hof"}, {"Street": "Hof"}),
        ({"line1": "Dorfstr. 1"}, {"Street": "Dorfstr. 1"}),
        ({"line1": None, "line2": ""}, {"Street": None}),
    ],
)
def test_several_sources_become_one_value(mapped: Any, fields: Any, expected: Any) -> None:
    made = mapped(**fields)[-1]["record"]
    assert made == {"QuotationId": "Q1", "State": 1, **expected}


def test_a_joined_value_too_long_is_a_reject_that_names_all_sources(
    mapped: Any, rejects: Any, tmp_path: Any
) -> None:
    assert [line["type"] for line in mapped(line1="x" * 20, line2="y" * 20)] == ["SCHEMA"]
    text = (tmp_path / "rejects" / "mapper" / "trial.singer").read_text()
    assert "line1 + line2 -> Street: more than the 30 characters Street holds" in text
    assert rejects("trial")


def test_a_field_for_new_rows_only_says_so_in_the_schema(mapped: Any) -> None:
    properties = mapped()[0]["schema"]["properties"]
    assert properties["State"] == {"type": ["integer", "null"], "x-create-only": True}


def test_a_quirk_takes_the_place_of_the_corrected_row() -> None:
    plain = templates.apply(templates.load("quotes-direct"), {}).tasks[0]
    quirky = templates.apply(
        templates.load("quotes-direct"), {"quirks": ["bill-to-in-delivery-address"]}
    ).tasks[0]
    zips = [task.row("DeliveryAddressZipCode") for task in (plain, quirky)]
    assert [row.sources for row in zips if row] == [("shipto_postalcode",), ("billto_postalcode",)]
    assert len(plain.rows) == len(quirky.rows)


def test_another_version_of_an_entity_brings_its_own_key() -> None:
    chosen = {"fno_entities": {"CDSContactPersonsV2": "CDSContactPersons"}}
    [task] = templates.apply(templates.load("contacts-direct"), chosen).tasks
    assert task.destination.stream == "CDSContactPersons"
    assert task.key_properties == ("ContactPersonPartyNumber", "AssociatedPartyNumber")
    assert task.row("AssociatedContactType") is None


@pytest.mark.parametrize(
    ("template", "overrides", "message"),
    [
        (
            "quotes-direct",
            {"quirks": ["bill-to-in-delivery-adress"]},
            (
                "overrides.quirks: the template quotes-direct has no quirk 'bill-to-in-delivery-adress'; "
                "did you mean 'bill-to-in-delivery-address'?"
            ),
        ),
        (
            "products-to-cds",
            {"quirks": ["x"]},
            "overrides.quirks: the template products-to-cds has no quirk 'x'; it has none.",
        ),
        (
            "accounts-direct",
            {"fno_entities": {"CustomersV3": "CustomersV1"}},
            (
                "overrides.fno_entities.CustomersV3: 'CustomersV1' is no version of this entity; "
                "did you mean 'CustomersV2'?"
            ),
        ),
        (
            "accounts-direct",
            {"fno_entities": {"Customers": "CustomersV2"}},
            (
                "overrides.fno_entities: the template accounts-direct has no entity 'Customers'; "
                "did you mean 'CustomersV3'?"
            ),
        ),
    ],
)
def test_an_unknown_choice_is_named_with_the_nearest_known(
    template: str, overrides: Any, message: str
) -> None:
    with pytest.raises(TemplateError) as raised:
        templates.apply(templates.load(template), overrides)
    assert str(raised.value) == message


def test_join_without_several_sources_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "trial.yml"
    path.write_text(TRIAL.replace("source: [line1, line2]", "source: line1"))
    with pytest.raises(TemplateError, match="`join` is the first transform of a row with several sources"):
        templates.load(path)
