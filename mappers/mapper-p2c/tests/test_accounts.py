"""The three Accounts templates on whole streams; the expected output is written by hand from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = {
    "accounts-to-cds": "accounts.singer",
    "accounts-direct": "accounts.singer",
    "accounts-to-fno": "hub.singer",
}


def lines_for(data: Path, template: str) -> list[str]:
    return (data / SOURCES[template]).read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def outcomes(data: Path, run_apart: Any) -> dict[str, Any]:
    return {template: run_apart(template, lines_for(data, template)) for template in SOURCES}


@pytest.mark.parametrize("template", SOURCES)
def test_stream_maps_as_the_reference_says(template: str, data: Path, outcomes: Any, exact: Any) -> None:
    finished, _ = outcomes[template]
    expected = (data / f"{template}.expected.singer").read_text("utf-8").splitlines()
    assert finished.code == 0, finished.log
    assert [exact(line) for line in finished.lines] == [exact(line) for line in expected]


@pytest.mark.parametrize(
    ("template", "country", "key"),
    [
        ("accounts-to-cds", "MailingPostalAddress_Country", "AccountId"),
        ("accounts-direct", "AddressCountryRegionISOCode", "CustomerAccount"),
    ],
)
def test_bad_rows_are_rejected_with_reasons(template: str, country: str, key: str, outcomes: Any) -> None:
    finished, kept = outcomes[template]
    assert kept[0]["type"] == "SCHEMA"
    assert [(line["record"]["accountid"][-1], line["code"], line["reason"]) for line in kept[1:]] == [
        (
            "4",
            "unknown_country",
            f'address1_country -> {country}: is no country name or code of ISO 3166: "Atlantis"',
        ),
        (
            "5",
            "key_too_long",
            (
                f"accountnumber -> {key}: the key has more than the 20 characters {key} holds, and a key is "
                'never cut: "ACC-01000-BVRCPS-WEST"'
            ),
        ),
        (
            "8",
            "blank_key",
            f"accountnumber -> {key}: the business key {key} is blank; such a row is never written",
        ),
    ]
    assert "8 read, 4 written, 0 filtered, 1 deletes dropped, 0 retried, 3 rejected" in finished.log
    for content in ("Atlantis", "WEST", "No number", "Möbelhaus"):
        assert content not in finished.log


def test_other_hub_rows_are_filtered_and_deletes_dropped(outcomes: Any) -> None:
    finished, _ = outcomes["accounts-to-fno"]
    assert "7 read, 2 written, 4 filtered, 1 deletes dropped, 0 retried, 0 rejected" in finished.log


def test_money_and_states_keep_their_bytes(data: Path, outcomes: Any) -> None:
    finished, _ = outcomes["accounts-to-cds"]
    text = "\n".join(finished.lines)
    assert '"CreditLimitAmount":123456789012345.6789,' in text
    assert '"CreditLimitAmount":0.10,' in text
    states = [line for line in lines_for(data, "accounts-to-cds") if '"STATE"' in line]
    assert [line for line in finished.lines if '"STATE"' in line] == states


@pytest.mark.parametrize("amount", ["922337203685477.5807", "0.0000000000", "-5", "1E+3"])
def test_any_digits_of_money_survive(amount: str, data: Path, feed: Any) -> None:
    schema = lines_for(data, "accounts-to-cds")[1]
    line = f'{{"type":"RECORD","stream":"accounts","record":{{"accountnumber":"A","creditlimit":{amount}}}}}'
    for template in ("accounts-to-cds", "accounts-direct"):
        made = feed({"template": template}, [schema, line])[-1]
        assert f":{amount}," in made.replace("}", ",")


def test_organization_is_the_setting(data: Path, feed: Any, exact: Any) -> None:
    made = feed({"template": "accounts-to-fno", "organization": "ORG002"}, lines_for(data, "accounts-to-fno"))
    assert exact(made[1])["record"]["CustomerAccount"] == "OTHER"
    made = feed({"template": "accounts-to-cds", "organization": "ORG002"}, lines_for(data, "accounts-to-cds"))
    assert exact(made[2])["record"]["Organization"] == {"OrganizationId": "ORG002"}


def test_flat_names_for_foreign_targets(data: Path, feed: Any, exact: Any) -> None:
    made = feed({"template": "accounts-to-cds", "flatten": True}, lines_for(data, "accounts-to-cds"))
    schema = exact(made[1])
    assert schema["key_properties"] == ["Organization_OrganizationId", "AccountId"]
    assert schema["schema"]["properties"]["Organization_OrganizationId"] == {
        "type": "string",
        "maxLength": 20,
    }
    assert "Organization" not in schema["schema"]["properties"]
    assert exact(made[2])["record"]["Organization_OrganizationId"] == "ORG001"
