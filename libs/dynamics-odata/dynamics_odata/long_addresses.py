"""GET for addresses of any length: one too long for a request line travels inside a ``$batch``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.batch import BatchPart, send_batch
from dynamics_odata.errors import ProtocolError
from dynamics_odata.exchange import Response, describe, headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_odata.transport import Transport

__all__ = ["LONGEST_ADDRESS", "get"]

LONGEST_ADDRESS = 32_768
"""Characters of a request's own address; inside ``$batch`` it may have twice as many (Dataverse:
query/overview)."""


def get(transport: Transport, address: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a GET; errors are those of :meth:`Transport.send`."""
    if len(address) <= LONGEST_ADDRESS:
        return transport.get(address, headers)
    part = BatchPart("GET", address, {"Accept": "application/json", **(headers or {})})
    [reply] = send_batch(transport, [part], continue_on_error=True)
    if reply.failure is not None:
        raise reply.failure
    if not reply.ran:
        raise ProtocolError(f"A batch with {describe('GET', address)} came back without its answer")
    answer = reply.reply
    return Response(answer.status, headers_of(dict(answer.headers)), answer.body, address)
