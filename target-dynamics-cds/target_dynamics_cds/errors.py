"""What ends a run of this target beside the errors of the wire and of the shared frame."""

from __future__ import annotations

from dynamics_odata.errors import DynamicsError


class MismatchError(DynamicsError):
    """A stream's SCHEMA and the environment's tables do not fit together; the message names both sides."""


class KeyNotReadyError(DynamicsError):
    """An alternate key that `create_missing` waits for failed, or was not active in time."""
