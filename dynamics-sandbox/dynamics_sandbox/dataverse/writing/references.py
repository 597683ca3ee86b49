"""References in request bodies (`@odata.bind`, `@odata.id`) resolved to rows that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import bad_request, unknown_segment
from dynamics_sandbox.dataverse.protocol.address import existing_row, row_address, segments
from dynamics_sandbox.dataverse.protocol.versions import SERVICE_PATH

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.protocol.address import RowAddress
    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

_HOST = re.compile(r"https?://[^/]+")


class References:
    """Resolves references within one transaction; the same text is looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[Table, str]] = {}

    def row(self, text: str) -> tuple[Table, str]:
        """Give table and id of the row a reference names.

        Raises:
            DataverseError: malformed, unknown entity set or key, or no such row.
        """
        if text not in self._known:
            address = self.address(text)
            self._known[text] = (address.table, existing_row(self._session, address))
        return self._known[text]

    def address(self, text: str) -> RowAddress:
        """Read a reference without asking whether the row exists."""
        parts = segments(self._relative(text))
        if len(parts) != 1 or parts[0].key is None:
            raise bad_request(f"Resource URI '{text}' does not name one row of an entity set.")
        table = self._session.table_of_set(parts[0].name)
        if table is None:
            raise unknown_segment(parts[0].name)
        return row_address(self._session, table, parts[0].key)

    def _relative(self, text: str) -> str:
        host = _HOST.match(text)
        if host is None:
            return SERVICE_PATH.sub("", text, count=1) if SERVICE_PATH.match(text) else text
        if not self._session.root.lower().startswith(f"{host.group().lower()}/"):
            raise bad_request(f"Resource URI '{text}' belongs to another service.")
        return SERVICE_PATH.sub("", text[host.end() :], count=1)
