"""Singer messages other than usual records: what passes, what is refused, and with which words."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mapper_p2c import filters, templates
from mapper_p2c.errors import InputError, MapperError, RejectLimitError
from mapper_p2c.mapper import P2CMapper
from mapper_p2c.settings import CONFIG_JSONSCHEMA
from mapper_p2c.templates.model import Condition

ACCOUNTS = dict.fromkeys(
    [
        "accountid",
        "accountnumber",
        "name",
        "description",
        "emailaddress1",
        "telephone1",
        "fax",
        "websiteurl",
        "address1_line1",
        "address1_city",
        "address1_stateorprovince",
        "address1_postalcode",
        "address1_country",
        "address2_line1",
        "address2_city",
        "address2_stateorprovince",
        "address2_postalcode",
        "address2_country",
    ],
    "string",
)
ACCOUNTS_SCHEMA: dict[str, Any] = {
    **ACCOUNTS,
    "creditlimit": "number",
    "numberofemployees": "integer",
    "transactioncurrencyid": {
        "type": ["object", "null"],
        "properties": {"isocurrencycode": {"type": "string"}},
    },
}
DIRECT = {"template": "accounts-direct"}
STATE = '{"type": "STATE",   "value": {"a": 1.50}}'


@pytest.fixture
def accounts(schema: Any) -> str:
    return str(schema("accounts", ACCOUNTS_SCHEMA, ["accountid"]))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["{oops"],
            "line 1: this is no JSON object; the plugin before the mapper must write Singer messages",
        ),
        (["[1]"], "line 1: this is no JSON object"),
        (['{"stream":"accounts"}'], "line 1: the message has no `type`"),
        (['{"type":"RECROD"}'], "line 1: unknown type of message 'RECROD'; did you mean 'RECORD'?"),
        (
            ['{"type":"RECORD","stream":"accounts","record":{"accountid":"1"}}'],
            "A record of the stream accounts came before its SCHEMA",
        ),
        (
            ['{"type":"SCHEMA","stream":"accounts"}'],
            "line 1: the SCHEMA of the stream accounts has no object `schema`",
        ),
        (
            ['{"type":"BATCH","stream":"accounts"}'],
            "line 1: BATCH of the stream accounts: the mapper reads records",
        ),
        (
            ['{"type":"SCHEMA","stream":"contacts","schema":{}}'],
            (
                "line 1: the template accounts-direct does not read the stream 'contacts' (it reads "
                "accounts); let "
                "the tap select only those, or set `unmapped` to pass or drop."
            ),
        ),
    ],
)
def test_line_that_ends_the_run(lines: list[str], message: str, feed: Any) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        feed(DIRECT, lines)


def test_broken_record_after_a_schema(accounts: str, feed: Any, record: Any) -> None:
    good = record("accounts", accountid="1", accountnumber="secret-1")
    with pytest.raises(InputError, match="this is no JSON object") as caught:
        feed(DIRECT, [accounts, good, good[:-5]])
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError, match="has no object `record`"):
        feed(DIRECT, [accounts, '{"type":"RECORD","stream":"accounts","record":[]}'])


def test_other_streams_pass_or_drop(accounts: str, feed: Any) -> None:
    others = [
        '{"type":"SCHEMA", "stream":"x","schema":{}}',
        '{"type":"RECORD", "stream":"x","record":{"a":1.0}}',
        STATE,
    ]
    assert feed({**DIRECT, "unmapped": "pass"}, [accounts, *others])[1:] == others
    assert feed({**DIRECT, "unmapped": "drop"}, [accounts, *others])[1:] == [STATE]


def test_messages_keep_their_order_and_states_their_bytes(
    accounts: str, feed: Any, record: Any, exact: Any
) -> None:
    good = record("accounts", accountid="1", accountnumber="A")
    bad = record("accounts", accountid="2", accountnumber="")
    made = feed(DIRECT, [STATE, accounts, good, bad, STATE, good, accounts, good, STATE])
    assert [exact(line)["type"] for line in made] == [
        "STATE",
        "SCHEMA",
        "RECORD",
        "STATE",
        "RECORD",
        "SCHEMA",
        "RECORD",
        "STATE",
    ]
    assert made[0] == made[3] == made[-1] == STATE


def test_key_order_and_spacing_of_the_envelope_do_not_matter(accounts: str, feed: Any, exact: Any) -> None:
    lines = [
        '{"record": {"accountid": "1", "accountnumber": "A"}, "stream": "accounts", "type": "RECORD"}',
        '{"type": "RECORD", "stream": "accounts", "record": {"accountnumber": "B"}, "version": 7}',
        '{"stream":"accounts","version":7,"type":"RECORD","record":{"accountid":"3","accountnumber":"C"}}',
    ]
    made = [exact(line) for line in feed(DIRECT, [accounts, *lines])][1:]
    assert [line["record"]["CustomerAccount"] for line in made] == ["A", "B", "C"]
    assert [line.get("version") for line in made] == [None, 7, 7]


def test_changed_schema_is_taken_up(feed: Any, schema: Any, record: Any, exact: Any) -> None:
    text = schema("accounts", {**ACCOUNTS_SCHEMA, "numberofemployees": "string"}, ["accountid"])
    first = schema("accounts", ACCOUNTS_SCHEMA, ["accountid"])
    lines = [
        first,
        record("accounts", accountid="1", accountnumber="A", numberofemployees=5),
        text,
        record("accounts", accountid="1", accountnumber="A", numberofemployees="6"),
    ]
    made = [exact(line) for line in feed(DIRECT, lines)]
    assert [line["record"]["OrganizationNumberOfEmployees"] for line in made if "record" in line] == [5, 6]


@pytest.mark.parametrize(("settings", "kept"), [({"on_reject": "fail"}, 1), ({"max_rejects": 1}, 2)])
def test_rejects_can_end_the_run(
    settings: dict[str, Any], kept: int, accounts: str, feed: Any, record: Any, tmp_path: Any
) -> None:
    bad = [
        record("accounts", accountid=str(number), accountnumber=None, name="private") for number in range(3)
    ]
    with pytest.raises(RejectLimitError, match="accountnumber -> CustomerAccount") as caught:
        feed({**DIRECT, **settings}, [accounts, *bad[:kept], STATE, *bad[kept:]])
    assert "private" not in str(caught.value)
    [stored] = tmp_path.glob("rejects/**/*.singer")
    assert len(stored.read_text("utf-8").splitlines()) == 1 + kept


def test_single_messages_through_the_sdk(tmp_path: Any, accounts: str, exact: Any) -> None:
    mapper = P2CMapper(config={**DIRECT, "rejects_path": str(tmp_path)})
    [schema] = mapper.map_schema_message(exact(accounts))
    assert schema.to_dict()["stream"] == "CustomersV3"
    message = {"type": "RECORD", "stream": "accounts", "record": {"accountid": "1", "accountnumber": "A"}}
    [made] = mapper.map_record_message(message)
    assert made.to_dict()["record"]["CustomerAccount"] == "A"
    assert [state.to_dict() for state in mapper.map_state_message(exact(STATE))] == [exact(STATE)]
    version = {"type": "ACTIVATE_VERSION", "stream": "accounts", "version": 3}
    assert [m.to_dict() for m in mapper.map_activate_version_message(version)] == [
        {"type": "ACTIVATE_VERSION", "stream": "CustomersV3", "version": 3}
    ]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "The setting 'template' is missing"),
        ({"template": None}, "The setting 'template' is missing"),
        ({"template": " "}, "The setting 'template' is missing"),
        ({**DIRECT, "organisation": "X"}, "Unknown setting 'organisation'; did you mean 'organization'?"),
        ({**DIRECT, "max_rejects": -1}, "The setting `max_rejects` is below 0"),
        (
            {**DIRECT, "max_rejects": "many"},
            "A setting is wrong: 'many' is not of type 'integer', 'null' in config",
        ),
        (
            {**DIRECT, "unmapped": "ignore"},
            "A setting is wrong: 'ignore' is not one of ['fail', 'pass', 'drop'",
        ),
        ({**DIRECT, "deletes": "forward"}, "A setting is wrong: 'forward' is not one of ['drop'"),
    ],
)
def test_wrong_setting_is_named(config: dict[str, Any], message: str) -> None:
    with pytest.raises(MapperError, match=re.escape(message)):
        P2CMapper(config=config)


def test_blank_settings_count_as_not_given(run: Any, rejects: Any, accounts: str, record: Any) -> None:
    blank = dict.fromkeys([name for name in CONFIG_JSONSCHEMA["properties"] if name != "template"], "")
    lines = [
        record("accounts", accountid="1", accountnumber="A"),
        record("accounts", accountid="2", accountnumber=""),
    ]
    done = run({**blank, **DIRECT}, [accounts, *lines, STATE])
    assert (done.code, done.errors) == (0, [])
    assert [made["CustomerAccount"] for made in done.records] == ["A"]
    assert [line["type"] for line in rejects("accounts-direct")] == ["SCHEMA", "RECORD"]


def test_blank_organization_from_the_environment_is_named(feed: Any) -> None:
    with pytest.raises(MapperError, match="The setting `organization` is blank"):
        feed({**DIRECT, "organization": " "}, [])


def test_folder_that_cannot_be_made_is_one_line(run: Any, accounts: str, record: Any) -> None:
    bad = record("accounts", accountid="2", accountnumber="")
    done = run({**DIRECT, "rejects_path": "config.json/rejects"}, [accounts, bad, STATE])
    assert done.code == 1
    [error] = done.errors
    assert "Not a directory: 'config.json/rejects'" in error
    assert "Traceback" not in done.log


def test_a_configuration_that_is_no_json_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"template": "accounts-direct"', encoding="utf-8")
    command = Path(sys.executable).with_name("mapper-p2c")
    done = subprocess.run([command, "--config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the file given as --config is no JSON" in done.stderr
    assert "Traceback" not in done.stderr
    assert "accounts-direct" not in done.stderr


def test_filter_as_odata() -> None:
    task = templates.load("accounts-to-fno").tasks[0]
    assert filters.odata_text(task.source.filter, {"organization": "O'RG", "task": "x"}) == (
        "LastWrittenBy eq 'accounts-to-cds' and PartyType eq 'Organization' "
        "and Organization/OrganizationId eq 'O''RG'"
    )


def test_a_filter_for_dataverse_keeps_the_rows_that_are_null() -> None:
    """There a comparison with null is never true, so `ne true` alone would lose every row without a value."""
    ours, theirs = Condition("parent.flag", "ne", value=True), Condition("Status", "ne", value="Active")
    assert filters.odata_text([ours], {}) == "(parent/flag ne true or parent/flag eq null)"
    assert filters.odata_text([theirs], {}) == "Status ne 'Active'"
    assert filters.odata_text([Condition("flag", "ne", value=None)], {}) == "flag ne null"
