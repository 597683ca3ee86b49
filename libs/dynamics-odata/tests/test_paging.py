"""Pages are followed to the end, literally, and their rows stay byte for byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.errors import ProtocolError, RefusedError
from dynamics_odata.paging import pages

if TYPE_CHECKING:
    from conftest import ScriptedServer
    from dynamics_odata.transport import Transport


def page(rows: str, **links: str) -> str:
    named = "".join(f',"@odata.{name}":{json.dumps(link)}' for name, link in links.items())
    return f'{{"@odata.context":"c#accounts","value":[{rows}]{named}}}'


def test_all_pages_empty_ones_included_with_the_same_headers(
    server: ScriptedServer, transport: Transport
) -> None:
    second = f"{server.origin}/data/accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22%20/%3E&x=%27+b"
    third = f"{server.origin}/data/accounts?$skiptoken=3"
    delta = f"{server.origin}/data/accounts?$deltatoken=919058%2105%2F02"
    server.reply(200, page('{"a":1},{"a":2}', nextLink=second))
    server.reply(200, page("", nextLink=third))
    server.reply(200, page('{"a":3}', deltaLink=delta))

    read = list(pages(transport, "accounts?$select=a", headers={"Prefer": "odata.maxpagesize=2"}))

    assert [[bytes(row) for row in one.rows] for one in read] == [[b'{"a":1}', b'{"a":2}'], [], [b'{"a":3}']]
    assert [one.next_link for one in read] == [second, third, None]
    assert [one.delta_link for one in read] == [None, None, delta]
    assert read[0].context == "c#accounts"
    assert [server.origin + seen.target for seen in server.seen[1:]] == [second, third]
    assert {seen.headers["Prefer"] for seen in server.seen} == {"odata.maxpagesize=2"}


@pytest.mark.parametrize(
    "row",
    [
        '{"revenue":922337203685477.5807}',
        '{"x":0.0000000000,"y":0.10,"z":1E-7}',
        '{"name":"M\\u00fcller \\ud83d\\ude00 \\ud800"}',
        '{ "spaced" :  [1,\n 2] }',
        '{"versionnumber":9223372036854775807}',
    ],
)
def test_rows_keep_their_bytes(server: ScriptedServer, transport: Transport, row: str) -> None:
    server.reply(200, page(row))
    (only,) = pages(transport, "accounts")
    assert bytes(only.rows[0]) == row.encode()


def test_half_a_surrogate_pair_does_not_stop_a_page(server: ScriptedServer, transport: Transport) -> None:
    rows = ['{"name":"cut \\ud83d","revenue":0.10}', '{ "a" : [1, {"b":"]},{"}] }', '{"name":"Käse \\ud800"}']
    server.reply(200, page(" , \n".join(rows), nextLink=f"{server.origin}/data/accounts?$skiptoken=2"))
    server.reply(200, page('{"name":"\\ud800"}', deltaLink="d"))
    first, second = pages(transport, "accounts")
    assert [bytes(row).decode() for row in first.rows] == rows
    assert (first.context, second.delta_link) == ("c#accounts", "d")


@pytest.mark.parametrize(
    "body",
    [
        '{"value":["\\ud800"',
        '{"value":["\\ud800"],',
        '{"value":["\\ud800"] "x":1}',
        '{"value":"\\ud800"}',
        '["\\ud800"]',
        '{"value":["\\ud800"]} x',
        '{"other":"\\ud800"}',
        '{"value":["\\ud800"],"@odata.nextLink":5}',
        '{"value":["\\ud800" "x"]}',
    ],
)
def test_broken_pages_stay_broken_the_slow_way(
    server: ScriptedServer, transport: Transport, body: str
) -> None:
    server.reply(200, body)
    with pytest.raises(ProtocolError, match="is no collection"):
        list(pages(transport, "accounts"))


def test_a_byte_order_mark_does_no_harm(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, b"\xef\xbb\xbf" + page('{"a":1}').encode())
    (only,) = pages(transport, "accounts")
    assert len(only.rows) == 1


def test_relative_links_count_from_the_request(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, page("", nextLink="accounts?$skiptoken=2"))
    server.reply(200, page("", nextLink="/data/accounts?$skiptoken=http://x"))
    server.reply(200, page(""))
    list(pages(transport, "accounts"))
    assert [seen.target for seen in server.seen[1:]] == [
        "/data/accounts?$skiptoken=2",
        "/data/accounts?$skiptoken=http://x",
    ]


@pytest.mark.parametrize("links", [["1"], ["2", "1"], ["2", "2"]])
def test_links_in_a_circle_are_detected(
    server: ScriptedServer, transport: Transport, links: list[str]
) -> None:
    for link in links:
        server.reply(200, page("", nextLink=f"{server.origin}/data/accounts?page={link}"))
    reading = pages(transport, "accounts?page=1")
    with pytest.raises(ProtocolError, match="leads in a circle"):
        list(reading)
    assert len(server.seen) == len(links)


def test_a_link_to_another_host_is_refused(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, page("", nextLink="https://evil.example/data/accounts"))
    with pytest.raises(ProtocolError, match=r"https://evil\.example"):
        list(pages(transport, "accounts"))
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><title>x</title></html>", b'{"value":[1,', b'{"value":5}', b"[]", b'{"rows":[]}', b"\xff"],
)
def test_answers_that_are_no_collection(server: ScriptedServer, transport: Transport, body: bytes) -> None:
    server.reply(200, body)
    with pytest.raises(ProtocolError, match="GET /data/accounts is no collection"):
        list(pages(transport, "accounts"))


def test_a_refusal_on_a_later_page_ends_the_reading(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, page('{"a":1}', nextLink=f"{server.origin}/data/accounts?$skiptoken=2"))
    server.reply(400, '{"error":{"code":"0x80044352","message":"Version stamp has expired."}}')
    read: list[Any] = []
    with pytest.raises(RefusedError, match="Version stamp"):
        read.extend(pages(transport, "accounts"))
    assert len(server.seen) == 2
