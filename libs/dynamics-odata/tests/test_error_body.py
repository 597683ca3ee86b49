"""Error bodies of both services, of gateways, and none at all."""

from __future__ import annotations

import json

import pytest
from dynamics_odata.error_body import read_fault, summarise_infolog

WRITE_ERROR = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
CONFLICT = (
    "Error: Cannot edit a record in Customers (CustTable). An update conflict occurred due to another user "
    "process deleting the record or changing one or more fields in the record."
)


def infolog(*entries: str, entity: str = "CustCustomerV3Entity") -> str:
    """A message as F&O composes it: entries joined by semicolons, and a full stop after all of them."""
    return f"Write failed for table row of type '{entity}'. Infolog: {'; '.join(entries)}."


def fno_body(message: str) -> bytes:
    inner = {"message": message, "type": WRITE_ERROR, "stacktrace": "   at X.Y(...)"}
    error = {"code": "", "message": "An error has occurred.", "innererror": inner}
    return json.dumps({"error": error}).encode()


GROUP_MISSING = infolog(
    "Warning: The value 'XX' in field 'Customer group' is not found in the related table 'Customer groups'.",
    "Warning: validateField failed on field 'CustCustomerV3Entity.CustomerGroupId'",
)
SITE_TEXT = "Inventory dimension Site is mandatory and must consequently be specified."
SITE_MISSING = infolog(
    f"Warning: {SITE_TEXT}",
    "Error: Update has been canceled.",
)
DUPLICATE = infolog(
    "Info: Cannot create a record in Groups (G). Group: T1, Test.\nThe record already exists."
)
TWICE = infolog("Error: Twice.", "Error: Twice.", "Warning: validateWrite failed on data source 'T (T)'")
NOTHING_BUT_FRAME = infolog("Warning: validateWrite failed on data source 'A (B)'")


@pytest.mark.parametrize(
    ("message", "summary"),
    [
        (
            GROUP_MISSING,
            "The value 'XX' in field 'Customer group' is not found in the related table 'Customer groups'.",
        ),
        (
            SITE_MISSING,
            f"{SITE_TEXT} Update has been canceled.",
        ),
        (
            DUPLICATE,
            "Cannot create a record in Groups (G). Group: T1, Test. The record already exists.",
        ),
        (TWICE, "Twice."),
        (NOTHING_BUT_FRAME, NOTHING_BUT_FRAME),
        ("Write failed for table row of type 'X'. Cannot edit a record.", "Cannot edit a record."),
        (
            "No resources were found when selecting for update.",
            "No resources were found when selecting for update.",
        ),
    ],
)
def test_infologs_are_reduced_to_what_a_person_must_know(message: str, summary: str) -> None:
    assert summarise_infolog(message) == summary


def test_fno_errors_speak_through_their_inner_error() -> None:
    fault = read_fault(fno_body(GROUP_MISSING))
    assert fault.message == GROUP_MISSING
    assert fault.detail.startswith("The value 'XX' in field 'Customer group'")
    assert fault.is_final
    assert not fault.is_update_conflict


def test_a_lost_race_in_fno_is_no_final_refusal() -> None:
    fault = read_fault(fno_body(infolog(CONFLICT)))
    assert fault.is_update_conflict
    assert not fault.is_final


def test_dataverse_errors() -> None:
    fault = read_fault(b'{"error":{"code":"0x80040217","message":"account With Id = 1 Does Not Exist"}}')
    assert (fault.code, fault.message) == ("0x80040217", "account With Id = 1 Does Not Exist")
    assert not fault.is_final


def test_a_crashed_plugin_is_final_though_it_comes_as_500() -> None:
    assert read_fault(b'{"error":{"code":"0x80040224","message":"boom"}}').is_final


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The service gave no reason"),
        (b"  \r\n", "The service gave no reason"),
        (
            b"<!DOCTYPE html><html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>",
            "A gateway answered with a web page: 502 Bad Gateway",
        ),
        (b"<html><body>x</body></html>", "A gateway answered with a web page"),
        (b"\xef\xbb\xbfupstream   connect error", "upstream connect error"),
        (b'{"Message":"An error has occurred."}', "An error has occurred."),
        (b'{"error":"invalid_client","error_description":"AADSTS1: no"}', "AADSTS1: no"),
        (b"[1,2]", "[1,2]"),
        (b'{"error":{"code":"0x1","message":""}}', "The service gave no reason"),
        (b'{"error":{"code":5,"message":null,"innererror":"x"}}', "The service gave no reason"),
        (b"\xff\xfe\x00", "\ufffd\ufffd\x00"),
    ],
)
def test_bodies_of_every_other_kind(body: bytes, message: str) -> None:
    assert read_fault(body).message == message
