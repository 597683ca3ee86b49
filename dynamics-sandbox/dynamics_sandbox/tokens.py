"""Access tokens: signed JSON Web Tokens with the claims the services look at.

Clients treat tokens as opaque, so the signature is a keyed hash (HS256) whose key never leaves the sandbox.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from dynamics_sandbox.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER: Final = msgspec.json.encode({"typ": "JWT", "alg": "HS256"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the application and the tenant it signed in to."""

    client_id: str
    tenant_id: str


class _Claims(msgspec.Struct):
    """The claims that are checked (Entra v1 access token)."""

    aud: str
    tid: str
    appid: str
    nbf: int
    exp: int


class TokenIssuer:
    """Makes access tokens."""

    def __init__(
        self, key: bytes, tenant_id: str, *, lifetime: int = 3599, clock: Callable[[], float] | None = None
    ) -> None:
        """``lifetime`` in seconds; ``clock`` gives seconds since 1970."""
        self._key = key
        self._tenant_id = tenant_id
        self._clock = clock or Clock().seconds
        self.lifetime = lifetime

    def issue(self, client_id: str, resource: str) -> str:
        """A token for one application and one environment; ``resource`` becomes its audience as it stands."""
        now = int(self._clock())
        object_id = str(uuid.uuid5(uuid.UUID(self._tenant_id), client_id))
        claims = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{self._tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "appid": client_id,
            "appidacr": "1",
            "idtyp": "app",
            "oid": object_id,
            "sub": object_id,
            "tid": self._tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        signed = b".".join((_encode(_HEADER), _encode(msgspec.json.encode(claims))))
        return b".".join((signed, _encode(_signature(self._key, signed)))).decode()


class TokenChecker:
    """Accepts or refuses the bearer token of a request."""

    def __init__(
        self,
        key: bytes,
        tenant_id: str,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Check what the issuer of the same key and tenant has signed."""
        self._key = key
        self._tenant_id = tenant_id
        self._clock = clock or Clock().seconds
        self._revoked: set[str] = set()

    def revoke(self, authorization: str) -> None:
        """Treats the token of an ``Authorization`` header as expired from now on."""
        self._revoked.add(authorization.partition(" ")[2].strip())

    def check(self, authorization: str | None, resource: str, *, exact: bool) -> Principal | None:
        """Who calls, or None when the token is missing, forged, expired or meant for another environment.

        Args:
            authorization: the request's ``Authorization`` header.
            resource: URL of the environment, without a trailing slash.
            exact: whether the audience must be this letter for letter, or may also be in capitals and end
                with a slash.
        """
        scheme, _, token = (authorization or "").partition(" ")
        known = scheme.lower() == "bearer" and token.strip() not in self._revoked
        claims = self._claims(token.strip()) if known else None
        if claims is None or claims.tid != self._tenant_id or not claims.nbf <= self._clock() < claims.exp:
            return None
        audience = claims.aud if exact else claims.aud.lower().rstrip("/")
        return Principal(claims.appid, claims.tid) if audience == resource else None

    def _claims(self, token: str) -> _Claims | None:
        signed, _, signature = token.encode("utf-8", "replace").rpartition(b".")
        header, _, payload = signed.partition(b".")
        try:
            genuine = hmac.compare_digest(_decode(signature), _signature(self._key, signed))
            if not genuine or _decode(header) != _HEADER:
                return None
            return msgspec.json.decode(_decode(payload), type=_Claims)
        except (ValueError, msgspec.MsgspecError):
            return None


def _signature(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).digest()


def _encode(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
