"""A failed sign-in in one sentence: which setting, what to do; no library trace, no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dynamics_odata.credentials import suspect
from dynamics_odata.errors import DynamicsError, SignInError, UnavailableError
from dynamics_odata.network import examine

if TYPE_CHECKING:
    from dynamics_odata.settings import Connection

__all__ = ["explain"]

# Entra ID error numbers (reference-error-codes): the setting each speaks of, what is wrong, what to do.
_KNOWN: dict[str, tuple[str, str, str]] = {
    "7000215": (
        "client_secret",
        "the client secret is wrong",
        "Give the secret's value (not its ID) in `client_secret`.",
    ),
    "7000222": (
        "client_secret",
        "the client secret has expired",
        "Create a new secret for the app and give its value in `client_secret`.",
    ),
    "700016": (
        "client_id",
        "the tenant has no such app",
        "Check `client_id`, and that the app belongs to the tenant of `tenant_id`.",
    ),
    "700027": (
        "certificate_path",
        "the certificate is not registered with the app",
        "Upload the certificate of `certificate_path` to the app registration.",
    ),
    "90002": ("tenant_id", "there is no such tenant", "Check `tenant_id`."),
    "900021": ("tenant_id", "there is no such tenant", "Check `tenant_id`."),
    "900023": ("tenant_id", "this is no tenant ID or domain name", "Check `tenant_id`."),
    "500011": (
        "environment_url",
        "the tenant knows no such environment",
        "Give the environment's own address in `environment_url`, and its tenant in `tenant_id`.",
    ),
}
_NUMBER = re.compile(r"AADSTS(\d+)")

# msal hides the authority's answer to an unknown tenant, AADSTS90002, behind this sentence of its own.
_NO_CONFIGURATION = "Unable to get authority configuration"

# azure-identity's words for an answer without an OAuth body: the authority itself is out of order.
_OUT_OF_ORDER = re.compile(r"HTTP Error: (429|5\d\d)\b")

_IDENTIFIERS = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp|To learn more|[\r\n]).*", re.DOTALL)

MAX_TEXT = 200


def explain(error: Exception, connection: Connection) -> DynamicsError:
    """The error to raise for whatever azure-identity raised."""
    found = _NUMBER.search(str(error))
    if found:
        return _refused(found.group(1), str(error)[found.start() :], connection)
    if _never_answered(error):
        return examine(error).error(urlsplit(connection.authority_host).netloc, "authority_host")
    host = urlsplit(connection.authority_host).netloc
    if _NO_CONFIGURATION in str(error):
        return SignInError(
            f"Sign-in was refused: {host} has no tenant {connection.tenant_id!r}",
            setting="tenant_id",
            hint="Check `tenant_id` and `authority_host`.",
        )
    broken = _OUT_OF_ORDER.search(str(error))
    if broken:
        return UnavailableError(
            f"Sign-in host {host} answers {broken.group(1)}",
            hint="Run again later, or check `authority_host`.",
            status=int(broken.group(1)),
        )
    return _unexplained(error, connection)


def _unexplained(error: Exception, connection: Connection) -> SignInError:
    setting = suspect(connection)
    return SignInError(
        f"Sign-in with `auth: {connection.auth}` failed: {_short(str(error), connection)}",
        setting=setting,
        hint=f"Check `{setting}`, `tenant_id` and `authority_host`.",
    )


def _refused(number: str, text: str, connection: Connection) -> SignInError:
    setting, reason, advice = _KNOWN.get(number, (suspect(connection), "", ""))
    known = f"{reason} (AADSTS{number})" if reason else _short(text, connection)
    return SignInError(
        f"Sign-in was refused: {known}",
        setting=setting,
        hint=advice or f"Check `{setting}`.",
        code=f"AADSTS{number}",
    )


def _never_answered(error: Exception) -> bool:
    """Whether the cause is a connection that failed, not an answer."""
    from azure.core import exceptions  # noqa: PLC0415 - late, as in build_credential

    connecting = (exceptions.ServiceRequestError, exceptions.ServiceResponseError)
    return any(isinstance(cause, connecting) for cause in (error, error.__cause__, error.__context__))


def _short(text: str, connection: Connection) -> str:
    """The beginning of the provider's text, without what identifies the request or gives the secret away."""
    text = _IDENTIFIERS.sub("", text.strip())
    for secret in (connection.client_secret, connection.access_token):
        text = text.replace(secret, "***") if secret else text
    return text[:MAX_TEXT]
