"""What Dataverse and F&O do differently on the wire: headers, default waits and hints."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["DATAVERSE", "FNO", "ODATA", "Dialect"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One service family's habits, given to the transport.

    Attributes:
        name: the service as people call it, for messages.
        headers: sent with every request.
        throttle_wait: seconds to wait after a 429 or 503 that names no time; None doubles from one second.
        unauthorized_hint: what to do when a fresh token is answered with 401.
        forbidden_hint: what to do when the caller is no user of the environment.
    """

    name: str
    headers: dict[str, str] = field(default_factory=dict)
    throttle_wait: float | None = None
    unauthorized_hint: str = ""
    forbidden_hint: str = ""


# Dataverse: compose-http-requests-handle-errors (If-None-Match defeats cached expanded collections).
DATAVERSE = Dialect(
    name="Dataverse",
    headers={
        "Accept": "application/json",
        "OData-Version": "4.0",
        "OData-MaxVersion": "4.0",
        "If-None-Match": "null",
    },
    unauthorized_hint="Check that `environment_url` is the environment's own address and that `tenant_id` is "
    "the tenant it belongs to.",
    forbidden_hint="Add the app (`client_id`) as an application user with a security role in the Power "
    "Platform admin center, under Environments, Settings, Users + permissions, Application users.",
)

# F&O: odata; service-protection-retry-operations (30 seconds in the documented sample).
FNO = Dialect(
    name="F&O",
    headers={"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"},
    throttle_wait=30.0,
    unauthorized_hint="Register the app (`client_id`) in F&O under System administration, Setup, Microsoft "
    "Entra ID applications, and map it to a user; check that `tenant_id` is the environment's tenant.",
    forbidden_hint="Give the F&O user of the app (`client_id`) a security role that covers this entity.",
)

ODATA = Dialect(
    name="The OData service",
    headers={"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"},
)
