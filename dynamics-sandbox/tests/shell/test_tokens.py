"""Tokens open the environment they were made for, for as long as they last."""

from __future__ import annotations

import base64
import json

import pytest
from dynamics_sandbox.tokens import Principal, TokenChecker, TokenIssuer

KEY = b"k" * 32
TENANT = "11111111-0000-0000-0000-000000000001"
CLIENT = "22222222-0000-0000-0000-000000000002"
SALES, FNO = "https://localhost:8441", "https://localhost:8443"
START = 1_700_000_000


def token(resource: str = SALES, *, key: bytes = KEY, tenant: str = TENANT) -> str:
    return TokenIssuer(key, tenant, lifetime=600, clock=lambda: START).issue(CLIENT, resource)


def check(header: str | None, resource: str = SALES, at: int = START) -> Principal | None:
    return TokenChecker(KEY, TENANT, clock=lambda: at).check(header, resource, exact=resource == FNO)


def test_a_token_says_who_calls() -> None:
    assert check(f"Bearer {token()}") == Principal(CLIENT, TENANT)
    assert check(f"bearer {token()}") == Principal(CLIENT, TENANT)


def test_a_token_holds_the_claims_of_entra() -> None:
    payload = token().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    assert claims["aud"] == SALES
    assert claims["iss"] == f"https://sts.windows.net/{TENANT}/"
    assert (claims["tid"], claims["appid"], claims["ver"]) == (TENANT, CLIENT, "1.0")
    assert (claims["nbf"], claims["exp"]) == (START, START + 600)
    assert claims["oid"] == claims["sub"]


@pytest.mark.parametrize(("seconds", "accepted"), [(-1, False), (0, True), (599, True), (600, False)])
def test_a_token_lasts_its_lifetime(seconds: int, accepted: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (check(f"Bearer {token()}", at=START + seconds) is not None) is accepted


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ä.ö.ü",
        f"Basic {token()}",
        token(),
        f"Bearer {token()}x",
        f"Bearer {token(key=b'z' * 32)}",
        f"Bearer {token(tenant=CLIENT)}",
        f"Bearer {token(FNO)}",
        f"Bearer {token()[:40]}A{token()[41:]}",
    ],
)
def test_missing_forged_and_misdirected_tokens_are_refused(header: str | None) -> None:
    assert check(header) is None


@pytest.mark.parametrize(
    ("audience", "resource", "accepted"),
    [
        (SALES, SALES, True),
        (f"{SALES}/", SALES, True),
        ("https://LOCALHOST:8441", SALES, True),
        (FNO, FNO, True),
        (f"{FNO}/", FNO, False),
        ("https://LOCALHOST:8443", FNO, False),
    ],
)
def test_finance_and_operations_insists_on_its_exact_address(
    audience: str,
    resource: str,
    accepted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert (check(f"Bearer {token(audience)}", resource) is not None) is accepted
