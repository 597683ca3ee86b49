"""Batches: read as Dataverse and F&O read them, written as they write them."""

from __future__ import annotations

import tracemalloc

import pytest
from dynamics_sandbox.odata.errors import BatchError
from dynamics_sandbox.odata.multipart import (
    ChangeSet,
    ChangeSetReply,
    HttpPart,
    HttpReply,
    count_operations,
    parse_batch,
    render_batch,
)

OUTER = 'multipart/mixed; boundary="batch_b1"'
BATCH = """\
--batch_b1
Content-Type: multipart/mixed; boundary="changeset_c1"

--changeset_c1
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 1

POST /api/data/v9.2/accounts HTTP/1.1
Content-Type: application/json; type=entry

{"name":"A"}
--changeset_c1
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 2

PATCH $1 HTTP/1.1
Content-Type: application/json
If-Match: *

{"parentcustomerid_account@odata.bind":"$1"}
--changeset_c1--
--batch_b1
Content-Type: application/http
Content-Transfer-Encoding: binary

GET /api/data/v9.2/accounts?$select=name&$filter=name eq 'a b' HTTP/1.1
Accept: application/json


--batch_b1--
""".replace("\n", "\r\n").encode()
GET = (
    "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET accounts HTTP/1.1\r\n\r\n"
)
WITH_ID = GET.replace("binary\r\n", "binary\r\nContent-ID: 7\r\n")
INNER = "Content-Type: multipart/mixed; boundary=c\r\n\r\n"


def one(section: str) -> bytes:
    return f"--batch_b1\r\n{section}\r\n--batch_b1--\r\n".encode()


def test_change_sets_and_single_requests_are_read_in_order() -> None:
    assert parse_batch(OUTER, BATCH) == [
        ChangeSet(
            (
                HttpPart(
                    "POST",
                    "/api/data/v9.2/accounts",
                    {"content-type": "application/json; type=entry"},
                    b'{"name":"A"}',
                    "1",
                ),
                HttpPart(
                    "PATCH",
                    "$1",
                    {"content-type": "application/json", "if-match": "*"},
                    b'{"parentcustomerid_account@odata.bind":"$1"}',
                    "2",
                ),
            )
        ),
        HttpPart(
            "GET",
            "/api/data/v9.2/accounts?$select=name&$filter=name eq 'a b'",
            {"accept": "application/json"},
        ),
    ]


def test_operations_inside_change_sets_count() -> None:
    assert count_operations(parse_batch(OUTER, BATCH)) == 3


def test_boundaries_without_quotes_and_a_preamble_are_understood() -> None:
    body = b"this is ignored\r\n" + one(GET)

    assert parse_batch("multipart/mixed;boundary=batch_b1", body) == [HttpPart("GET", "accounts")]


def test_a_body_may_hold_line_feeds_and_text_that_looks_like_a_boundary() -> None:
    content = '{\n "a": "--batch_b1 not alone",\n "b": 1\n}'
    section = GET.replace("GET accounts", "POST accounts") + content

    (part,) = parse_batch(OUTER, one(section))

    assert isinstance(part, HttpPart)
    assert part.body == content.encode()


def test_an_empty_batch_has_no_parts() -> None:
    assert parse_batch(OUTER, b"--batch_b1--\r\n") == []


@pytest.mark.parametrize(
    "body",
    [
        BATCH.replace(b"\r\n", b"\n"),
        BATCH.removesuffix(b"\r\n"),
        BATCH.removesuffix(b"--batch_b1--\r\n"),
        BATCH.removesuffix(b"\r\n") + b"\n",
        BATCH.replace(b"binary\r\n", b"binary\n"),
        BATCH.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\n", 1),
        BATCH.replace(b"\r\n--batch_b1\r\n", b"\n--batch_b1\r\n"),
        b"",
        b"nothing of the kind",
    ],
)
def test_streams_with_bare_line_feeds_or_without_an_end_are_not_readable(body: bytes) -> None:
    with pytest.raises(BatchError, match="Stream was not readable"):
        parse_batch(OUTER, body)


def test_two_bare_line_feeds_at_the_end_are_accepted() -> None:
    assert parse_batch(OUTER, BATCH.removesuffix(b"\r\n") + b"\n\n") == parse_batch(OUTER, BATCH)


@pytest.mark.parametrize("body", [BATCH.replace(b"\r\n", b"\n"), BATCH.removesuffix(b"\r\n")])
def test_lenient_reading_accepts_what_strict_reading_refuses(body: bytes) -> None:
    assert parse_batch(OUTER, body, strict_crlf=False) == parse_batch(OUTER, BATCH)


@pytest.mark.parametrize(
    ("content_type", "body", "problem"),
    [
        ("application/json", BATCH, "not multipart/mixed"),
        ("multipart/mixed", BATCH, "not multipart/mixed with a boundary"),
        (OUTER, one(GET.replace("application/http", "text/plain")), "invalid Content-Type 'text/plain'"),
        (OUTER, one(GET.replace("Content-Transfer-Encoding: binary\r\n", "")), "Transfer-Encoding: binary"),
        (OUTER, one(GET.replace(" HTTP/1.1", "")), "request line 'GET accounts'"),
        (OUTER, one(GET.replace("GET accounts HTTP/1.1", "nonsense")), "request line 'nonsense'"),
        (OUTER, one(f"{WITH_ID}\r\n--batch_b1\r\n{WITH_ID}"), "content ID '7' was found more than once"),
        (OUTER, one(f"{INNER}--c\r\n{GET}\r\n--c--\r\n"), "hold a GET"),
        (OUTER, one(f"{INNER}--c\r\n{INNER}\r\n--c--\r\n\r\n--c--\r\n"), "another change set"),
    ],
)
def test_malformed_batches_are_refused(content_type: str, body: bytes, problem: str) -> None:
    with pytest.raises(BatchError, match=problem):
        parse_batch(content_type, body)


def test_replies_are_written_with_change_sets_nested() -> None:
    content_type, body = render_batch(
        [
            ChangeSetReply(
                (HttpReply(204, {"OData-EntityId": "https://x/accounts(1)"}, content_id="1"), HttpReply(204))
            ),
            HttpReply(
                404, {"Content-Type": "application/json"}, b'{"error":{"code":"0x1","message":"\xc3\xbc"}}'
            ),
        ],
        new_boundary=lambda prefix: f"{prefix}_1",
    )

    assert content_type == "multipart/mixed; boundary=batchresponse_1"
    assert body.decode().split("\r\n") == [
        "--batchresponse_1",
        "Content-Type: multipart/mixed; boundary=changesetresponse_1",
        "",
        "--changesetresponse_1",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "Content-ID: 1",
        "",
        "HTTP/1.1 204 No Content",
        "OData-EntityId: https://x/accounts(1)",
        "",
        "",
        "--changesetresponse_1",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        "HTTP/1.1 204 No Content",
        "",
        "",
        "--changesetresponse_1--",
        "",
        "--batchresponse_1",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        "HTTP/1.1 404 Not Found",
        "Content-Type: application/json",
        "",
        '{"error":{"code":"0x1","message":"ü"}}',
        "--batchresponse_1--",
        "",
    ]


def test_boundaries_are_new_for_every_answer() -> None:
    first, second = render_batch([])[0], render_batch([])[0]

    assert first != second
    assert first.startswith("multipart/mixed; boundary=batchresponse_")


def test_a_large_answer_does_not_stay_in_memory() -> None:
    reply = HttpReply(200, {"Content-Type": "application/json"}, b"x" * 1_000_000)
    tracemalloc.start()
    try:
        _, body = render_batch((reply for _ in range(30)), new_boundary=lambda prefix: f"{prefix}_1")
        assert not isinstance(body, bytes)
        sent = sum(len(piece) for piece in body)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()

    _, one = render_batch([reply], new_boundary=lambda prefix: f"{prefix}_1")
    assert isinstance(one, bytes)
    closing = len("--batchresponse_1--\r\n")
    assert sent == 30 * (len(one) - closing) + closing
