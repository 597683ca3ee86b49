"""Customizing: changes to an environment's schema, and a view of it that has seen them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from dynamics_odata.errors import RefusedError
from dynamics_odata.query import query_string
from dynamics_odata.transport import Request

from target_dynamics_cds.definitions import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dynamics_odata.metadata.dataverse import DataverseMetadata
    from dynamics_odata.metadata.model import Table
    from dynamics_odata.transport import Transport

STRONG = {"Consistency": "Strong"}
"""For metadata reads: changes may else stay unseen for half a minute (Dataverse: optional-parameters)."""

_encoder = msgspec.json.Encoder(decimal_format="number")


class Customizing:
    """Makes tables, columns, relationships and keys, and shows the schema as it is now.

    What it reads lands in `metadata`, so that whoever shares that sees the changes too.
    """

    def __init__(self, transport: Transport, metadata: DataverseMetadata) -> None:
        self.transport = transport
        self.changes = 0
        """How many things were made."""
        self._metadata = metadata
        self._logical_names: set[str] | None = None
        self._tables: dict[str, Table] = {}
        self._language: int | None = None

    def table(self, logical_name: str) -> Table | None:
        """A table as it is now, or None."""
        if self._logical_names is None:
            self._logical_names = set(self._metadata.entity_sets(strong=True).values())
        if logical_name not in self._logical_names:
            return None
        if logical_name not in self._tables:
            self._tables[logical_name] = self._metadata.table(logical_name, strong=True)
        return self._tables[logical_name]

    def make(self, url: str, definition: Mapping[str, Any], is_there: Callable[[], bool]) -> None:
        """Make something; a refusal is fine when the thing is there, made by an earlier or a concurrent try.

        Raises:
            RefusedError: the service refuses and the thing is not there.
        """
        request = Request("POST", url, dict(STRONG), _encoder.encode(definition), repeatable=True)
        try:
            self.transport.send(request)
        except RefusedError as error:
            self.look_again()
            if not is_there():
                raise RefusedError(
                    f"{definition['SchemaName']} could not be made: {error.message}",
                    hint="`create_missing` needs a role that may customize, such as System Customizer. "
                    + error.hint,
                    status=error.status,
                    code=error.code,
                    request_id=error.request_id,
                ) from error
        self.changes += 1
        self.look_again()

    def look_again(self) -> None:
        """Forget what was seen of the schema."""
        self._logical_names = None
        self._tables.clear()

    @property
    def language(self) -> int:
        """The environment's base language (an LCID), which labels must be given in."""
        if self._language is None:
            self._language = _base_language(self.transport)
        return self._language


def _base_language(transport: Transport) -> int:
    try:
        url = "organizations" + query_string(select=["languagecode"], top=1)
        found: Sequence[Mapping[str, Any]] = transport.get(url).json()["value"]
    except RefusedError:
        return ENGLISH  # not every caller may read the organization; most environments are made in English
    return int(found[0]["languagecode"]) if found and found[0].get("languagecode") else ENGLISH
