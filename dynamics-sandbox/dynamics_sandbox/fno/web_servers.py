"""The web servers behind one address, and the cookie that keeps a session on one of them."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Final

from starlette.requests import cookie_parser

_COOKIE: Final = "ARRAffinity"


class WebServers:
    """Names of servers; a call that brings no cookie goes to the next one in turn.

    Args:
        number: how many there are.
    """

    def __init__(self, number: int) -> None:
        self._names = [hashlib.sha256(f"server {each}".encode()).hexdigest() for each in range(number)]
        self._turns = count()

    def server(self, cookies: str) -> str:
        """The server for a call with this ``Cookie`` header."""
        wanted = cookie_parser(cookies).get(_COOKIE)
        return wanted if wanted in self._names else self._names[next(self._turns) % len(self._names)]

    @staticmethod
    def cookie(server: str) -> str:
        """The ``Set-Cookie`` header that keeps a session on the server."""
        return f"{_COOKIE}={server}; Path=/; HttpOnly; Secure"
