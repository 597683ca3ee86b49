"""Credentials: the only place that knows azure-identity, which covers every way users sign in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from dynamics_odata.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_odata.settings import Connection

__all__ = ["AccessTokenLike", "Credential", "build_credential"]

# azure-identity repeats sign-in requests by itself, by default ten times with waits of up to two minutes.
MAX_SIGN_IN_RETRIES = 3
SIGN_IN_TIMEOUT = 30.0

# Hosts whose tenants Microsoft's instance discovery knows; every other authority is taken as configured.
MICROSOFT_AUTHORITIES = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
    }
)


class AccessTokenLike(Protocol):
    """A bearer token and when it expires."""

    @property
    def token(self) -> str:
        """The bearer token."""

    @property
    def expires_on(self) -> int:
        """The second since the epoch at which it expires."""


class Credential(Protocol):
    """The part of azure-identity's credentials that is used here."""

    def get_token(self, *scopes: str) -> AccessTokenLike:
        """A token for the scopes."""


def build_credential(connection: Connection) -> Credential:
    """The credential of the configured sign-in method.

    Raises:
        SettingsError: when the settings cannot make a credential (an unreadable certificate, say).
    """
    # Imported here because it costs a quarter of a second, which `--about` and `--version` need not pay.
    from azure import identity  # noqa: PLC0415 - as said

    _silence()
    tenant_id, client_id, options = connection.tenant_id, connection.client_id, _options(connection)
    makers: dict[str, Callable[[], Credential]] = {
        "client_secret": lambda: identity.ClientSecretCredential(
            tenant_id, client_id, connection.client_secret, **_authority(connection), **options
        ),
        "certificate": lambda: identity.CertificateCredential(
            tenant_id, client_id, connection.certificate_path, **_authority(connection), **options
        ),
        "workload_identity": lambda: identity.WorkloadIdentityCredential(
            tenant_id=tenant_id or None, client_id=client_id or None, **_authority(connection), **options
        ),
        "managed_identity": lambda: identity.ManagedIdentityCredential(
            client_id=client_id or None, **options
        ),
        "azure_cli": lambda: identity.AzureCliCredential(tenant_id=tenant_id),
    }
    try:
        return makers[connection.auth]()
    except (ValueError, OSError) as error:
        raise _unusable(connection, error) from None


def suspect(connection: Connection) -> str:
    """The setting to look at first when a sign-in method fails without saying why."""
    usual = {"client_secret": "client_secret", "certificate": "certificate_path", "azure_cli": "auth"}
    return usual.get(connection.auth, "client_id")


def _unusable(connection: Connection, error: Exception) -> SettingsError:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    setting = "tenant_id" if "tenant" in text.lower() else suspect(connection)
    return SettingsError(
        f"Sign-in with `auth: {connection.auth}` cannot be set up: {text}",
        setting=setting,
        hint=f"Check `{setting}`.",
    )


def _authority(connection: Connection) -> dict[str, Any]:
    host = urlsplit(connection.authority_host).hostname
    return {
        "authority": connection.authority_host,
        "disable_instance_discovery": host not in MICROSOFT_AUTHORITIES,
    }


def _options(connection: Connection) -> dict[str, Any]:
    """Bounded repetitions, and the same trust as towards the environment."""
    return {
        "connection_verify": connection.ca_bundle or True,
        "connection_timeout": SIGN_IN_TIMEOUT,
        "read_timeout": SIGN_IN_TIMEOUT,
        "retry_total": min(connection.max_retries, MAX_SIGN_IN_RETRIES),
    }


def _silence() -> None:
    """Keep the sign-in libraries from logging failures a second time, unless somebody set their level."""
    for name in ("azure", "msal"):
        library = logging.getLogger(name)
        if library.level == logging.NOTSET:
            library.setLevel(logging.CRITICAL)
