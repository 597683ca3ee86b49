"""The connection settings as JSON-Schema properties, which every connector merges into its own settings."""

from __future__ import annotations

from typing import Any

__all__ = [
    "AUTH_METHODS",
    "CONNECTION_PROPERTIES",
    "DATAVERSE_PROPERTIES",
    "MAX_RETRIES_LIMIT",
    "PUBLIC_AUTHORITY",
]

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
MAX_RETRIES_LIMIT = 20

# What each method cannot do without. Managed identity, workload identity and the Azure CLI find the rest in
# their surroundings.
AUTH_METHODS: dict[str, tuple[str, ...]] = {
    "client_secret": ("tenant_id", "client_id", "client_secret"),
    "certificate": ("tenant_id", "client_id", "certificate_path"),
    "managed_identity": (),
    "workload_identity": (),
    "azure_cli": (),
    "access_token": ("access_token",),
}

CONNECTION_PROPERTIES: dict[str, dict[str, Any]] = {
    "environment_url": {
        "type": "string",
        "title": "Environment URL",
        "description": "Address of the environment, such as https://contoso.crm4.dynamics.com or "
        "https://contoso.operations.dynamics.com. Plain http is accepted for loopback hosts only.",
    },
    "auth": {
        "type": "string",
        "title": "Sign-in method",
        "description": "How to sign in to Microsoft Entra ID.",
        "enum": list(AUTH_METHODS),
        "default": "client_secret",
    },
    "tenant_id": {
        "type": "string",
        "title": "Tenant ID",
        "description": "Directory (tenant) of the app registration: a GUID or a domain name.",
    },
    "client_id": {
        "type": "string",
        "title": "Client ID",
        "description": "Application (client) ID of the app, or of a user-assigned managed identity.",
    },
    "client_secret": {
        "type": "string",
        "title": "Client secret",
        "description": "Secret value of the app registration (auth: client_secret).",
        "secret": True,
    },
    "certificate_path": {
        "type": "string",
        "title": "Certificate file",
        "description": "PEM or PKCS12 file with certificate and private key (auth: certificate).",
    },
    "access_token": {
        "type": "string",
        "title": "Access token",
        "description": "A ready bearer token for the environment (auth: access_token). It is not renewed.",
        "secret": True,
    },
    "authority_host": {
        "type": "string",
        "title": "Authority host",
        "description": "Sign-in address: the public cloud, a sovereign cloud or a sandbox.",
        "default": PUBLIC_AUTHORITY,
    },
    "ca_bundle": {
        "type": "string",
        "title": "CA bundle",
        "description": "PEM file of the certificate authorities to trust instead of the usual ones.",
    },
    "request_timeout": {
        "type": "number",
        "title": "Request timeout",
        "description": "Seconds to wait for an answer before a request counts as failed.",
        "exclusiveMinimum": 0,
        "default": 300,
    },
    "max_retries": {
        "type": "integer",
        "title": "Retries",
        "description": "How often a failed request is repeated when repeating is safe. Waiting out a "
        "throttling answer (429, 503) is not counted.",
        "minimum": 0,
        "maximum": MAX_RETRIES_LIMIT,
        "default": 5,
    },
}

DATAVERSE_PROPERTIES: dict[str, dict[str, Any]] = {
    **CONNECTION_PROPERTIES,
    "api_version": {
        "type": "string",
        "title": "Web API version",
        "description": "Version of the Dataverse Web API.",
        "default": "9.2",
    },
}
