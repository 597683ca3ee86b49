"""What F&O's answers mean for a row; bodies in the shape of the protocol reference."""

from __future__ import annotations

import json

import pytest
from dynamics_odata.batch import BatchPart, BatchReply, ChangeSet, PartReply
from dynamics_singer.target import Outcome
from target_dynamics_fno.verdicts import Verdict, judge, refusal

WRITE = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"


def reply(status: int, message: str = "", kind: str = "") -> BatchReply:
    inner = {"message": message, "type": kind}
    error = {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}}
    body = json.dumps(error).encode() if message else b""
    part = BatchPart("PATCH", "CustomersV3(dataAreaId='usmf',CustomerAccount='A')", {}, b"{}")
    return BatchReply(ChangeSet([part]), (PartReply(status, {}, body),))


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (reply(201), Verdict.DONE),
        (reply(204), Verdict.DONE),
        (reply(400, "No resources were found when selecting for update."), Verdict.ABSENT),
        (
            reply(
                500,
                "Write failed for table row of type 'CustCustomerGroupEntity'. Infolog: Info: Cannot create "
                "a record in Customer groups (CustGroup). Customer group: T1, Test.\nThe record already "
                "exists..",
                WRITE,
            ),
            Verdict.EXISTS,
        ),
        (
            reply(
                400,
                "Write failed for table row of type 'X'. Cannot edit a record in Customers (CustTable). An "
                "update conflict occurred due to another user process deleting the record or changing one or "
                "more fields in the record.",
                WRITE,
            ),
            Verdict.AGAIN,
        ),
        (reply(500, "Write failed for table row of type 'X'. Infolog: Error: No.", WRITE), Verdict.REFUSED),
        (reply(500, "Something fell over", "System.InvalidOperationException"), Verdict.AGAIN),
        (reply(503), Verdict.AGAIN),
        (reply(400, "The property 'X' does not exist on type 'CustomerV3'."), Verdict.REFUSED),
        (BatchReply(ChangeSet([]), ()), Verdict.UNREACHED),
    ],
)
def test_verdicts(answer: BatchReply, verdict: Verdict) -> None:
    assert judge(answer) is verdict


def test_refusal_is_the_infolog_in_short() -> None:
    message = (
        "Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: The value '99' in "
        "field 'Customer group' is not found in the related table 'Customer groups'.; Warning: validateField "
        "failed on field 'CustCustomerV3Entity.CustomerGroupId'."
    )
    assert refusal(reply(400, message, WRITE)) == Outcome(
        "rejected",
        "The value '99' in field 'Customer group' is not found in the related table 'Customer groups'.",
        "AxODataWriteException",
    )


def test_refusal_without_a_kind_names_the_status() -> None:
    assert refusal(reply(400, "No resources were found when selecting for update.")).code == "400"
