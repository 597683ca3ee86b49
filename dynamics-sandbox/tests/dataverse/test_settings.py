"""Settings of Dataverse that switch a behaviour its documentation leaves open."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.tokens import TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TENANT = "11111111-2222-3333-4444-555555555555"
APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@pytest.fixture(scope="module")
def shared(open_shared_client: Callable[..., Any]) -> Any:
    return open_shared_client("sales")


@pytest.fixture
def crm(shared: Any) -> Iterator[Any]:
    yield shared
    shared.environment.switches.restore()


def test_the_audience_is_exact_or_not(crm: Any) -> None:
    token = TokenIssuer(b"k" * 32, TENANT).issue(APPLICATION, f"{crm.environment.url}/")
    headers = {"authorization": f"Bearer {token}"}
    assert crm.get("WhoAmI", headers=headers).status == 200
    crm.environment.settings.exact_audience = True
    assert crm.get("WhoAmI", headers=headers).status == 401


def test_averages_have_the_digits_the_settings_say(crm: Any) -> None:
    for name in ("1", "2", "4"):
        crm.post("accounts", {"name": "average", "accountnumber": f"AV{name}", "creditlimit": int(name)})
    query = "accounts?$apply=filter(name eq 'average')/aggregate(creditlimit with average as mean)"
    for digits, expected in ((10, "2.3333333333"), (4, "2.3333"), (0, "2")):
        crm.environment.settings.average_digits = digits
        (row,) = crm.get(query.replace(" ", "%20")).rows
        assert Decimal(row["mean"]) == Decimal(expected)


def test_codes_of_wrong_types_and_times_without_zone(crm: Any) -> None:
    settings = crm.environment.settings
    assert crm("POST", "accounts", {"name": 5}).error == (400, "0x80048d19")
    settings.wrong_type_code = "0x80040203"
    assert crm("POST", "accounts", {"name": 5}).error == (400, "0x80040203")
    order = {"name": "noon", "overriddencreatedon": "2024-01-01T12:00:00"}
    created = crm("POST", "accounts", order, prefer="return=representation")
    assert created.json["createdon"] == "2024-01-01T12:00:00Z"
    settings.instants_without_zone = "reject"
    assert crm("POST", "accounts", order).error == (400, "0x80040203")


def test_a_failed_change_set_is_one_part_or_a_change_set(crm: Any) -> None:
    inner = (
        "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n"
        'POST accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"name":5}\r\n--c--\r\n'
    )
    body = f"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n{inner}\r\n--b--\r\n".encode()
    headers = {"content-type": "multipart/mixed; boundary=b"}
    for form, wrapped in (("part", False), ("change set", True)):
        crm.environment.settings.failed_change_set = form
        reply = crm("POST", "$batch", body=body, headers=headers)
        assert (b"changesetresponse_" in reply.body) is wrapped
        assert reply.status == 400
        assert reply.body.count(b"HTTP/1.1 400") == 1


def test_statuses_that_are_not_documented(crm: Any) -> None:
    settings = crm.environment.settings
    settings.restricted_delete_status = 409
    (currency,) = crm.get("transactioncurrencies?$filter=isocurrencycode eq 'USD'").rows
    address = f"transactioncurrencies({currency['transactioncurrencyid']})"
    crm.post("accounts", {"name": "in dollars", "creditlimit": 1})
    assert crm("DELETE", address).error == (409, "0x80040227")
    link = crm.get("accounts?$select=name", prefer="odata.track-changes").json["@odata.deltaLink"]
    crm.clock.forward(days=8)
    for status in (400, 410):
        settings.expired_link_status = status
        assert crm.get(link).error == (status, "0x80044352")
