"""What an administrator can get wrong in a template file, and the message that says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from mapper_p2c import templates
from mapper_p2c.errors import InputError, MapperError, TemplateError

GOOD = """template: trial
title: A trial
version: 1.0.0
tasks:
- task: trial
  title: Trial
  source:
    stream: things
    filter:
    - {field: kind, op: in, value: [a, b]}
  destination:
    stream: Thing
    key: [{field: ThingId, type: text, length: 5}]
  defaults: {Group: 10}
  rows:
  - {source: id, destination: ThingId}
  - {source: name, destination: Name, length: 10}
  - {destination: Group, transforms: [default]}
  - {source: owner.name, destination: Owner.Name}
"""

# What is replaced, by what, and the message, which begins with the file's name.
MISTAKES = [
    ("version: 1.0.0", "version: 1", ":3: version: 1 is not of type 'string'."),
    (
        "version: 1.0.0",
        "verson: 1.0.0",
        ":1: unknown key 'verson'; did you mean 'version'? (1 more after this one)",
    ),
    (
        "length: 10}",
        "lenght: 10}",
        ":17: row 2 (name -> Name): unknown key 'lenght'; did you mean 'length'?",
    ),
    ("length: 10}", "length: ten}", ":17: row 2 (name -> Name): length: 'ten' is not of type 'integer'."),
    (
        "length: 10}",
        "type: txt}",
        ":17: row 2 (name -> Name): type: unknown value 'txt'; did you mean 'text'?",
    ),
    (
        "length: 10}",
        "transforms: [trunkate]}",
        ":17: row 2 (name -> Name): unknown value 'trunkate'; did you mean 'truncate'?",
    ),
    (
        "length: 10}",
        "transforms: [{contry: iso2}]}",
        ":17: row 2 (name -> Name): unknown key 'contry'; did you mean 'country'?",
    ),
    (
        "length: 10}",
        "transforms: [{map: {a: b}, also: {c: d}}]}",
        (
            ":17: row 2 (name -> Name): map, also do not make one transform; write one of join, default, "
            "map, country, truncate, "
            "convert for each step, `otherwise` beside `map` and `also` beside `country`."
        ),
    ),
    (
        "destination: Name,",
        "destination: ThingId,",
        (
            ":17: row 2 (name -> ThingId): ThingId is filled by row 1 (id -> ThingId) already; one "
            "source may feed many "
            "destinations, but a destination has one row."
        ),
    ),
    (
        "destination: Name,",
        "destination: Owner,",
        (
            ":19: row 4 (owner.name -> Owner.Name): Owner.Name is filled by row 2 (name -> Owner) "
            "already; one source"
        ),
    ),
    (
        "destination: ThingId}",
        "destination: ThingID}",
        ":5: the key field ThingId of Thing has no row; did you mean 'ThingID'?",
    ),
    (
        "{source: name, ",
        "{",
        ":17: row 2 ((none) -> Name): a row without source needs a `default` transform.",
    ),
    (
        "destination: Group,",
        "destination: Groups,",
        (
            ":18: row 3 ((none) -> Groups): `default` takes its value from the task's `defaults`, "
            "which have none for "
            "Groups; did you mean 'Group'?"
        ),
    ),
    (
        "{Group: 10}",
        "{Group: 10, Nmae: x}",
        ":5: defaults: no row has the destination 'Nmae'; did you mean 'Name'?",
    ),
    ("op: in", "op: like", ":10: op: unknown value 'like'; known: eq, ne, in. (1 more after this one)"),
    ("title: A trial", "title: [", ":4: this is not YAML: "),
    (
        "stream: things",
        "stream: things\n    stream: other",
        ":9: the key 'stream' stands here for the second time; ",
    ),
]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write_template(old: str = "", new: str = "") -> Path:
        assert old in GOOD
        path = tmp_path / "trial.yml"
        path.write_text(GOOD.replace(old, new, 1) if old else GOOD, encoding="utf-8")
        return path

    return write_template


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistake_is_named_with_its_place(old: str, new: str, message: str, write: Any) -> None:
    with pytest.raises(TemplateError, match=re.escape("trial.yml" + message)):
        templates.load(write(old, new))


def test_good_template_loads(write: Any) -> None:
    template = templates.load(write())
    assert template.tasks[0].key_properties == ("ThingId",)
    assert [row.number for row in template.tasks[0].rows] == [1, 2, 3, 4]


def test_unknown_template_names_the_nearest() -> None:
    with pytest.raises(TemplateError, match="no template 'account-to-cds'; did you mean 'accounts-to-cds'"):
        templates.load("account-to-cds")
    with pytest.raises(TemplateError, match=r"nowhere\.yml: the template cannot be read"):
        templates.load("nowhere.yml")


THINGS = {
    "id": "string",
    "kind": "string",
    "name": "string",
    "owner": {"type": ["object", "null"], "properties": {"name": {"type": "string"}}},
}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            {"name": None, "naem": "string"},
            (
                "trial.yml:17: row 2 (name -> Name): the stream things has no field 'name'; did you "
                "mean 'naem'? Let the "
                "tap select it, mend the row, or mark it `optional`."
            ),
        ),
        (
            {"owner": "object"},
            (
                "trial.yml:19: row 4 (owner.name -> Owner.Name): the stream things carries no "
                "fields behind owner; let "
                "the tap expand owner.name (setting `expand`)."
            ),
        ),
        (
            {"name": "object"},
            (
                "trial.yml:17: row 2 (name -> Name): name of the stream things is a lookup; name a "
                "field behind it, name.…"
            ),
        ),
        (
            {"kind": None},
            "trial.yml:10: filter: the stream things has no field 'kind'; did you mean 'id'? Let the tap",
        ),
    ],
)
def test_stream_without_a_field_of_the_template(
    properties: dict[str, Any], message: str, write: Any, feed: Any, schema: Any
) -> None:
    declared = {name: part for name, part in {**THINGS, **properties}.items() if part}
    with pytest.raises(InputError, match=re.escape(message)):
        feed({"template": str(write())}, [schema("things", declared)])


def test_optional_row_without_its_field_is_left_out(
    write: Any, feed: Any, schema: Any, record: Any, exact: Any
) -> None:
    path = write("length: 10}", "length: 10, optional: true}")
    declared = {name: part for name, part in THINGS.items() if name != "name"}
    lines = [schema("things", declared), record("things", id="1", kind="a")]
    made = [exact(line) for line in feed({"template": str(path)}, lines)]
    assert sorted(made[0]["schema"]["properties"]) == ["Group", "Owner", "ThingId"]
    assert made[1]["record"] == {"ThingId": "1", "Group": "10"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "transforms: [{default: abcdef}], length: 3",
            "row 2 (name -> Name): the default gives 'abcdef': more than the 3",
        ),
        (
            "transforms: [{default: x}], type: integer",
            "row 2 (name -> Name): the default gives 'x': is no number.",
        ),
        ("transforms: [{map: {a: Blue}}], values: [Red]", "the map gives 'Blue': is none of Red."),
        (
            "transforms: [{default: $orgnization}]",
            "'$orgnization' names nothing; did you mean '$organization'?",
        ),
        ("transforms: [truncate]", "`truncate` needs a text field with a `length`, or a number."),
    ],
)
def test_constant_that_does_not_fit(row: str, message: str, write: Any, feed: Any, schema: Any) -> None:
    path = write("length: 10}", f"{row}}}")
    with pytest.raises(TemplateError, match=re.escape(message)):
        feed({"template": str(path)}, [schema("things", THINGS)])


def test_organization_longer_than_its_field(data: Path, feed: Any) -> None:
    lines = (data / "accounts.singer").read_text("utf-8").splitlines()
    with pytest.raises(TemplateError, match=r"row 2 .* -> Organization\.OrganizationId.*20 characters"):
        feed({"template": "accounts-to-cds", "organization": "O" * 21}, lines)


def test_lookups_are_absent_null_or_whole(
    write: Any, feed: Any, schema: Any, record: Any, exact: Any
) -> None:
    lines = [
        schema("things", THINGS),
        record("things", id="1", kind="A", owner={"name": "Ada"}),
        record("things", id="2", kind="b", owner=None),
        record("things", id="3", kind="b"),
        record("things", id="4", kind="c", owner=None),
        record("things", id="5", kind=None, owner=None),
    ]
    made = [exact(line)["record"] for line in feed({"template": str(write())}, lines)[1:]]
    assert made == [
        {"ThingId": "1", "Group": "10", "Owner": {"Name": "Ada"}},
        {"ThingId": "2", "Group": "10", "Owner": None},
        {"ThingId": "3", "Group": "10"},
    ]


OVERRIDES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"ThingId": "1", "Name": "n", "Group": "10", "Owner": {"Name": "o"}}),
    ({"defaults": {"Group": "20"}}, {"ThingId": "1", "Name": "n", "Group": "20", "Owner": {"Name": "o"}}),
    ({"remove": ["Group", "Owner.Name"]}, {"ThingId": "1", "Name": "n"}),
    (
        {"rows": [{"source": "kind", "destination": "Kind", "transforms": [{"map": {"a": "Alpha"}}]}]},
        {"ThingId": "1", "Name": "n", "Group": "10", "Owner": {"Name": "o"}, "Kind": "Alpha"},
    ),
    (
        {"rows": [{"source": "kind", "destination": "Name"}]},
        {"ThingId": "1", "Group": "10", "Owner": {"Name": "o"}, "Name": "a"},
    ),
    (
        {
            "rows": [{"source": "kind", "destination": "Name", "transforms": [{"map": {"b": "Beta"}}]}],
            "value_maps": {"Name": {"A": "Alpha"}},
        },
        {"ThingId": "1", "Group": "10", "Owner": {"Name": "o"}, "Name": "Alpha"},
    ),
    (
        {"rows": [{"destination": "Rate", "type": "number", "transforms": [{"default": 0.25}]}]},
        {"ThingId": "1", "Name": "n", "Group": "10", "Owner": {"Name": "o"}, "Rate": "number 0.25"},
    ),
    (
        {"tasks": {"trial": {"defaults": {"Group": 30}}}},
        {"ThingId": "1", "Name": "n", "Group": "30", "Owner": {"Name": "o"}},
    ),
]


@pytest.mark.parametrize(("overrides", "expected"), OVERRIDES)
def test_overrides_change_the_mapping(
    overrides: Any, expected: Any, write: Any, feed: Any, schema: Any, record: Any, exact: Any
) -> None:
    lines = [schema("things", THINGS), record("things", id="1", kind="a", name="n", owner={"name": "o"})]
    made = feed({"template": str(write()), "overrides": overrides}, lines)
    assert exact(made[1])["record"] == expected


def test_override_of_the_filter(write: Any, feed: Any, schema: Any, record: Any, exact: Any) -> None:
    overrides = {"filters": [{"field": "kind", "op": "ne", "value": "a"}]}
    lines = [
        schema("things", THINGS),
        *(record("things", id=kind or "-", kind=kind) for kind in ("a", "z", None)),
    ]
    made = feed({"template": str(write()), "overrides": overrides}, lines)
    assert [exact(line)["record"]["ThingId"] for line in made[1:]] == ["z", "-"]


def test_override_of_a_country(data: Path, feed: Any, exact: Any) -> None:
    lines = (data / "accounts.singer").read_text("utf-8").splitlines()
    overrides = {"value_maps": {"MailingPostalAddress_Country": {"ATLANTIS": "XA"}}}
    made = [exact(line) for line in feed({"template": "accounts-to-cds", "overrides": overrides}, lines)]
    found = {line["record"]["AccountId"]: line["record"] for line in made if line["type"] == "RECORD"}
    assert found["ATLAN"]["MailingPostalAddress_Country"] == "XA"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"default": {}}, "overrides: unknown key 'default'; did you mean 'defaults'?"),
        (
            {"defaults": {"Gruop": 1}},
            "overrides.defaults: the task trial has no row for 'Gruop'; did you mean 'Group'?",
        ),
        ({"remove": ["Nam"]}, "overrides.remove: the task trial has no row for 'Nam'; did you mean 'Name'?"),
        ({"remove": ["ThingId"]}, "the key field ThingId of Thing has no row."),
        (
            {"value_maps": {"Name": {"a": "b"}}},
            "has neither a `map` nor a `country` transform; replace the row",
        ),
        (
            {"tasks": {"trail": {}}},
            "overrides.tasks: the template trial has no task 'trail'; did you mean 'trial'?",
        ),
        (
            {"rows": [{"source": "kind", "destination": "X", "transform": []}]},
            "overrides.rows[0]: row 1 (kind -> X): unknown key 'transform'; did you mean 'transforms'?",
        ),
        (
            {"rows": [{"source": "a", "destination": "X"}, {"source": "b", "destination": "X"}]},
            "overrides.rows[1]: row 6 (b -> X): X is filled by row 5 (a -> X) already",
        ),
    ],
)
def test_wrong_override_is_named(overrides: Any, message: str, write: Any) -> None:
    with pytest.raises(MapperError, match=re.escape(message)):
        templates.apply(templates.load(write()), overrides)


def test_row_added_to_a_copied_file_moves_data(tmp_path: Path, data: Path, feed: Any, exact: Any) -> None:
    folder = Path(templates.__file__).parent
    copied = tmp_path / "mine.yml"
    text = (folder / "accounts-direct.yml").read_text("utf-8")
    copied.write_text(
        text + "  - {source: address2_line2, destination: DeliveryAddressStreetNumber, length: 20}\n"
    )
    lines = (data / "accounts.singer").read_text("utf-8").splitlines()
    made = [exact(line) for line in feed({"template": str(copied)}, lines)]
    properties = made[1]["schema"]["properties"]
    assert properties["DeliveryAddressStreetNumber"] == {"type": ["string", "null"], "maxLength": 20}
    assert made[2]["record"]["DeliveryAddressStreetNumber"] == "Rampe B"
