"""The web servers behind one address, and the cookie that keeps a client on the one it met first.

Dataverse: send-parallel-requests; F&O: service-protection-maximizing-api-throughput. Clients that keep no
cookies are spread over all servers, in turn.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Final

AFFINITY: Final = "ARRAffinity"


class WebServers:
    """Chooses the web server of each request; servers are numbers from 0."""

    def __init__(self, host: str) -> None:
        """Name the servers after the host, so that cookies of another environment mean nothing here."""
        self._host = host
        self._tokens: list[str] = []
        self._turns = count()

    def choose(self, cookies: str, servers: int) -> tuple[int, str | None]:
        """Give the server for a request with this Cookie header, and the token of a new affinity cookie.

        A client that already names one of the servers needs no new cookie: None.
        """
        tokens = self._first(servers)
        for part in cookies.split(";"):
            name, _, token = part.strip().partition("=")
            if name == AFFINITY and token in tokens:
                return tokens.index(token), None
        number = next(self._turns) % servers
        return number, tokens[number]

    def _first(self, servers: int) -> list[str]:
        while len(self._tokens) < servers:
            self._tokens.append(hashlib.sha256(f"{self._host}/{len(self._tokens)}".encode()).hexdigest())
        return self._tokens[:servers]
