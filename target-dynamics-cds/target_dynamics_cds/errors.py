"""What ends a run of this target beside the errors of the wire and of the shared frame."""

from __future__ import annotations

from dynamics_odata.errors import DynamicsError


class MismatchError(DynamicsError):
    """A stream's SCHEMA and the environment's tables do not fit together; the message names both sides."""


def primary_key_clash(stream: str, field: str, column: str) -> MismatchError:
    """The error for a lookup of an entity's own name, whose column would be the table's primary key."""
    return MismatchError(
        f"Lookup '{field}' of stream '{stream}' would be the column {column}, which is the primary key of "
        "its table",
        hint=f"Give the field another name, such as 'Parent{field}', or deselect it",
    )


class KeyNotReadyError(DynamicsError):
    """An alternate key that `create_missing` waits for failed, or was not active in time."""
