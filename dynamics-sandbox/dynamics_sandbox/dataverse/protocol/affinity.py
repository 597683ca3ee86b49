"""The web servers behind one address, and the cookie that keeps a client on the one it met first.

Dataverse: send-parallel-requests. Clients that keep no cookies are spread over all servers, in turn.
"""

from __future__ import annotations

import hashlib
from itertools import cycle

_COOKIE = "ARRAffinity"


class WebServers:
    """Chooses the web server of each request; servers are numbers from 0."""

    def __init__(self, host: str, count: int) -> None:
        self._host = host
        self._tokens = {
            hashlib.sha256(f"{host}/{number}".encode()).hexdigest(): number for number in range(count)
        }
        self._turns = cycle(self._tokens.items())

    def choose(self, cookies: str) -> tuple[int, list[str]]:
        """Give the server for a request with this Cookie header, and Set-Cookie values for its answer.

        A client that already names one of the servers gets no new cookies.
        """
        for part in cookies.split(";"):
            name, _, token = part.strip().partition("=")
            if name == _COOKIE and token in self._tokens:
                return self._tokens[token], []
        token, number = next(self._turns)
        common = f"{token};Path=/;HttpOnly;Secure;Domain={self._host}"
        return number, [f"{_COOKIE}={common}", f"{_COOKIE}SameSite={common};SameSite=None"]
