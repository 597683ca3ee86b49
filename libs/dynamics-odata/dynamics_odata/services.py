"""The two services of Dynamics 365 and any other, each as a transport with its own root and manners."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dynamics_odata.dialect import DATAVERSE, FNO, ODATA
from dynamics_odata.transport import Tokens, Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from dynamics_odata.settings import Connection

__all__ = ["dataverse", "fno", "odata"]


def dataverse(
    connection: Connection,
    *,
    tokens: Tokens | None = None,
    session: requests.Session | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Transport:
    """The Dataverse Web API of an environment (Sales or CDS), rooted at ``/api/data/v9.2/``."""
    root = f"{connection.environment_url}/api/data/v{connection.api_version}/"
    return Transport(
        connection, root, tokens=tokens, session=session, sleep=sleep, clock=clock, dialect=DATAVERSE
    )


def fno(
    connection: Connection,
    *,
    tokens: Tokens | None = None,
    session: requests.Session | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Transport:
    """The data entities of a Finance and Operations environment, rooted at ``/data/``."""
    root = f"{connection.environment_url}/data/"
    return Transport(connection, root, tokens=tokens, session=session, sleep=sleep, clock=clock, dialect=FNO)


def odata(connection: Connection, path: str) -> Transport:
    """Any other OData v4 service: `path` leads from the environment's address to the service's root."""
    inside = path.strip("/")
    root = f"{connection.environment_url}/{inside}/" if inside else f"{connection.environment_url}/"
    return Transport(connection, root, dialect=ODATA)
