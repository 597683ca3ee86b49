"""Connection settings that every connector shares, checked once at the door."""

from __future__ import annotations

import ipaddress
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from dynamics_odata.connection_properties import (
    AUTH_METHODS,
    CONNECTION_PROPERTIES,
    DATAVERSE_PROPERTIES,
    MAX_RETRIES_LIMIT,
    PUBLIC_AUTHORITY,
)
from dynamics_odata.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AUTH_METHODS", "CONNECTION_PROPERTIES", "DATAVERSE_PROPERTIES", "Connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach and sign in to one environment, made by :meth:`from_config`; repr shows no secret.

    ``environment_url`` and ``authority_host`` carry a lower-case host and no trailing slash, since the
    token's audience must be spelled that way (F&O: troubleshoot-service-authentication).
    ``request_timeout`` is in seconds.
    """

    environment_url: str
    auth: str = "client_secret"
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    certificate_path: str = ""
    access_token: str = field(default="", repr=False)
    authority_host: str = PUBLIC_AUTHORITY
    api_version: str = "9.2"
    ca_bundle: str = ""
    request_timeout: float = 300.0
    max_retries: int = 5

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Connection:
        """The connection a connector's settings describe; settings of other subjects are ignored.

        Raises:
            SettingsError: naming the first setting that is missing or wrong. Values of secrets are never
                shown.
        """
        auth = _auth(config)
        return cls(
            environment_url=_environment_url(
                _required(config, "environment_url", "to know where to connect")
            ),
            auth=auth,
            tenant_id=_text(config, "tenant_id"),
            client_id=_text(config, "client_id"),
            client_secret=_text(config, "client_secret"),
            certificate_path=_file(config, "certificate_path"),
            access_token=_access_token(config),
            authority_host=_authority_host(_text(config, "authority_host") or PUBLIC_AUTHORITY),
            api_version=_api_version(_text(config, "api_version") or "9.2"),
            ca_bundle=_ca_bundle(config),
            request_timeout=_timeout(config),
            max_retries=_retries(config),
        )


def _text(config: Mapping[str, Any], setting: str) -> str:
    """The setting as stripped text; absent, null and blank are all the empty string."""
    value = config.get(setting)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SettingsError(f"Setting `{setting}` must be text, not {type(value).__name__}", setting=setting)
    return value.strip()


def _required(config: Mapping[str, Any], setting: str, purpose: str) -> str:
    value = _text(config, setting)
    if not value:
        raise SettingsError(
            f"Setting `{setting}` is missing", setting=setting, hint=f"It is needed {purpose}."
        )
    return value


def _auth(config: Mapping[str, Any]) -> str:
    auth = _text(config, "auth") or "client_secret"
    if auth not in AUTH_METHODS:
        raise SettingsError(
            f"Setting `auth` is {auth!r}, which is no sign-in method",
            setting="auth",
            hint=f"Choose one of {', '.join(AUTH_METHODS)}.",
        )
    for setting in AUTH_METHODS[auth]:
        _required(config, setting, f"with `auth: {auth}`")
    return auth


def _split(setting: str, value: str) -> SplitResult:
    """The parts of an address; never repeats the value, which may carry a password."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise SettingsError(f"Setting `{setting}` is no valid address: {error}", setting=setting) from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise SettingsError(
            f"Setting `{setting}` is no web address",
            setting=setting,
            hint="Write it with its scheme, such as https://contoso.crm4.dynamics.com.",
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError(
            f"Setting `{setting}` must not carry user names, a query or a fragment",
            setting=setting,
            hint=f"Use only {parts.scheme}://{parts.hostname}.",
        )
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _joined(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _environment_url(value: str) -> str:
    setting = "environment_url"
    parts = _split(setting, value)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise SettingsError(
            f"Setting `{setting}` uses plain http for {parts.hostname}",
            setting=setting,
            hint="A token must not travel unencrypted: write https. Plain http is for loopback hosts only.",
        )
    # F&O on premises keeps its services under /namespaces/AXSF, so a path as such is no mistake.
    if re.search(r"/(api|data|metadata|main\.aspx)(/|$)", parts.path, re.IGNORECASE):
        raise SettingsError(
            f"Setting `{setting}` names a service of the environment instead of the environment",
            setting=setting,
            hint=f"Use only {parts.scheme}://{parts.netloc.lower()}.",
        )
    return _joined(parts)


def _authority_host(value: str) -> str:
    setting = "authority_host"
    parts = _split(setting, value if "://" in value else f"https://{value}")
    if parts.scheme != "https":
        raise SettingsError(
            f"Setting `{setting}` must be an https address",
            setting=setting,
            hint="Sign-in never uses plain http.",
        )
    return _joined(parts)


def _access_token(config: Mapping[str, Any]) -> str:
    token = _text(config, "access_token")
    if not re.fullmatch(r"[!-~]*", token):
        raise SettingsError(
            "Setting `access_token` holds blanks, line breaks or other characters no token has",
            setting="access_token",
            hint="Give the bare token, without `Bearer`.",
        )
    return token


def _api_version(value: str) -> str:
    version = value.removeprefix("v")
    if not re.fullmatch(r"\d{1,2}\.\d{1,2}", version):
        raise SettingsError(
            f"Setting `api_version` is {value!r}, which is no version", setting="api_version", hint="Use 9.2."
        )
    return version


def _file(config: Mapping[str, Any], setting: str) -> str:
    value = _text(config, setting)
    if value and not Path(value).expanduser().is_file():
        raise SettingsError(
            f"Setting `{setting}` names a file that does not exist: {value}",
            setting=setting,
            hint="Give the path of a readable PEM file.",
        )
    return str(Path(value).expanduser()) if value else ""


def _ca_bundle(config: Mapping[str, Any]) -> str:
    path = _file(config, "ca_bundle")
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError:
            raise SettingsError(
                f"Setting `ca_bundle` names a file without usable certificates: {path}",
                setting="ca_bundle",
                hint="Give a PEM file of certificate authorities.",
            ) from None
    return path


def _number(config: Mapping[str, Any], setting: str, default: float) -> float:
    value = config.get(setting)
    if value is None:
        return default
    # Environment variables arrive as text.
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        with suppress(ValueError):
            return float(value)
    raise SettingsError(f"Setting `{setting}` must be a number", setting=setting)


def _timeout(config: Mapping[str, Any]) -> float:
    seconds = _number(config, "request_timeout", 300.0)
    if not 0 < seconds < float("inf"):
        raise SettingsError(
            "Setting `request_timeout` must be more than 0 seconds", setting="request_timeout"
        )
    return seconds


def _retries(config: Mapping[str, Any]) -> int:
    retries = _number(config, "max_retries", 5)
    if not (0 <= retries <= MAX_RETRIES_LIMIT and retries == int(retries)):
        raise SettingsError(
            f"Setting `max_retries` must be a whole number from 0 to {MAX_RETRIES_LIMIT}",
            setting="max_retries",
        )
    return int(retries)
