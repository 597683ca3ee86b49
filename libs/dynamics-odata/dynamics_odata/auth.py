"""Signing in: one bearer token per process, renewed before it expires, never logged."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from dynamics_odata.credentials import Credential, build_credential
from dynamics_odata.errors import DynamicsError
from dynamics_odata.sign_in_errors import explain

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_odata.settings import Connection

__all__ = ["TokenSource", "Tokens", "token_source"]

# A token is renewed this many seconds before it expires, or after half its life where that is later.
RENEW_BEFORE = 300.0


class Tokens(Protocol):
    """Where a transport gets its bearer tokens from."""

    def token(self) -> str:
        """A token that is valid now."""

    def forget(self) -> None:
        """The last token was not accepted: get another next time."""


class TokenSource:
    """Hands out one token to all threads and renews it in time.

    ``build`` makes a fresh credential; a token refused by the service is forgotten together with the
    credential, whose own cache would give it out again. ``clock`` counts seconds since the epoch.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        build: Callable[[Connection], Credential] = build_credential,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connection = connection
        self._build = build
        self._clock = clock
        self._lock = threading.Lock()
        self._credential: Credential | None = None
        self._token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        """A token that is valid now.

        Raises:
            SignInError: naming the setting that is wrong.
            UnreachableError: when the authority cannot be reached.
        """
        if self._connection.auth == "access_token":
            return self._connection.access_token
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._renew()
            return self._token

    def forget(self) -> None:
        """The service refused the token: sign in anew next time."""
        with self._lock:
            self._token = ""
            self._drop_credential()

    def close(self) -> None:
        """Close the connections of the sign-in."""
        with self._lock:
            self._drop_credential()

    def _renew(self) -> None:
        try:
            if self._credential is None:
                self._credential = self._build(self._connection)
            answer = self._credential.get_token(f"{self._connection.environment_url}/.default")
        except DynamicsError:
            raise
        except Exception as error:  # noqa: BLE001 - the library raises what it likes; all of it is explained
            raise explain(error, self._connection) from None
        now = self._clock()
        life = max(0.0, answer.expires_on - now)
        self._token = answer.token
        self._renew_at = now + max(life - RENEW_BEFORE, life / 2)

    def _drop_credential(self) -> None:
        # Not every credential of azure-identity holds connections.
        close = getattr(self._credential, "close", None)
        self._credential = None
        if close is not None:
            close()


def token_source(connection: Connection) -> TokenSource:
    """The token source for a connection's sign-in method; signs in when the first token is asked for."""
    return TokenSource(connection)
