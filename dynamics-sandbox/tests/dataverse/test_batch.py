"""$batch: order, change sets, references, continue-on-error, limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

API = "/api/data/v9.2/"
CONTINUE = "odata.continue-on-error"


def part(method: str, url: str, content: Any = None, headers: str = "", content_id: str = "") -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    lines += ["", f"{method} {url} HTTP/1.1"]
    lines += [headers] if headers else []
    lines += ["Content-Type: application/json", "", json.dumps(content)] if content is not None else ["", ""]
    return "\r\n".join(lines) + "\r\n"


def change_set(*parts: str) -> str:
    inner = "".join(f"--cs\r\n{text}" for text in parts)
    return f"Content-Type: multipart/mixed; boundary=cs\r\n\r\n{inner}--cs--\r\n"


def send(client: Any, *items: str, prefer: str = "", line_end: str = "\r\n") -> Any:
    body = ("".join(f"--b\r\n{text}" for text in items) + "--b--\r\n").replace("\r\n", line_end)
    headers = {"content-type": "multipart/mixed; boundary=b"}
    return client("POST", "$batch", body=body.encode(), headers=headers, prefer=prefer)


def statuses(reply: Any) -> list[int]:
    text = reply.body.decode()
    return [int(line.split()[1]) for line in text.split("\r\n") if line.startswith("HTTP/1.1 ")]


def account(number: str, **more: Any) -> dict[str, Any]:
    return {"name": f"N{number}", "accountnumber": number, **more}


def numbers(client: Any) -> list[str]:
    return sorted(row["accountnumber"] for row in client.get("accounts?$select=accountnumber").rows)


def test_parts_run_in_order_and_answer_in_order(sales: Any) -> None:
    reply = send(
        sales,
        part("POST", f"{API}accounts", account("1")),
        part("PATCH", "https://sales.test/api/data/v9.2/accounts(accountnumber='2')", {"name": "two"}),
        part("GET", "accounts?$select=name&$orderby=name"),
        part("GET", f"{API}accounts(accountnumber='1')?$select=name", headers="If-None-Match: null"),
        part("DELETE", "accounts(accountnumber='1')"),
    )
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert statuses(reply) == [204, 204, 200, 200, 204]
    text = reply.body.decode()
    assert '"name":"N1"' in text
    assert "OData-EntityId: https://sales.test/api/data/v9.2/accounts(accountnumber='2')\r\n" in text
    assert numbers(sales) == ["2"]


def test_a_failure_stops_the_batch_and_becomes_its_status(sales: Any) -> None:
    reply = send(
        sales,
        part("POST", "accounts", account("1")),
        part("POST", "accounts", account("2", fax="x" * 51)),
        part("POST", "accounts", account("3")),
    )
    assert reply.status == 400
    assert statuses(reply) == [204, 400]
    assert '"0x80044331"' in reply.body.decode()
    assert "REQ_ID: " in reply.body.decode()
    assert numbers(sales) == ["1"]


def test_continue_on_error_gives_a_verdict_per_part(sales: Any) -> None:
    reply = send(
        sales,
        part("POST", "accounts", account("1")),
        part("POST", "accounts", account("1")),
        part("GET", "nothing"),
        part("POST", "accounts", account("3")),
        prefer=CONTINUE,
    )
    assert (reply.status, statuses(reply)) == (200, [204, 412, 404, 204])
    assert reply.headers["preference-applied"] == CONTINUE
    assert numbers(sales) == ["1", "3"]


def test_a_change_set_succeeds_or_fails_as_one(sales: Any) -> None:
    good = change_set(
        part("POST", "accounts", account("1"), content_id="1"),
        part("POST", "accounts", account("2"), content_id="2"),
    )
    bad = change_set(
        part("POST", "accounts", account("3"), content_id="3"),
        part("POST", "accounts", account("1"), content_id="4"),
        part("POST", "accounts", account("5"), content_id="5"),
    )
    reply = send(sales, good, bad, part("POST", "accounts", account("6")), prefer=CONTINUE)
    assert statuses(reply) == [204, 204, 412, 204]
    assert (
        reply.body.decode().count("changesetresponse_") == 4
    )  # header, two parts, end: the failed one has none
    assert "Content-ID: 2" in reply.body.decode()
    assert numbers(sales) == ["1", "2", "6"]


def test_content_ids_refer_to_rows_of_the_change_set(sales: Any) -> None:
    reply = send(
        sales,
        change_set(
            part("POST", "contacts", {"lastname": "Ek"}, content_id="1"),
            part("POST", "accounts", account("1", **{"primarycontactid@odata.bind": "$1"}), content_id="2"),
            part("PATCH", "$1", {"firstname": "Jo"}, content_id="3"),
            part("PUT", "$1/parentcustomerid_account/$ref", {"@odata.id": "$2"}, content_id="4"),
        ),
    )
    assert (reply.status, statuses(reply)) == (200, [204, 204, 204, 204])
    row = sales.get(
        "accounts(accountnumber='1')?$select=name&$expand=primarycontactid($select=fullname)"
    ).json
    assert row["primarycontactid"]["fullname"] == "Jo Ek"
    contact = f"contacts({row['primarycontactid']['contactid']})"
    assert sales.get(f"{contact}/parentcustomerid_account?$select=name").json["name"] == "N1"


def test_unknown_content_ids_are_refused(sales: Any) -> None:
    bind = account("1", **{"primarycontactid@odata.bind": "$9"})
    reply = send(sales, change_set(part("POST", "accounts", bind, content_id="1")))
    assert reply.status == 400
    assert "Content-ID Reference: '$9' does not exist in the batch context." in reply.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\nnonsense\r\n--b--\r\n",
        b"--b\r\nContent-Type: application/http\r\n\r\nGET x HTTP/1.1\r\n\r\n--b--\r\n",
    ],
)
def test_malformed_batches_are_refused_in_json(sales: Any, body: bytes) -> None:
    reply = sales("POST", "$batch", body=body, headers={"content-type": "multipart/mixed; boundary=b"})
    assert reply.error == (400, "0x80048d19")


def test_line_feeds_alone_do_not_do(sales: Any, open_client: Any) -> None:
    item = part("GET", "transactioncurrencies")
    assert send(sales, item, line_end="\n").error == (400, "0x80048d19")
    lenient = open_client("cds", strict_line_ends=False)
    assert send(lenient, item, line_end="\n").status == 200


def test_no_gets_in_change_sets_and_no_batch_in_a_batch(sales: Any) -> None:
    assert send(sales, change_set(part("GET", "accounts"))).status == 400
    assert statuses(send(sales, part("POST", "$batch", {}), prefer=CONTINUE)) == [400]


def test_a_batch_holds_1000_operations(sales: Any) -> None:
    item = part("GET", "organizations?$select=name")
    assert statuses(send(sales, *[item] * 1000)) == [200] * 1000
    assert send(sales, *[item] * 1001).status == 400
    sets = change_set(
        *[part("POST", "accounts", {"name": "x"}, content_id=str(number)) for number in range(1001)]
    )
    assert send(sales, sets).status == 400


def test_parts_have_preferences_of_their_own(sales: Any) -> None:
    reply = send(
        sales, part("POST", "accounts?$select=name", account("1"), headers="Prefer: return=representation")
    )
    assert statuses(reply) == [201]
    assert "Preference-Applied: return=representation" in reply.body.decode()
