"""How many rows a query finds, without reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_odata.errors import ProtocolError

if TYPE_CHECKING:
    from dynamics_odata.transport import Transport

__all__ = ["count_rows"]

_BOM = "\ufeff"


def count_rows(transport: Transport, entity_set: str, options: str = "") -> int:
    """Rows of an entity set; `options` is a query string that may filter.

    OData URL conventions 4.0, section 4.8: ``/$count`` answers with plain text. F&O puts a byte-order mark
    before the number (F&O: data-entities/odata); Dataverse counts no further than 5,000 (Dataverse:
    query/count-rows).

    Raises:
        ProtocolError: the answer is no number.
    """
    text = transport.get(f"{entity_set}/$count{options}").body.decode("utf-8", "replace").lstrip(_BOM).strip()
    if not text.isdecimal():
        raise ProtocolError(f"{transport.host} answers the count of {entity_set} with no number")
    return int(text)
