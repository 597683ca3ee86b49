"""Where the tables' descriptions come from: Dataverse's own metadata, ``$metadata``, or a saved document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dynamics_odata.errors import RefusedError, SettingsError
from dynamics_odata.metadata.csdl import CsdlMetadata
from dynamics_odata.metadata.dataverse import DataverseMetadata
from dynamics_odata.metadata.document import metadata_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dynamics_odata.metadata.model import Table
    from dynamics_odata.transport import Transport

    from tap_dynamics_sales.settings import ReadSettings
    from tap_dynamics_sales.shape import Tables

__all__ = ["FreshTables", "tables_of"]

_NO_SUCH_RESOURCE = {400, 404, 501}
"""How services that are not Dataverse answer a request for ``EntityDefinitions``."""


def tables_of(transport: Transport, settings: ReadSettings) -> Tables:
    """The tables that `settings` point to.

    Raises:
        SettingsError: `metadata_path` cannot be read, or does not go with `publisher_prefix`.
    """
    if settings.metadata_path:
        return _saved(settings)
    if settings.service_path:
        return CsdlMetadata(metadata_document(transport, settings.data_dir), where=transport.host)
    metadata = DataverseMetadata(transport)
    if settings.prefix:
        return FreshTables(metadata)
    try:
        metadata.entity_sets()
    except RefusedError as error:
        if error.status not in _NO_SUCH_RESOURCE:
            raise
        return CsdlMetadata(metadata_document(transport, settings.data_dir), where=transport.host)
    return metadata


def _saved(settings: ReadSettings) -> CsdlMetadata:
    if settings.prefix:
        raise SettingsError(
            "Setting `metadata_path` does not go with `publisher_prefix`",
            setting="metadata_path",
            hint="A $metadata document has no schema names, of which hub names are made.",
        )
    try:
        document = Path(settings.metadata_path).expanduser().read_bytes()
    except OSError as error:
        raise SettingsError(
            f"Setting `metadata_path` names a file that cannot be read: {error.strerror}",
            setting="metadata_path",
            hint="Save the environment's $metadata there.",
        ) from None
    return CsdlMetadata(document, where=Path(settings.metadata_path).name)


class FreshTables:
    """Metadata past the service's cache: leg 1 may have made the hub's tables only seconds ago.

    Dataverse: compose-http-requests-handle-errors (header ``Consistency: Strong``).
    """

    def __init__(self, metadata: DataverseMetadata) -> None:
        self._metadata = metadata
        self._sets: Mapping[str, str] | None = None
        self._loaded: set[str] = set()

    def entity_sets(self) -> Mapping[str, str]:
        """Logical table names by entity set, asked once."""
        if self._sets is None:
            self._sets = self._metadata.entity_sets(strong=True)
        return self._sets

    def load(self, logicals: Iterable[str]) -> None:
        """Read several tables in few requests, each once."""
        missing = [name for name in logicals if name not in self._loaded]
        self._metadata.load(missing, strong=True)
        self._loaded.update(missing)

    def table(self, logical: str) -> Table:
        """One table by its logical name, asked once."""
        self.load([logical])
        return self._metadata.table(logical)
