"""Signing in, with azure-identity as real clients do and with plain requests as older ones do."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

STRANGER = "99999999-0000-0000-0000-000000000009"


def credential(sandbox: Sandbox, **changes: str) -> ClientSecretCredential:
    given = {
        "tenant_id": sandbox.tenant_id,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        **changes,
    }
    return ClientSecretCredential(
        authority=sandbox.authority,
        disable_instance_discovery=True,
        connection_verify=sandbox.ca_bundle,
        **given,
    )


def ask(sandbox: Sandbox, path: str, form: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    body = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(f"{sandbox.authority}{path}", body)  # noqa: S310 - https to the sandbox
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    try:
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def form(sandbox: Sandbox, **changes: str | None) -> dict[str, str]:
    given: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "scope": f"{sandbox.sales}/.default",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("environment", "path"),
    [("sales", "/api/data/v9.2/WhoAmI"), ("cds", "/api/data/v9.2/WhoAmI"), ("fno", "/data/SystemUsers")],
)
def test_azure_identity_gets_tokens_that_the_services_accept(
    sandbox: Sandbox, environment: str, path: str
) -> None:
    with credential(sandbox) as signed_in:
        token = signed_in.get_token(f"{sandbox.url(environment)}/.default").token

    status, _, _ = sandbox.call("GET", environment, path, headers={"Authorization": f"Bearer {token}"})

    assert status == 200
    asked = [entry["path"] for entry in sandbox.requests("sign-in")]
    assert asked == [
        f"/{sandbox.tenant_id}/v2.0/.well-known/openid-configuration",
        f"/{sandbox.tenant_id}/oauth2/v2.0/token",
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": STRANGER}, "AADSTS700016"),
    ],
)
def test_azure_identity_reports_what_was_wrong(sandbox: Sandbox, changes: dict[str, str], code: str) -> None:
    with (
        credential(sandbox, **changes) as refused,
        pytest.raises(ClientAuthenticationError, match=code) as raised,
    ):
        refused.get_token(f"{sandbox.sales}/.default")

    assert sandbox.client_secret not in str(raised.value)


def test_azure_identity_reports_an_unknown_tenant(sandbox: Sandbox) -> None:
    with (
        credential(sandbox, tenant_id=STRANGER) as refused,
        pytest.raises(ClientAuthenticationError, match=STRANGER),
    ):
        refused.get_token(f"{sandbox.sales}/.default")


@pytest.mark.parametrize("environment", ["sales", "cds", "fno"])
def test_a_token_of_one_environment_opens_no_other(sandbox: Sandbox, environment: str) -> None:
    other = {"sales": "cds", "cds": "fno", "fno": "sales"}[environment]
    path = "/data/SystemUsers" if environment == "fno" else "/api/data/v9.2/WhoAmI"

    foreign = sandbox.call(
        "GET", environment, path, headers={"Authorization": f"Bearer {sandbox.token(other)}"}
    )
    none = sandbox.call("GET", environment, path, headers={"Authorization": "Bearer nonsense"})

    assert foreign[0] == none[0] == 401
    assert "Bearer" in str(foreign[1]["WWW-Authenticate"])


@pytest.mark.parametrize("environment", ["sales", "cds"])
def test_without_a_token_dataverse_names_this_sign_in(sandbox: Sandbox, environment: str) -> None:
    status, headers, _ = sandbox.call("GET", environment, "WhoAmI", headers={"Authorization": "Bearer none"})

    assert status == 401
    challenge = {name.lower(): value for name, value in headers.items()}["www-authenticate"]
    assert f"authorization_uri={sandbox.authority}/{sandbox.tenant_id}/oauth2/authorize," in challenge


def test_version_1_answers_numbers_as_strings(sandbox: Sandbox) -> None:
    status, answer = ask(
        sandbox,
        f"/{sandbox.tenant_id}/oauth2/token",
        form(sandbox, scope=None, resource=f"{sandbox.cds}/"),
    )

    assert status == 200
    assert (answer["token_type"], answer["expires_in"], answer["resource"]) == (
        "Bearer",
        "3599",
        f"{sandbox.cds}/",
    )
    assert int(answer["expires_on"]) - int(answer["not_before"]) == 3599
    called = sandbox.call(
        "GET", "cds", "/api/data/v9.2/WhoAmI", headers={"Authorization": f"Bearer {answer['access_token']}"}
    )
    assert called[0] == 200


def test_version_2_answers_numbers_as_numbers(sandbox: Sandbox) -> None:
    status, answer = ask(sandbox, f"/{sandbox.tenant_id}/oauth2/v2.0/token", form(sandbox))

    assert status == 200
    assert {name: value for name, value in answer.items() if name != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
    }


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_secret": None, "client_assertion": "a.b.c"}, 401, "invalid_client", 700027),
        ({"client_id": STRANGER}, 400, "unauthorized_client", 700016),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": None}, 400, "invalid_scope", 70011),
        ({"scope": "a/.default b/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "https://localhost:1/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://contoso.crm4.dynamics.com/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_refusals_are_those_of_entra(
    sandbox: Sandbox, changes: dict[str, str | None], status: int, error: str, code: int
) -> None:
    answered, body = ask(sandbox, f"/{sandbox.tenant_id}/oauth2/v2.0/token", form(sandbox, **changes))

    assert (answered, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert set(body) >= {"timestamp", "trace_id", "correlation_id"}


@pytest.mark.parametrize(
    ("tenant", "path", "error", "code"),
    [
        (STRANGER, "oauth2/v2.0/token", "invalid_request", 90002),
        (STRANGER, "oauth2/token", "invalid_request", 90002),
        ("common", "oauth2/v2.0/token", "invalid_request", 50059),
    ],
)
def test_unknown_tenants_get_no_token(
    sandbox: Sandbox, tenant: str, path: str, error: str, code: int
) -> None:
    status, body = ask(sandbox, f"/{tenant}/{path}", form(sandbox))

    assert (status, body["error"], body["error_codes"]) == (400, error, [code])


def test_discovery_names_the_endpoints(sandbox: Sandbox) -> None:
    root = f"{sandbox.authority}/{sandbox.tenant_id}"

    _, second = ask(sandbox, f"/{sandbox.tenant_id}/v2.0/.well-known/openid-configuration")
    _, first = ask(sandbox, f"/{sandbox.tenant_id}/.well-known/openid-configuration")
    _, instance = ask(
        sandbox, f"/common/discovery/instance?authorization_endpoint={root}/oauth2/v2.0/authorize"
    )
    unknown, body = ask(sandbox, f"/{STRANGER}/v2.0/.well-known/openid-configuration")

    assert second["token_endpoint"] == f"{root}/oauth2/v2.0/token"
    assert second["issuer"] == f"{root}/v2.0"
    assert first["token_endpoint"] == f"{root}/oauth2/token"
    assert instance["tenant_discovery_endpoint"] == f"{root}/v2.0/.well-known/openid-configuration"
    assert (unknown, body["error"], body["error_codes"]) == (400, "invalid_tenant", [90002])
    assert ask(sandbox, f"/{sandbox.tenant_id}/discovery/v2.0/keys") == (200, {"keys": []})
