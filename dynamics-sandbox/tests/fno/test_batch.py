"""$batch: independent reads, atomic change sets, single error parts (…/data-entities/odata)."""

from __future__ import annotations

import email
import email.policy
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

    from conftest import Answer, Client

URL = "https://fno.example.com"
LEAST = {"OrganizationName": "Name", "CustomerGroupId": "10", "SalesCurrencyCode": "USD"}


def write(method: str, path: str, content: Any, number: int, headers: str = "") -> str:
    body = json.dumps(content) if content is not None else ""
    return (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\n{method} {path} HTTP/1.1\r\n"
        f"Content-Type: application/json;odata.metadata=minimal\r\n{headers}\r\n{body}\r\n"
    )


def create(account: str, number: int, **fields: Any) -> str:
    return write("POST", f"{URL}/data/CustomersV3", {"CustomerAccount": account, **LEAST, **fields}, number)


def read(path: str) -> str:
    return (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"GET {path} HTTP/1.1\r\nAccept: application/json\r\n\r\n"
    )


def change_set(name: str, *parts: str) -> str:
    inner = "".join(f"--{name}\r\n{part}" for part in parts)
    return f"Content-Type: multipart/mixed; boundary={name}\r\n\r\n{inner}--{name}--\r\n"


def send(fno: Client, *items: str, query: str = "") -> Answer:
    body = "".join(f"--batch_1\r\n{item}" for item in items) + "--batch_1--\r\n"
    headers = {"content-type": "multipart/mixed; boundary=batch_1"}
    return fno.call("POST", f"/data/$batch{query}", body.encode(), headers)


def replies(answer: Answer) -> list[Any]:
    """(status, Content-ID, body) per part; a list of those for a change set."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.body, policy=email.policy.HTTP)
    return [
        [_reply(inner) for inner in part.iter_parts()] if part.is_multipart() else _reply(part)
        for part in message.iter_parts()
    ]


def _reply(part: Message[str, str]) -> tuple[int, str | None, str]:
    text = str(part.get_payload())
    line, _, rest = text.partition("\r\n")
    return int(line.split(" ")[1]), part["Content-ID"], rest.partition("\r\n\r\n")[2].strip()


def test_reads_and_change_sets_are_answered_in_order(fno: Client) -> None:
    answer = send(
        fno,
        change_set("cs_1", create("C-1", 1), create("C-2", 2, dataAreaId="demf")),
        read("CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')?$select=CustomerAccount"),
        read("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-9')"),
        change_set(
            "cs_2",
            write("PATCH", "CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')", {"SalesMemo": "x"}, 3),
            write(
                "DELETE", "CustomersV3(dataAreaId='demf',CustomerAccount='C-2')?cross-company=true", None, 4
            ),
        ),
    )
    assert answer.status == 200
    (first, second), found, missing, written = replies(answer)
    assert first[:2] == (201, "1")
    assert json.loads(first[2])["CustomerAccount"] == "C-1"
    assert second[:2] == (201, "2")
    assert found[0] == 200
    assert json.loads(found[2])["CustomerAccount"] == "C-1"
    assert missing == (404, None, "")
    assert written == [(204, "3", ""), (204, "4", "")]


def test_a_failed_change_set_leaves_nothing_and_gives_one_error(fno: Client) -> None:
    answer = send(
        fno,
        change_set("cs_1", create("C-1", 1), create("C-2", 2, CustomerGroupId="XX")),
        change_set("cs_2", create("C-3", 3)),
    )
    assert answer.status == 200
    failed, created = replies(answer)
    assert len(failed) == 1
    status, content_id, body = failed[0]
    assert (status, content_id) == (500, "1")
    assert "'XX' in field 'Customer group'" in json.loads(body)["error"]["innererror"]["message"]
    assert created[0][0] == 201
    accounts = [row["CustomerAccount"] for row in fno.get("/data/CustomersV3").rows]
    assert accounts == ["C-3"]


@pytest.mark.parametrize(("named", "expected"), [("first", "1"), ("failing", "2"), ("none", None)])
def test_which_operation_the_error_names_is_a_setting(
    open_environment: Callable[..., Client], named: str, expected: str | None
) -> None:
    fno = open_environment(content_id_of_failed_change_set=named)
    parts = create("C-1", 1), create("C-2", 2, CustomerGroupId="XX"), create("C-3", 3)
    ((failed,),) = replies(send(fno, change_set("cs_1", *parts)))
    assert failed[1] == expected


def test_the_status_of_failed_writes_is_a_setting(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(status_of_failed_write_in_batch=400, status_of_failed_write=500)
    ((failed,),) = replies(send(fno, change_set("cs_1", create("C-1", 1, CustomerGroupId="XX"))))
    assert failed[0] == 400
    assert fno.customer("C-1", CustomerGroupId="XX").status == 500


def test_cross_company_of_the_outer_url_does_not_reach_the_parts(fno: Client) -> None:
    fno.customer("C-1", dataAreaId="demf")
    row = "CustomersV3(dataAreaId='demf',CustomerAccount='C-1')"
    answer = send(
        fno,
        change_set("cs_1", write("PATCH", row, {"SalesMemo": "x"}, 1)),
        change_set("cs_2", write("PATCH", f"{row}?cross-company=true", {"SalesMemo": "x"}, 2)),
        query="?cross-company=true",
    )
    (first,), (second,) = replies(answer)
    assert first[0] == 400
    assert "No resources were found when selecting for update." in first[2]
    assert second[0] == 204


def test_a_write_outside_a_change_set_is_a_transaction_of_its_own(fno: Client) -> None:
    answer = send(fno, create("C-1", 1), create("C-1", 2))
    assert [reply[0] for reply in replies(answer)] == [201, 500]


def test_if_match_counts_inside_a_batch(fno: Client) -> None:
    fno.customer("C-1")
    row = "CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"
    part = write("PATCH", row, {"SalesMemo": "x"}, 1, headers='If-Match: W/"stale"\r\n')
    ((reply,),) = replies(send(fno, change_set("cs_1", part)))
    assert reply[0] == 412


def test_too_many_operations(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(batch_limit=2)
    answer = send(fno, change_set("cs_1", create("C-1", 1), create("C-2", 2)), read("Companies"))
    assert (answer.status, "2 operations" in answer.problem) == (400, True)
    assert fno.get("/data/CustomersV3").rows == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"requests":[]}'),
        ("multipart/mixed; boundary=b", b"--b\r\nnothing"),
        ("multipart/mixed", b""),
    ],
)
def test_unreadable_batches(fno: Client, content_type: str, body: bytes) -> None:
    assert fno.call("POST", "/data/$batch", body, {"content-type": content_type}).status == 400
    assert fno.get("/data/$batch").status == 405


def test_parts_that_lead_nowhere(fno: Client) -> None:
    outside, nested = replies(send(fno, read("/api/services/x"), read("$batch")))
    assert (outside[0], nested[0]) == (404, 400)


def _json_batch(fno: Client, *requests: dict[str, Any]) -> Answer:
    return fno.call("POST", "/data/$batch", {"requests": list(requests)})


def _customer(identifier: str, account: str, group: str, **fields: Any) -> dict[str, Any]:
    body = {"CustomerAccount": account, "OrganizationName": "One", "CustomerGroupId": "10"}
    return {
        "id": identifier,
        "method": "post",
        "url": "CustomersV3",
        "atomicityGroup": group,
        "headers": {"Content-Type": "application/json"},
        "body": {**body, "SalesCurrencyCode": "USD", **fields},
    }


def test_a_json_batch_is_refused_unless_a_setting_allows_it(
    open_environment: Callable[..., Client],
) -> None:
    fno = open_environment()
    assert _json_batch(fno, {"id": "1", "method": "GET", "url": "Companies"}).status == 400
    fno.environment.settings.json_batch = True
    answer = _json_batch(
        fno,
        {"id": "a", "method": "GET", "url": "/data/Currencies('EUR')/Symbol/$value"},
        _customer("b", "C-1", "g"),
        _customer("c", "C-2", "g"),
        {"id": "d", "method": "GET", "url": "CustomersV3?$select=CustomerAccount"},
    )
    responses = {response["id"]: response for response in answer.json["responses"]}
    assert [response["status"] for response in responses.values()] == [200, 201, 201, 200]
    assert responses["a"]["body"] == "€"
    assert responses["b"]["headers"]["Location"].endswith("CustomerAccount='C-1')")
    assert [row["CustomerAccount"] for row in responses["d"]["body"]["value"]] == ["C-1", "C-2"]


def test_a_group_of_a_json_batch_fails_as_one(open_environment: Callable[..., Client]) -> None:
    fno = open_environment(json_batch=True, content_id_of_failed_change_set="failing")
    answer = _json_batch(
        fno,
        _customer("a", "C-1", "g"),
        _customer("b", "C-2", "g", CustomerGroupId="XX"),
        _customer("c", "C-3", "g"),
    )
    assert answer.status == 200
    assert [(one["id"], one["status"]) for one in answer.json["responses"]] == [
        ("a", 424),
        ("b", 500),
        ("c", 424),
    ]
    assert "Customer group" in answer.json["responses"][1]["body"]["error"]["innererror"]["message"]
    assert fno.get("/data/CustomersV3").rows == []


@pytest.mark.parametrize(
    ("requests", "problem"),
    [
        ([{"id": "1", "method": "GET"}], "missing required field `url`"),
        ([{"id": "1", "method": "GET", "url": "Companies"}] * 2, "must differ"),
        ([_customer("1", "A", "g"), _customer("2", "B", "h"), _customer("3", "C", "g")], "do not follow"),
    ],
)
def test_bad_json_batches(open_environment: Callable[..., Client], requests: Any, problem: str) -> None:
    answer = _json_batch(open_environment(json_batch=True), *requests)
    assert answer.status == 400
    assert problem in answer.problem
