"""Fetches ``$metadata`` and keeps it in a folder with its ETag: an unchanged one is not sent again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dynamics_odata.exchange import Request

if TYPE_CHECKING:
    from dynamics_odata.transport import Transport

__all__ = ["metadata_document"]

_NOT_MODIFIED = 304


def metadata_document(transport: Transport, folder: Path | None = None) -> bytes:
    """The service's CSDL document; `folder` (made private when missing) keeps it for the next time.

    A kept document is used when the service confirms its ETag with 304. A service without ETags is asked anew
    each time. A folder that cannot be written to only costs the saving.
    """
    kept = _kept(transport.root, folder)
    etag, document = _read(kept)
    headers = {"Accept": "application/xml", "If-None-Match": etag or "null"}
    answer = transport.send(Request("GET", "$metadata", headers), accept={_NOT_MODIFIED})
    if answer.status == _NOT_MODIFIED:
        return document
    if kept is not None and answer.headers.get("ETag"):
        _write(kept, answer.headers["ETag"], answer.body)
    return answer.body


def _kept(root: str, folder: Path | None) -> Path | None:
    return folder / f"metadata-{hashlib.sha256(root.encode()).hexdigest()[:16]}" if folder else None


def _read(path: Path | None) -> tuple[str, bytes]:
    """ETag and document of a kept file: the first line and the rest."""
    try:
        head, found, document = path.read_bytes().partition(b"\n") if path else (b"", b"", b"")
    except OSError:
        return "", b""
    return (head.decode("latin-1"), document) if found else ("", b"")


def _write(path: Path, etag: str, document: bytes) -> None:
    """Put the file in place as a whole; readable by its owner only, as temporary files are."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(etag.encode("latin-1", "ignore") + b"\n" + document)
        Path(name).replace(path)
    except OSError:
        return
