"""Makes the calls of one group with Microsoft's client and prints what each gives, one line of JSON a call.

Run by the peer's interpreter as ``python -m`` and this package's name, then the name of a group, a module
beside this one. Standard input holds the sandbox's addresses and credentials as a JSON object, and the
environment variable REQUESTS_CA_BUNDLE names the authority to trust.
"""

from __future__ import annotations

import importlib
import json
import sys

from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import (  # type: ignore[import-not-found]  # only in the peer's place
    DataverseClient,
)

from tests.conformance.dataverse_python_client.driver.calls import outcomes


def main(group: str) -> None:
    """Sign in and make the calls of a module."""
    given = json.load(sys.stdin)
    credential = ClientSecretCredential(
        given["tenant_id"],
        given["client_id"],
        given["client_secret"],
        authority=given["authority"],
        disable_instance_discovery=True,
    )
    importlib.import_module(f"{__package__}.{group}")
    with DataverseClient(given["environment"], credential) as client:
        for outcome in outcomes(client):
            print(json.dumps(outcome), flush=True)  # noqa: T201 - the results are its output


if __name__ == "__main__":
    main(sys.argv[1])
