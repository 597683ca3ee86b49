"""Airbyte's Dataverse source as it is, signing in at AUTHORITY and trusting the file in REQUESTS_CA_BUNDLE.

The package has ``https://login.microsoftonline.com`` written into its code, and its HTTP client ignores the
variable. Nothing else is changed.
"""

from __future__ import annotations

import os

import requests
from source_microsoft_dataverse import dataverse, run  # type: ignore[import-not-found] # only in the peer's place

_signing_in = dataverse.MicrosoftOauth2Authenticator.get_token_refresh_endpoint


def _local(authenticator: object) -> str:
    microsoft: str = _signing_in(authenticator)
    return microsoft.replace("https://login.microsoftonline.com", os.environ["AUTHORITY"])


if __name__ == "__main__":
    dataverse.MicrosoftOauth2Authenticator.get_token_refresh_endpoint = _local
    requests.adapters.DEFAULT_CA_BUNDLE_PATH = os.environ["REQUESTS_CA_BUNDLE"]
    run.run()
