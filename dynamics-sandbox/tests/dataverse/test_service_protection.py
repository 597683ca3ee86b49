"""Service protection: limits per user and web server, Retry-After, and the cookie that picks the server."""

from __future__ import annotations

from typing import Any

import pytest
from dynamics_sandbox.dataverse.errors import DataverseError
from dynamics_sandbox.dataverse.protocol.service_protection import ServiceProtection, affinity_cookies
from dynamics_sandbox.dataverse.settings import DataverseSettings
from dynamics_sandbox.web_servers import WebServers


def test_too_many_requests_get_429_until_the_window_has_room(open_client: Any) -> None:
    client = open_client(web_servers=1, request_limit=3, impatience_seconds=0)
    for left in ("2", "1", "0"):
        reply = client.get("WhoAmI")
        assert reply.status == 200
        assert reply.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == left
        client.clock.forward(seconds=10)
    refused = client.get("WhoAmI")
    assert refused.error == (429, "0x80072322")
    message = "Number of requests exceeded the limit of 3 over time window of 300 seconds."
    assert refused.json["error"]["message"] == message
    assert refused.headers["retry-after"] == "270"  # the first of them leaves 300 s after it came
    client.clock.forward(seconds=270)
    assert client.get("WhoAmI").status == 200
    assert client.get("WhoAmI").status == 429


def test_requests_that_do_not_wait_lengthen_the_wait(open_client: Any) -> None:
    client = open_client(web_servers=1, request_limit=1, impatience_seconds=7)
    assert client.get("WhoAmI").status == 200
    waits = [int(client.get("WhoAmI").headers["retry-after"]) for _ in range(3)]
    assert waits == [300, 307, 314]
    client.clock.forward(seconds=313)
    assert client.get("WhoAmI").status == 429  # and this one costs another 7 s
    client.clock.forward(seconds=8)
    assert client.get("WhoAmI").status == 200


def test_execution_time_is_limited(open_client: Any) -> None:
    client = open_client(web_servers=1, execution_seconds_limit=1e-9)
    assert client.get("WhoAmI").status == 200
    refused = client.get("WhoAmI")
    assert refused.error == (429, "0x80072321")
    assert refused.json["error"]["message"].startswith(
        "Combined execution time of incoming requests exceeded"
    )
    assert refused.headers["retry-after"] == "300"


def test_the_message_of_the_time_limit_is_the_service_s() -> None:
    now = [0.0]
    protection = ServiceProtection(DataverseSettings(), lambda: now[0])
    protection.admit("user", 0).done(1200)
    with pytest.raises(DataverseError) as refused:
        protection.admit("user", 0)
    assert refused.value.message == (
        "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time "
        "window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests "
        "and try again later."
    )


def test_concurrency_trips_at_once_and_for_one_user_only() -> None:
    settings = DataverseSettings(concurrency_limit=2, concurrency_wait_seconds=5, impatience_seconds=0)
    now = [100.0]
    protection = ServiceProtection(settings, lambda: now[0])
    running = [protection.admit("one", 0), protection.admit("one", 0)]
    with pytest.raises(DataverseError) as refused:
        protection.admit("one", 0)
    assert (refused.value.status, refused.value.code) == (429, "0x80072326")
    assert refused.value.message == "Number of concurrent requests exceeded the limit of 2."
    assert refused.value.headers == {"Retry-After": "5"}
    protection.admit("other", 0)
    protection.admit("one", 1)
    for admission in running:
        admission.done(0.5)
    with pytest.raises(DataverseError):  # nothing passes before the wait is over
        protection.admit("one", 0)
    now[0] += 5
    protection.admit("one", 0)


def test_concurrent_requests_over_the_limit_are_refused(open_client: Any) -> None:
    client = open_client(web_servers=1, concurrency_limit=0)
    assert client.get("WhoAmI").error == (429, "0x80072326")


def test_a_batch_counts_as_one_request(open_client: Any) -> None:
    client = open_client(web_servers=1, request_limit=2)
    part = (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "GET WhoAmI HTTP/1.1\r\n\r\n\r\n"
    )
    headers = {"content-type": "multipart/mixed; boundary=b"}
    reply = client("POST", "$batch", body=(part * 5 + "--b--\r\n").encode(), headers=headers)
    assert reply.status == 200
    assert reply.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "1"


def test_every_server_has_its_own_budget_and_the_cookie_keeps_a_client_on_one(open_client: Any) -> None:
    client = open_client(web_servers=2, request_limit=2)
    assert [client.get("WhoAmI").status for _ in range(5)] == [200, 200, 200, 200, 429]
    client.clock.forward(seconds=2000)
    # The dictionary of headers keeps the second of the two cookies, which bears the same token.
    token = client.get("WhoAmI").headers["set-cookie"].partition(";")[0].partition("=")[2]
    cookie = f"ARRAffinity={token}"
    sticky = [client.get("WhoAmI", headers={"cookie": cookie}) for _ in range(2)]
    assert [reply.status for reply in sticky] == [200, 429]
    assert "set-cookie" not in sticky[0].headers
    assert client.get("WhoAmI").status == 200  # in turn, the other server


def test_cookies_name_servers_and_strange_ones_are_replaced() -> None:
    servers = WebServers("https://contoso.crm4.dynamics.com")
    first, token = servers.choose("", 2)
    cookies = affinity_cookies(token or "", "contoso.crm4.dynamics.com")
    names = [cookie.partition("=")[0] for cookie in cookies]
    assert names == ["ARRAffinity", "ARRAffinitySameSite"]
    kept = cookies[0].partition(";")[0]
    assert servers.choose(f"a=b; {kept}", 2) == (first, None)
    second, other = servers.choose("ARRAffinity=unknown", 2)
    assert (second, other) != (first, token)
    # A server that is taken away takes its cookie along.
    assert servers.choose(f"ARRAffinity={other}", 1) == (0, token)


def test_impersonated_users_have_budgets_of_their_own(open_client: Any) -> None:
    client = open_client(web_servers=1, request_limit=1)
    user = client.get("WhoAmI").json["UserId"]
    assert client.get("WhoAmI").status == 429
    assert client.get("WhoAmI", headers={"MSCRMCallerID": user}).status == 200


def test_answers_recommend_a_parallelism(open_client: Any) -> None:
    client = open_client(parallelism_hint=11)
    assert client.get("accounts?$top=1").headers["x-ms-dop-hint"] == "11"


def test_what_is_left_of_the_time_is_told_in_seconds() -> None:
    protection = ServiceProtection(DataverseSettings(), lambda: 0.0)
    admission = protection.admit("user", 0)
    admission.done(0.25)
    assert protection.headers(admission) == {
        "x-ms-ratelimit-burst-remaining-xrm-requests": "5999",
        "x-ms-ratelimit-time-remaining-xrm-requests": "1,199.75",
    }
