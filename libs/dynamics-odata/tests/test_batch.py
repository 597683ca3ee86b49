"""Batches: the bytes that go out, the bytes that come back, and which reply belongs to which request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dynamics_odata.batch import BatchPart, ChangeSet, PartReply, decode, encode, send_batch
from dynamics_odata.errors import AccessError, ProtocolError, RefusedError, UnavailableError
from dynamics_odata.exchange import Response, headers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import ScriptedServer
    from dynamics_odata.transport import Transport

OUTER = 'multipart/mixed; boundary="batchresponse_1"'


def crlf(text: str) -> bytes:
    return text.strip("\n").replace("\n", "\r\n").encode()


def part(status_line: str, body: str = "", *, content_id: str = "", boundary: str = "batchresponse_1") -> str:
    named = f"Content-ID: {content_id}\n" if content_id else ""
    return (
        f"--{boundary}\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n{named}\n"
        f"HTTP/1.1 {status_line}\nContent-Type: application/json\nOData-Version: 4.0\n\n{body}\n"
    )


def change_set(*parts: str, boundary: str = "changesetresponse_9") -> str:
    return (
        f"--batchresponse_1\nContent-Type: multipart/mixed; boundary={boundary}\n\n"
        f"{''.join(parts)}--{boundary}--\n"
    )


def reply_of(*parts: str) -> bytes:
    return crlf("".join(parts) + "--batchresponse_1--\n") + b"\r\n"


def response(body: bytes, content_type: str = OUTER, status: int = 200) -> Response:
    return Response(status, headers_of({"Content-Type": content_type}), body, "https://x/data/$batch")


def test_the_bytes_of_a_batch() -> None:
    content_type, body = encode(
        [
            ChangeSet(
                [
                    BatchPart("POST", "/api/data/v9.2/accounts", body='{"name":"Käse"}'.encode()),
                    BatchPart("PATCH", "$1", {"If-Match": "*"}, b"{}", content_id="second"),
                ]
            ),
            BatchPart("get", "https://x/data/accounts?$top=1", {"Accept": "application/json"}),
        ],
        boundary="b",
    )
    assert content_type == 'multipart/mixed; boundary="b"'
    assert (
        body
        == crlf(
            """
--b
Content-Type: multipart/mixed; boundary="changeset_1_b"

--changeset_1_b
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 1

POST /api/data/v9.2/accounts HTTP/1.1
Content-Type: application/json

{"name":"Käse"}
--changeset_1_b
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: second

PATCH $1 HTTP/1.1
Content-Type: application/json
If-Match: *

{}
--changeset_1_b--
--b
Content-Type: application/http
Content-Transfer-Encoding: binary
Content-ID: 2

GET https://x/data/accounts?$top=1 HTTP/1.1
Accept: application/json


--b--
"""
        )
        + b"\r\n"
    )


def test_there_is_no_bare_line_feed_and_every_batch_has_its_own_boundary() -> None:
    items = [BatchPart("GET", "accounts"), ChangeSet([BatchPart("DELETE", "accounts(1)")])]
    first_type, first = encode(items)
    second_type, _ = encode(items)
    assert first_type != second_type
    assert first.count(b"\n") == first.count(b"\r\n")


@pytest.mark.parametrize(
    "bad",
    [
        ChangeSet([]),
        ChangeSet([BatchPart("GET", "accounts")]),
        BatchPart("GET", "accounts(name='a b')"),
        BatchPart("GET", "accounts\r\nX: y"),
        BatchPart("GET", "kä"),
        BatchPart("GET", "accounts", {"Prefer": "a\r\nInjected: b"}),
    ],
)
def test_what_would_break_the_form_is_refused(bad: BatchPart | ChangeSet) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode([bad])


def test_replies_in_order_with_headers_and_bodies() -> None:
    body = reply_of(
        part("200 OK", '{"value":[]}', content_id="1"),
        part("204 No Content"),
        part("404 Not Found", '{"error":{"code":"0x80040217","message":"gone"}}'),
    )
    replies = decode(response(body))
    assert [reply.status for reply in replies] == [200, 204, 404]
    assert [reply.body for reply in replies][:2] == [b'{"value":[]}', b""]
    assert replies[0].content_id == "1"
    assert replies[0].headers["odata-version"] == "4.0"
    assert replies[0].json() == {"value": []}
    refused = replies[2].error("GET accounts(…)")
    assert (refused.code, refused.status, refused.message) == ("0x80040217", 404, "gone")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed; boundary=batchresponse_1",
        'Multipart/Mixed;BOUNDARY="batchresponse_1"; charset=utf-8',
    ],
)
def test_boundaries_quoted_or_not(content_type: str) -> None:
    assert decode(response(reply_of(part("200 OK", "{}")), content_type))[0].status == 200


def test_line_feeds_alone_and_a_preamble_are_understood() -> None:
    body = b"preamble\n" + reply_of(part("200 OK", '{"a":1}')).replace(b"\r\n", b"\n") + b"epilogue"
    assert decode(response(body))[0].body == b'{"a":1}'


def test_a_body_that_mentions_the_boundary_is_not_cut() -> None:
    body = reply_of(part("200 OK", '{"name":"x --batchresponse_1 y"}'))
    assert decode(response(body))[0].body == b'{"name":"x --batchresponse_1 y"}'


GOOD = reply_of(part("200 OK", "{}"), part("200 OK", "{}"))


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (GOOD, "application/json", "is application/json, not multipart/mixed"),
        (GOOD, "", "is of no type"),
        (GOOD, "multipart/mixed", "names no boundary"),
        (GOOD, "multipart/mixed; boundary=other", "does not contain its boundary 'other'"),
        (GOOD[: GOOD.rindex(b"--batchresponse_1--")], OUTER, "ends before its closing boundary"),
        (GOOD.replace(b"application/http", b"text/plain", 1), OUTER, "Part 1 .* is text/plain"),
        (
            GOOD.replace(b"Content-Type: application/http", b"X-Other: 1", 1),
            OUTER,
            "Part 1 .* no Content-Type",
        ),
        (GOOD.replace(b"HTTP/1.1 200 OK", b"200 OK", 1), OUTER, "Part 1 .* status line"),
        (GOOD.replace(b"OData-Version: 4.0", b"no colon here", 1), OUTER, "line without a colon"),
    ],
)
def test_broken_replies_are_named(body: bytes, content_type: str, says: str) -> None:
    with pytest.raises(ProtocolError, match=says):
        decode(response(body, content_type))


# --- sending


READS = [BatchPart("GET", "accounts(1)"), BatchPart("GET", "accounts(2)"), BatchPart("GET", "accounts(3)")]


def play(server: ScriptedServer, *parts: str, status: int = 200) -> None:
    server.reply(status, reply_of(*parts), {"Content-Type": OUTER})


def test_parts_are_sent_with_absolute_addresses(server: ScriptedServer, transport: Transport) -> None:
    play(server, part("200 OK", "{}"), part("404 Not Found"), part("200 OK", "{}"))
    replies = send_batch(transport, READS, continue_on_error=True)
    assert [reply.ok for reply in replies] == [True, False, True]
    assert [reply.item.url for reply in replies if isinstance(reply.item, BatchPart)] == [
        f"{server.origin}/data/accounts({number})" for number in (1, 2, 3)
    ]
    sent = server.seen[0]
    assert (sent.method, sent.target) == ("POST", "/data/$batch")
    assert sent.headers["Prefer"] == "odata.continue-on-error"
    assert f"GET {server.origin}/data/accounts(1) HTTP/1.1\r\n".encode() in sent.body


def test_no_items_no_request(server: ScriptedServer, transport: Transport) -> None:
    assert send_batch(transport, [], continue_on_error=True) == []
    assert server.seen == []


def test_change_sets_that_succeed_fail_barely_and_fail_in_a_frame(
    server: ScriptedServer, transport: Transport
) -> None:
    error = '{"error":{"code":"0x80060892","message":"duplicate"}}'
    play(
        server,
        change_set(
            part("204 No Content", content_id="2", boundary="changesetresponse_9"),
            part("201 Created", '{"a":1}', content_id="1", boundary="changesetresponse_9"),
        ),
        part("412 Precondition Failed", error),
        change_set(part("500 Internal Server Error", error, boundary="c3"), boundary="c3"),
    )
    writes = [BatchPart("POST", "accounts", body=b"{}"), BatchPart("PATCH", "accounts(1)", body=b"{}")]
    replies = send_batch(transport, [ChangeSet(writes)] * 3, continue_on_error=True)
    assert [[one.status for one in reply.replies] for reply in replies] == [[201, 204], [412], [500]]
    assert [reply.ok for reply in replies] == [True, False, False]
    failure = replies[1].failure
    assert isinstance(failure, RefusedError)
    assert (failure.code, failure.message) == ("0x80060892", "duplicate")
    assert replies[0].failure is None


def test_without_continue_on_error_the_rest_was_not_run(server: ScriptedServer, transport: Transport) -> None:
    play(
        server,
        part("200 OK", "{}"),
        part("400 Bad Request", '{"error":{"code":"","message":"no"}}'),
        status=400,
    )
    replies = send_batch(transport, READS, continue_on_error=False)
    assert [(reply.ran, reply.ok) for reply in replies] == [(True, True), (True, False), (False, False)]
    assert "Prefer" not in server.seen[0].headers


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([part("200 OK", "{}")] * 2, "2 parts for 3 requests, and none failed"),
        ([part("200 OK", "{}")] * 4, "4 parts for 3 requests"),
        (
            [change_set(part("200 OK", boundary="c1"), part("200 OK", boundary="c1"), boundary="c1")]
            + [part("200 OK", "{}")] * 2,
            "Part 1 .* answers one request 2 times",
        ),
    ],
)
def test_replies_that_do_not_match_the_requests(
    server: ScriptedServer, transport: Transport, parts: list[str], says: str
) -> None:
    play(server, *parts)
    with pytest.raises(ProtocolError, match=says):
        send_batch(transport, READS, continue_on_error=True)


def test_a_change_set_with_a_reply_missing(server: ScriptedServer, transport: Transport) -> None:
    play(server, change_set(part("204 No Content", boundary="changesetresponse_9")))
    writes = ChangeSet([BatchPart("DELETE", "accounts(1)"), BatchPart("DELETE", "accounts(2)")])
    with pytest.raises(ProtocolError, match="1 answers for 2 requests"):
        send_batch(transport, [writes], continue_on_error=True)


def test_a_batch_refused_as_a_whole(server: ScriptedServer, transport: Transport) -> None:
    server.reply(400, '{"error":{"code":"0x80048d19","message":"Stream was not readable"}}',
                 {"Content-Type": "application/json"})  # fmt: skip
    with pytest.raises(RefusedError, match="Stream was not readable") as caught:
        send_batch(transport, READS, continue_on_error=True)
    assert caught.value.code == "0x80048d19"


@pytest.mark.parametrize("size", [1, 3])
def test_a_batch_that_stays_throttled_or_unwelcome_refuses_no_row(
    server: ScriptedServer, transport: Transport, size: int
) -> None:
    for _ in range(2):
        server.reply(429, b"", {"Retry-After": "800"})
    with pytest.raises(UnavailableError, match="still answers 429"):
        send_batch(transport, READS[:size], continue_on_error=True)
    server.reply(401)
    with pytest.raises(AccessError, match="does not accept the access token"):
        send_batch(transport, READS[:size], continue_on_error=True)
    server.reply(403, '{"error":{"code":"0x80072560","message":"The user is not a member"}}',
                 {"Content-Type": "application/json"})  # fmt: skip
    with pytest.raises(AccessError, match="does not know the app"):
        send_batch(transport, READS[:size], continue_on_error=True)


def test_batches_obey_the_transports_rules(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    transport = make_transport()
    server.reply(429, b"", {"Retry-After": "2"})
    server.reply(502)
    play(server, *[part("200 OK", "{}")] * 3)
    assert len(send_batch(transport, READS, continue_on_error=True)) == 3
    server.reply(502)
    with pytest.raises(UnavailableError, match="may or may not"):
        send_batch(
            transport, [ChangeSet([BatchPart("POST", "accounts", body=b"{}")])], continue_on_error=True
        )
    server.reply(502)
    play(server, part("204 No Content"))
    (reply,) = send_batch(
        transport, [BatchPart("POST", "x", body=b"{}")], continue_on_error=True, repeatable=True
    )
    assert reply.ok


def test_a_part_reply_that_is_no_json() -> None:
    with pytest.raises(ProtocolError, match="is not JSON but empty"):
        PartReply(200, headers_of({}), b"").json()
