"""What goes out on the wire, and what is repeated when the answer is no success."""

from __future__ import annotations

import gzip
import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dynamics_odata.dialect import DATAVERSE, FNO
from dynamics_odata.errors import AccessError, ProtocolError, RefusedError, UnavailableError
from dynamics_odata.transport import Request, Transport
from requests.exceptions import InvalidHeader

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CountedTokens, FakeClock, ScriptedServer

OK = b'{"value":[]}'


def error(code: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "message": message}})


def fno_error(infolog: str) -> str:
    message = f"Write failed for table row of type 'X'. Infolog: {infolog}."
    inner = {"message": message, "type": "AxODataWriteException", "stacktrace": ""}
    return json.dumps({"error": {"code": "", "message": "An error has occurred.", "innererror": inner}})


CONFLICT = fno_error(
    "Error: Cannot edit a record in Customers (CustTable). An update conflict occurred due to another user "
    "process deleting the record or changing one or more fields in the record."
)
WRITE_FAILED = fno_error(
    "Warning: Field 'Name' must be filled in.; "
    "Warning: validateWrite failed on data source 'CustTable (CustTable)'"
)


# --- what goes out


def test_the_usual_headers(server: ScriptedServer, make_transport: Callable[..., Transport]) -> None:
    make_transport(dialect=DATAVERSE).get("accounts", {"Prefer": "odata.maxpagesize=10"})
    sent = server.seen[0].headers
    assert sent["Authorization"] == "Bearer token-0"
    assert sent["Accept"] == "application/json"
    assert sent["OData-Version"] == sent["OData-MaxVersion"] == "4.0"
    assert sent["If-None-Match"] == "null"
    assert sent["Prefer"] == "odata.maxpagesize=10"
    assert "gzip" in sent["Accept-Encoding"]
    assert "Content-Type" not in sent


def test_a_header_of_the_request_replaces_the_usual_one(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    make_transport(dialect=DATAVERSE).send(
        Request("PATCH", "accounts(1)", {"if-none-match": "*", "content-type": "text/plain"}, b"{}")
    )
    sent = {name.lower(): value for name, value in server.seen[0].headers.items()}
    assert sent["if-none-match"] == "*"
    assert sent["content-type"] == "text/plain"
    assert server.seen[0].body == b"{}"


def test_a_body_is_json_unless_said_otherwise(server: ScriptedServer, transport: Transport) -> None:
    transport.send(Request("POST", "accounts", body='{"name":"Käse"}'.encode()))
    assert server.seen[0].headers["Content-Type"] == "application/json; charset=utf-8"
    assert server.seen[0].body.decode() == '{"name":"Käse"}'


# A cookie of Dataverse is XML, encoded twice; quotes and plus signs must arrive as they were given.
LITERAL_TARGETS = [
    "/data/accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page%22%20/%3E",
    "/data/accounts?$filter=name%20eq%20%27O%27%27Brien%27&x=a+b&y=%2B",
    "/data/accounts(accountnumber='A%27%271')?$select=name",
    "/data/CustomersV3?cross-company=true&$select=dataAreaId,CustomerAccount&$skip=10000",
    "/data/a/../b/./c?$skiptoken=x//y",
    "/data/accounts?$deltatoken=919058%2105%2F02%2F2024%2008%3A21%3A20",
]


@pytest.mark.parametrize("target", LITERAL_TARGETS)
def test_addresses_travel_literally(server: ScriptedServer, transport: Transport, target: str) -> None:
    transport.get(server.origin + target)
    assert server.seen[0].target == target


def test_lower_case_escapes_may_change_their_case_but_nothing_else(
    server: ScriptedServer, transport: Transport
) -> None:
    # The HTTP library writes escapes in capitals, which RFC 3986 (section 6.2.2.1) calls the same address.
    target = "/data/accounts?$deltatoken=919058%2105%2f02%2f2024%2008%3a21%3a20&x=%253c"
    transport.get(server.origin + target)
    assert server.seen[0].target == target.replace("%2f", "%2F").replace("%3a", "%3A")


def test_paths_are_relative_to_the_root_or_the_host(server: ScriptedServer, transport: Transport) -> None:
    assert transport.url("accounts") == f"{server.origin}/data/accounts"
    assert transport.url("/api/x?y=1") == f"{server.origin}/api/x?y=1"
    assert transport.url(f"{server.origin}/data/a") == f"{server.origin}/data/a"
    assert transport.url(server.origin.upper() + "/data/a").endswith("/data/a")


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/data/accounts", "https://127.0.0.1/data/accounts", "http://127.0.0.1:1/data"],
)
def test_a_token_never_leaves_the_environment(
    server: ScriptedServer, transport: Transport, link: str
) -> None:
    with pytest.raises(ProtocolError, match="leads to another address"):
        transport.get(link)
    assert server.seen == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(server: ScriptedServer, transport: Transport, status: int) -> None:
    server.reply(status, b"", {"Location": "https://login.example.com/?token=1"})
    with pytest.raises(ProtocolError, match=r"redirects to login\.example\.com .*`environment_url`"):
        transport.get("accounts")
    assert len(server.seen) == 1


def test_compressed_answers_are_read(server: ScriptedServer, transport: Transport) -> None:
    server.reply(
        200, gzip.compress(b'{"value":[{"revenue":922337203685477.5807}]}'), {"Content-Encoding": "gzip"}
    )
    rows = transport.get("accounts").json()["value"]
    assert rows == [{"revenue": Decimal("922337203685477.5807")}]


def test_an_answer_that_is_no_json(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, "<html><head><title>Sign in</title></head></html>", {"Content-Type": "text/html"})
    with pytest.raises(ProtocolError, match=r"GET /data/accounts is not JSON but a gateway .*Sign in"):
        transport.get("accounts").json()


def test_answers_ignore_the_case_of_header_names(server: ScriptedServer, transport: Transport) -> None:
    server.reply(200, OK, {"REQ_ID": "abc", "x-ms-dop-hint": "4"})
    answer = transport.get("accounts")
    assert answer.headers["X-MS-DOP-HINT"] == "4"
    server.reply(204, b"", {"ms-dyn-aid": "aid-1"})
    assert transport.get("accounts").request_id == "aid-1"


def test_cookies_are_dropped_unless_kept(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    for keep, expected in ((False, None), (True, "ARRAffinity=one")):
        transport = make_transport(keep_cookies=keep)
        server.reply(200, OK, {"Set-Cookie": "ARRAffinity=one; Path=/"})
        transport.get("accounts")
        transport.get("accounts")
        assert server.seen[-1].headers.get("Cookie") == expected


def test_netrc_does_not_replace_the_token(
    server: ScriptedServer,
    transport: Transport,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password pw\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport.get("accounts")
    assert server.seen[0].headers["Authorization"] == "Bearer token-0"


def test_a_header_that_cannot_be_sent_is_a_mistake_and_no_lost_connection(
    transport: Transport, clock: FakeClock
) -> None:
    with pytest.raises(InvalidHeader):
        transport.get("accounts", {"Prefer": "a\r\nb: c"})
    assert clock.slept == []


# --- throttling


def test_a_throttled_request_waits_as_long_as_asked(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    server.reply(429, error("0x80072322", "Number of requests exceeded"), {"Retry-After": "7"})
    server.reply(200, OK)
    assert transport.send(Request("POST", "accounts", body=b"{}")).status == 200
    assert clock.slept == [7]
    assert transport.statistics.requests == 2
    assert transport.statistics.retries == 1
    assert transport.statistics.throttled_seconds == 7


def test_a_date_in_retry_after_counts_from_the_answers_own_date(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    # http.server sends its own Date first; a date in the past asks for no wait, whatever the local clock.
    server.reply(503, b"", {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    server.reply(200, OK)
    assert transport.get("accounts").status == 200
    assert clock.slept == []


@pytest.mark.parametrize("value", ["", "soon", "-5", "Someday, 99 Foo 2026"])
def test_without_a_readable_time_the_wait_doubles(
    server: ScriptedServer, transport: Transport, clock: FakeClock, value: str
) -> None:
    for _ in range(3):
        server.reply(429, b"", {"Retry-After": value} if value else None)
    transport.get("accounts")
    assert clock.slept == [1, 2, 4]


def test_fno_waits_half_a_minute_by_default(
    server: ScriptedServer, make_transport: Callable[..., Transport], clock: FakeClock
) -> None:
    server.reply(429)
    make_transport(dialect=FNO).get("CustomersV3")
    assert clock.slept == [30]


def test_throttling_does_not_use_up_the_retries(
    server: ScriptedServer, make_transport: Callable[..., Transport], clock: FakeClock
) -> None:
    transport = make_transport(max_retries=0)
    for _ in range(10):
        server.reply(429, b"", {"Retry-After": "60"})
    assert transport.get("accounts").status == 200
    assert sum(clock.slept) == 600


def test_throttling_ends_with_its_budget_of_fifteen_minutes(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    for _ in range(4):
        server.reply(503, error("", "busy"), {"Retry-After": "300"})
    with pytest.raises(UnavailableError) as caught:
        transport.get("accounts")
    assert clock.slept == [300, 300, 300]
    assert "still answers 503" in str(caught.value)
    assert "after 900 s of waiting and asks for 300 s more: busy" in str(caught.value)
    assert caught.value.status == 503


def test_one_too_long_wait_is_not_begun(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    server.reply(429, b"", {"Retry-After": "3600"})
    with pytest.raises(UnavailableError, match="asks for 3600 s more"):
        transport.get("accounts")
    assert clock.slept == []


def test_endless_waits_of_zero_come_to_an_end(server: ScriptedServer, transport: Transport) -> None:
    for _ in range(1000):
        server.reply(429, b"", {"Retry-After": "0"})
    with pytest.raises(UnavailableError):
        transport.get("accounts")
    assert len(server.seen) == 901


def test_every_thread_waits_when_one_is_throttled(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    # The first thread is told to wait; while it sleeps, a second one starts and must not send before it.
    server.reply(429, b"", {"Retry-After": "5"})
    inside, resume = threading.Event(), threading.Event()
    arrived_while_waiting: list[int] = []

    def slow_sleep(seconds: float) -> None:
        arrived_while_waiting.append(len(server.seen))
        inside.set()
        resume.wait(5)
        clock.now = max(clock.now, 1005.0)
        clock.slept.append(seconds)

    with Transport(
        transport.connection, transport.root, tokens=transport.tokens, sleep=slow_sleep, clock=clock
    ) as gated:
        threads = [threading.Thread(target=gated.get, args=("accounts",)) for _ in range(2)]
        threads[0].start()
        assert inside.wait(5)
        threads[1].start()
        resume.set()
        for thread in threads:
            thread.join(5)
    assert arrived_while_waiting[0] == 1
    assert set(arrived_while_waiting) == {1}
    assert len(server.seen) == 3


def test_the_services_hint_of_parallelism_is_kept(server: ScriptedServer, transport: Transport) -> None:
    assert transport.recommended_parallelism is None
    for sent, kept in (("4", 4), ("many", 4), ("0", 4), ("6", 6)):
        server.reply(200, OK, {"x-ms-dop-hint": sent})
        transport.get("accounts")
        assert transport.recommended_parallelism == kept


def test_503_without_a_time_repeats_no_write_of_unknown_outcome(
    server: ScriptedServer, transport: Transport
) -> None:
    server.reply(503, "<html><title>Service Unavailable</title></html>")
    with pytest.raises(UnavailableError, match=r"may or may not have been carried out.*Service Unavailable"):
        transport.send(Request("POST", "accounts", body=b"{}"))
    assert len(server.seen) == 1


# --- failures of the server


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_passing_failures_of_repeatable_requests_are_repeated(
    server: ScriptedServer, transport: Transport, clock: FakeClock, status: int, method: str
) -> None:
    server.reply(status)
    server.reply(status)
    server.reply(204)
    assert transport.send(Request(method, "accounts(1)")).status == 204
    assert clock.slept == [1, 2]


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_a_post_is_repeated_only_when_it_is_said_to_be_repeatable(
    server: ScriptedServer, transport: Transport, clock: FakeClock, status: int
) -> None:
    server.reply(status)
    with pytest.raises(UnavailableError, match="may or may not"):
        transport.send(Request("POST", "accounts", body=b"{}"))
    assert len(server.seen) == 1
    server.reply(status)
    transport.send(Request("POST", "accounts/UpsertMultiple", body=b"{}", repeatable=True))
    assert len(server.seen) == 3
    assert clock.slept == [1]


def test_a_patch_said_not_to_be_repeatable_is_sent_once(server: ScriptedServer, transport: Transport) -> None:
    server.reply(500)
    with pytest.raises(UnavailableError):
        transport.send(Request("PATCH", "accounts(1)", {"If-None-Match": "*"}, b"{}", repeatable=False))
    assert len(server.seen) == 1


def test_retries_come_to_an_end_and_say_what_was_waited(
    server: ScriptedServer, make_transport: Callable[..., Transport], clock: FakeClock
) -> None:
    transport = make_transport(max_retries=3)
    for _ in range(5):
        server.reply(502, "<html><title>Bad Gateway</title></html>", {"REQ_ID": "r-1"})
    with pytest.raises(UnavailableError) as caught:
        transport.get("accounts(accountnumber='secret')?$select=name")
    assert clock.slept == [1, 2, 4]
    assert "answers 502 to GET /data/accounts(…) (tried 4 times with 7 s of waiting)" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.request_id == "r-1"


def test_a_write_failure_of_fno_is_refused_though_it_comes_as_500(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    server.reply(500, WRITE_FAILED, {"ms-dyn-aid": "aid-9"})
    with pytest.raises(RefusedError) as caught:
        make_transport(dialect=FNO).send(Request("PATCH", "CustomersV3(dataAreaId='usmf')", body=b"{}"))
    assert caught.value.detail == "Field 'Name' must be filled in."
    assert caught.value.status == 500
    assert caught.value.request_id == "aid-9"
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 500])
def test_an_update_conflict_of_fno_is_repeated_even_for_a_post(
    server: ScriptedServer, make_transport: Callable[..., Transport], clock: FakeClock, status: int
) -> None:
    transport = make_transport(dialect=FNO, max_retries=2)
    server.reply(status, CONFLICT)
    server.reply(201, b"{}")
    assert transport.send(Request("POST", "CDSSalesOrderLines", body=b"{}")).status == 201
    assert clock.slept == [1]
    for _ in range(3):
        server.reply(status, CONFLICT)
    with pytest.raises(RefusedError, match="update conflict"):
        transport.send(Request("POST", "CDSSalesOrderLines", body=b"{}"))


# --- refusals


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 412, 413, 415, 501])
def test_other_refusals_are_final(server: ScriptedServer, transport: Transport, status: int) -> None:
    server.reply(status, error("0x80040217", "account With Id = 1 Does Not Exist"), {"REQ_ID": "req-7"})
    with pytest.raises(RefusedError) as caught:
        transport.get("accounts(11111111-0000-0000-0000-000000000001)")
    refused = caught.value
    assert (refused.status, refused.code, refused.request_id) == (status, "0x80040217", "req-7")
    assert refused.message == "account With Id = 1 Does Not Exist"
    assert str(refused) == (
        "account With Id = 1 Does Not Exist. "
        f"[GET /data/accounts(…) (HTTP {status}, code 0x80040217, request req-7)]"
    )
    assert len(server.seen) == 1


def test_accepted_statuses_are_answers(server: ScriptedServer, transport: Transport) -> None:
    server.reply(404, b"gone")
    answer = transport.send(Request("GET", "accounts(1)"), accept=(404,))
    assert (answer.status, answer.body) == (404, b"gone")


def test_accepting_a_status_does_not_switch_off_repeating(
    server: ScriptedServer, make_transport: Callable[..., Transport], clock: FakeClock
) -> None:
    transport = make_transport(auth="managed_identity")
    server.reply(429, b"", {"Retry-After": "3"})
    server.reply(401)
    server.reply(412)
    assert transport.send(Request("PATCH", "accounts(1)"), accept=range(400, 500)).status == 412
    assert clock.slept == [3]


# --- access


def test_a_refused_token_is_replaced_once(
    server: ScriptedServer, make_transport: Callable[..., Transport], tokens: CountedTokens
) -> None:
    transport = make_transport(auth="managed_identity")
    server.reply(401)
    server.reply(200, OK)
    assert transport.send(Request("POST", "accounts", body=b"{}")).status == 200
    assert tokens.forgotten == 1
    assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer token-0", "Bearer token-1"]


@pytest.mark.parametrize(
    ("dialect", "hint"),
    [(DATAVERSE, "`environment_url`"), (FNO, "Register the app (`client_id`) in F&O")],
)
def test_401_to_a_fresh_token_says_where_the_app_must_be_known(
    server: ScriptedServer, make_transport: Callable[..., Transport], dialect: object, hint: str
) -> None:
    server.reply(401)
    server.reply(401)
    with pytest.raises(AccessError) as caught:
        make_transport(auth="managed_identity", dialect=dialect).get("x")
    assert hint in str(caught.value)
    assert "token-" not in str(caught.value)


def test_a_given_token_cannot_be_renewed(server: ScriptedServer, transport: Transport) -> None:
    server.reply(401)
    with pytest.raises(AccessError, match="fresh token in `access_token`"):
        transport.get("x")
    assert len(server.seen) == 1


def test_an_app_that_is_no_user_is_told_where_to_add_it(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    server.reply(403, error("0x80072560", "The user is not a member of the organization."))
    with pytest.raises(AccessError, match=r"(?s)not a member.*`client_id`.*application user"):
        make_transport(dialect=DATAVERSE).get("WhoAmI")


def test_a_missing_privilege_is_a_refusal_of_this_request(
    server: ScriptedServer, make_transport: Callable[..., Transport]
) -> None:
    server.reply(403, error("0x80040220", "Principal user is missing prvReadAccount privilege"))
    with pytest.raises(RefusedError, match="prvReadAccount"):
        make_transport(dialect=DATAVERSE).get("accounts")
