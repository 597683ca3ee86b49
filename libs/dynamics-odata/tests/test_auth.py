"""Tokens are kept, renewed in time and forgotten; failures name the setting and nothing secret."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from dynamics_odata.auth import TokenSource, token_source
from dynamics_odata.credentials import build_credential
from dynamics_odata.errors import DynamicsError, SettingsError, SignInError, UnreachableError
from dynamics_odata.settings import Connection
from dynamics_odata.sign_in_errors import explain

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_odata.credentials import Credential

SECRET = "s3cret~value"


def connection(**settings: Any) -> Connection:
    return Connection.from_config(
        {
            "environment_url": "https://contoso.crm4.dynamics.com",
            "tenant_id": "contoso.com",
            "client_id": "11111111-2222-3333-4444-555555555555",
            "client_secret": SECRET,
            **settings,
        }
    )


class Granted(NamedTuple):
    """What a credential gives."""

    token: str
    expires_on: int


class Counting:
    """A credential that counts, with tokens that live as long as told."""

    def __init__(self, now: list[float], life: int) -> None:
        self.now, self.life = now, life
        self.scopes: list[str] = []
        self.built = 0
        self.closed = 0

    def build(self, _: Connection) -> Credential:
        self.built += 1
        return self

    def get_token(self, *scopes: str) -> Granted:
        self.scopes += scopes
        return Granted(f"t{len(self.scopes)}", int(self.now[0]) + self.life)

    def close(self) -> None:
        self.closed += 1


def test_one_token_until_five_minutes_before_it_expires() -> None:
    now = [1000.0]
    credential = Counting(now, 3600)
    source = TokenSource(connection(), build=credential.build, clock=lambda: now[0])
    assert source.token() == source.token() == "t1"
    now[0] += 3299
    assert source.token() == "t1"
    now[0] += 1
    assert source.token() == "t2"
    assert credential.built == 1
    assert set(credential.scopes) == {"https://contoso.crm4.dynamics.com/.default"}


def test_a_short_lived_token_is_used_for_half_its_life() -> None:
    now = [1000.0]
    source = TokenSource(connection(), build=Counting(now, 60).build, clock=lambda: now[0])
    assert source.token() == "t1"
    now[0] += 29
    assert source.token() == "t1"
    now[0] += 1
    assert source.token() == "t2"


def test_a_forgotten_token_takes_its_credential_along() -> None:
    credential = Counting([1000.0], 3600)
    source = TokenSource(connection(), build=credential.build, clock=lambda: 1000.0)
    assert source.token() == "t1"
    source.forget()
    assert source.token() == "t2"
    assert (credential.built, credential.closed) == (2, 1)
    source.close()
    assert credential.closed == 2


def test_many_threads_sign_in_once() -> None:
    credential = Counting([1000.0], 3600)
    source = TokenSource(connection(), build=credential.build, clock=lambda: 1000.0)
    threads = [threading.Thread(target=source.token) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(credential.scopes) == 1


def test_a_given_token_is_given_out_as_it_is() -> None:
    source = token_source(connection(auth="access_token", access_token="eyJ"))
    assert source.token() == "eyJ"
    source.forget()
    assert source.token() == "eyJ"


# --- which credential


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ("client_secret", ClientSecretCredential),
        ("managed_identity", ManagedIdentityCredential),
        ("azure_cli", AzureCliCredential),
    ],
)
def test_each_method_has_its_credential(auth: str, kind: type) -> None:
    assert isinstance(build_credential(connection(auth=auth)), kind)


def test_workload_identity_reads_its_token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="workload_identity"):
        build_credential(connection(auth="workload_identity"))
    (tmp_path / "token").write_text("eyJ")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    assert isinstance(build_credential(connection(auth="workload_identity")), WorkloadIdentityCredential)


def test_a_certificate_with_its_key_makes_a_credential(certificate: Path) -> None:
    credential = build_credential(connection(auth="certificate", certificate_path=str(certificate)))
    assert isinstance(credential, CertificateCredential)


def test_a_file_that_is_no_certificate_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_text("nothing")
    with pytest.raises(SettingsError) as caught:
        build_credential(connection(auth="certificate", certificate_path=str(path)))
    assert caught.value.setting == "certificate_path"


def test_a_tenant_that_cannot_be_one_names_the_setting() -> None:
    with pytest.raises(SettingsError) as caught:
        build_credential(connection(tenant_id="not a tenant!"))
    assert caught.value.setting == "tenant_id"


# --- failures


@pytest.mark.parametrize(
    ("number", "setting"),
    [
        ("7000215", "client_secret"),
        ("7000222", "client_secret"),
        ("700016", "client_id"),
        ("700027", "certificate_path"),
        ("90002", "tenant_id"),
        ("900023", "tenant_id"),
        ("500011", "environment_url"),
    ],
)
def test_numbers_of_entra_name_their_setting(number: str, setting: str) -> None:
    error = explain(
        ClientAuthenticationError(
            f"Authentication failed: AADSTS{number}: Something about {SECRET}. Trace ID: 0815 Timestamp: now"
        ),
        connection(),
    )
    assert isinstance(error, SignInError)
    assert (error.setting, error.code) == (setting, f"AADSTS{number}")
    assert f"`{setting}`" in str(error)
    assert SECRET not in str(error)
    assert "Trace" not in str(error)


def test_an_unknown_number_is_told_in_entras_words() -> None:
    error = explain(
        ClientAuthenticationError(
            "Authentication failed: AADSTS65001: Nobody has consented. Trace ID: 1\r\nTimestamp: 2"
        ),
        connection(),
    )
    assert str(error) == ("Sign-in was refused: AADSTS65001: Nobody has consented. Check `client_secret`.")


def test_a_failure_without_number_is_short_and_masked() -> None:
    error = explain(ClientAuthenticationError(f"No luck with {SECRET}\nline 2\nline 3"), connection())
    assert str(error) == (
        "Sign-in with `auth: client_secret` failed: No luck with ***. "
        "Check `client_secret`, `tenant_id` and `authority_host`."
    )


def test_a_broken_connection_names_the_authority() -> None:
    wrapped = ClientAuthenticationError("Authentication failed: ...")
    wrapped.__cause__ = ServiceRequestError("Connection aborted")
    error = explain(wrapped, connection(authority_host="https://login.example.com:8440"))
    assert isinstance(error, UnreachableError)
    assert "login.example.com:8440" in str(error)
    assert "`authority_host`" in str(error)


def test_an_unreachable_authority_ends_soon_with_one_line_and_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = token_source(connection(authority_host="https://no-such-authority.invalid", max_retries=0))
    with caplog.at_level(logging.INFO), pytest.raises(DynamicsError) as caught:
        source.token()
    source.close()
    assert isinstance(caught.value, UnreachableError)
    assert str(caught.value) == (
        "Host no-such-authority.invalid is unknown: its name cannot be resolved. "
        "Check `authority_host` and the network in between."
    )
    assert caught.value.__cause__ is None
    assert caplog.records == []
