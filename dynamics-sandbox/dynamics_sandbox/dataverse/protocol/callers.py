"""Who a request runs as: the application user of its token, or a user it impersonates.

Dataverse: impersonate-another-user-web-api. The application user of the sandbox has every privilege, also
`prvActOnBehalfOfAnotherUser`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.environment import DataverseEnvironment
    from dynamics_sandbox.dataverse.protocol.calls import Call
    from dynamics_sandbox.dataverse.session import Caller

_COLUMNS: Final = {"callerobjectid": "azureactivedirectoryobjectid", "mscrmcallerid": "systemuserid"}
CALLER_HEADERS: Final = frozenset(_COLUMNS)
"""Headers that name the user to impersonate, in lower case."""


def acting_caller(environment: DataverseEnvironment, application_id: str, call: Call) -> Caller:
    """Find the user a call runs as.

    The newer header counts where both are sent; versions 8.x do not know it.

    Raises:
        DataverseError: 403 when the application or the user it names is none of this environment.
    """
    caller = environment.caller(application_id)
    for header, column in _COLUMNS.items():
        known = header == "mscrmcallerid" or not call.version.startswith("v8.")
        if known and call.headers.get(header):
            caller = environment.impersonated(caller, column, call.headers[header].strip())
            break
    return replace(caller, version=call.version)
