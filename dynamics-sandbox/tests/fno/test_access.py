"""Who may call, and what every answer carries (…/data-entities/services-home-page)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from dynamics_sandbox.tokens import TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

URL = "https://fno.example.com"


@pytest.mark.parametrize(
    "path", ["/data/CustomersV3", "/metadata/DataEntities", "/api/connector/enqueue/x", "/else"]
)
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic eDp5"])
def test_without_a_good_token_nothing_is_answered(fno: Client, path: str, header: str) -> None:
    answer = fno.get(path, authorization=header)
    assert (answer.status, answer.body) == (401, b"")
    assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("client", "resource", "status"),
    [
        ("99999999-8888-7777-6666-555555555555", URL, 200),
        ("99999999-8888-7777-6666-555555555555", "https://other.example.com", 401),
        ("00000000-0000-0000-0000-000000000001", URL, 401),
    ],
)
def test_the_application_must_be_registered_and_the_token_meant_for_here(
    fno: Client, client: str, resource: str, status: int
) -> None:
    token = fno.issuer.issue(client, resource)
    assert fno.get("/data/Companies", authorization=f"Bearer {token}").status == status


def test_an_unknown_application_is_told_where_to_register(
    fno: Client, open_environment: Callable[..., Client]
) -> None:
    client = "00000000-0000-0000-0000-000000000001"
    header = f"Bearer {fno.issuer.issue(client, URL)}"
    hint = fno.get("/data/Companies", authorization=header).headers["www-authenticate"]
    assert f"The application {client} has no enabled user" in hint
    quiet = open_environment(unauthorized_hint=False)
    plain = quiet.get("/data/Companies", authorization=header).headers["www-authenticate"]
    assert plain == f'Bearer realm="{URL}"'


def test_a_token_of_another_key_is_refused(fno: Client) -> None:
    forged = TokenIssuer(b"another key", "11111111-2222-3333-4444-555555555555")
    token = forged.issue("99999999-8888-7777-6666-555555555555", URL)
    assert fno.get("/data/Companies", authorization=f"Bearer {token}").status == 401


def test_another_application_works_as_its_own_user(fno: Client) -> None:
    client = "00000000-0000-0000-0000-000000000002"
    fno.post("/data/SystemUsers", {"UserID": "german", "Company": "demf"})
    fno.post("/data/SysAADClients", {"AADClientId": client, "UserId": "german"})
    header = {"authorization": f"Bearer {fno.issuer.issue(client, URL)}"}
    created = fno.call(
        "POST",
        "/data/CustomersV3",
        {
            "CustomerAccount": "D-1",
            "OrganizationName": "D",
            "CustomerGroupId": "10",
            "SalesCurrencyCode": "EUR",
        },
        header,
    )
    assert created.json["dataAreaId"] == "demf"
    assert len(fno.get("/data/CustomersV3", **header).rows) == 1
    assert fno.get("/data/CustomersV3").rows == []
    fno.patch("/data/SystemUsers('german')", {"Enabled": False})
    assert fno.get("/data/CustomersV3", **header).status == 401


def test_the_registered_client_and_its_user_can_be_read(fno: Client) -> None:
    clients = fno.get("/data/SysAADClients?$select=AADClientId,UserId").rows
    assert [row["UserId"] for row in clients] == ["integration"]
    users = fno.get("/data/SystemUsers?$select=UserID,Company,Enabled").rows
    assert [(row["UserID"], row["Company"], row["Enabled"]) for row in users] == [
        ("integration", "usmf", True)
    ]


def test_headers_of_every_answer(fno: Client) -> None:
    for path in ("/data/Companies", "/data/Nothing", "/metadata/DataEntities"):
        answer = fno.get(path)
        uuid.UUID(answer.headers["ms-dyn-aid"])
        assert answer.headers["server-timing"].startswith("dur=")
        assert answer.headers["odata-version"] == "4.0"
        kept = answer.headers["set-cookie"].partition(";")[0]
    assert "set-cookie" not in fno.get("/data/Companies", cookie=kept).headers
    assert "set-cookie" in fno.get("/data/Companies", cookie="ARRAffinity=1").headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.ExportToPackage"),
        ("GET", "/api/connector/dequeue/1"),
        ("POST", "/api/services/A/B/C"),
    ],
)
def test_what_is_missing_is_refused_in_the_sandboxs_name(fno: Client, method: str, path: str) -> None:
    answer = fno.call(method, path, {} if method == "POST" else None)
    assert (answer.status, "dynamics-sandbox does not support" in answer.problem) == (501, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/data/CustomersV3", 405),
        ("POST", "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')", 405),
        ("DELETE", "/data/$metadata", 405),
        ("OPTIONS", "/data/CustomersV3", 405),
        ("GET", "/data/$crossjoin(CustomersV3)", 404),
        ("GET", "/data/CustomersV3/Nonsense", 404),
        ("POST", "/data/CustomersV3/Microsoft.Dynamics.DataEntities.doSomething", 404),
    ],
)
def test_methods_and_paths_that_do_not_exist(fno: Client, method: str, path: str, status: int) -> None:
    assert fno.call(method, path, {} if method in {"PATCH", "POST"} else None).status == status
