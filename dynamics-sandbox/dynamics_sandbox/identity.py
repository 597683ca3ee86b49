"""The tenant and the one registered application of a sandbox, kept in its data folder across restarts."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import msgspec

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "identity.json"
#: Well known, so that a configuration can name them before the first start. They open nothing but a sandbox,
#: which listens on loopback only; a data folder may be given others in its identity.json.
TENANT_ID: Final = "2ae544ee-a2cd-59ad-93fa-9106159b0710"
CLIENT_ID: Final = "b0fb682d-5caa-5bfa-b8a7-de4c2df99595"
#: As Entra's secrets do, it holds a character that has to be encoded in some places.
CLIENT_SECRET: Final = "sandbox~the-secret-everybody-knows"  # noqa: S105 - a secret in name only


class Identity(msgspec.Struct, frozen=True):
    """What a client signs in with, and the key that signs the tokens (bytes; base64 in the file)."""

    tenant_id: str
    client_id: str
    client_secret: str
    signing_key: bytes

    def __repr__(self) -> str:
        """The public half only."""
        return f"Identity(tenant_id={self.tenant_id!r}, client_id={self.client_id!r})"


def keep_identity(data_dir: Path) -> Identity:
    """The identity of a data folder; made on first use, with a signing key of its own.

    Raises:
        SandboxError: the file is there but cannot be read as one.
    """
    path = data_dir / FILE_NAME
    if path.exists():
        try:
            return msgspec.json.decode(path.read_bytes(), type=Identity)
        except msgspec.MsgspecError as error:
            raise SandboxError(
                f"{path} cannot be read ({error}); remove it to get a new tenant and secret."
            ) from None
    identity = Identity(
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        signing_key=secrets.token_bytes(32),
    )
    write_whole(path, msgspec.json.encode(identity))
    return identity
