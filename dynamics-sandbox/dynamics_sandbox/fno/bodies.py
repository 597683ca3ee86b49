"""Reads the JSON body of a write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from dynamics_sandbox.fno.errors import FnoError, unsupported

_BODIES: Final = msgspec.json.Decoder(float_hook=Decimal)


def read_body(body: bytes) -> dict[str, Any]:
    """The fields of a JSON body with exact numbers; annotations such as ``@odata.type`` are left out.

    Raises:
        FnoError: 400, no JSON object; 501, a binding or anything nested (no deep insert).
    """
    try:
        value = _BODIES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FnoError(400, f"An error occurred while reading the JSON body: {error}") from None
    if not isinstance(value, dict):
        raise FnoError(400, "The JSON body is not an object.")
    for name, item in value.items():
        if name.endswith("@odata.bind"):
            raise unsupported(f"binding related rows ('{name}')")
        if isinstance(item, (dict, list)):
            raise unsupported(f"nested values in a body, that is deep insert ('{name}')")
    return {name: item for name, item in value.items() if "@" not in name}
