"""The multipart/mixed form of ``$batch``: bytes to parts and parts to bytes, strictly.

Sources: OData 4.0 part 1, section 11.7; Dataverse: execute-batch-operations-using-web-api (CRLF everywhere).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from requests.structures import CaseInsensitiveDict

from dynamics_odata.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HttpPart", "MimePart", "boundary_of", "http_part", "mime_parts"]

_STATUS_LINE = re.compile(rb"HTTP/\d\.\d (\d{3})(?: [^\r\n]*)?")
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MimePart:
    """One part of a multipart body: its headers and what follows them."""

    headers: CaseInsensitiveDict[str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Media type without parameters, lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class HttpPart:
    """The HTTP answer inside an application/http part."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes


def boundary_of(content_type: str) -> str:
    """The boundary a multipart content type names.

    Raises:
        ProtocolError: when it names none.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ProtocolError(f"The batch reply names no boundary in its content type {content_type!r}")
    return found.group(1) or found.group(2)


def mime_parts(body: bytes, boundary: str) -> list[MimePart]:
    """The parts between the boundaries, in order.

    Raises:
        ProtocolError: when the opening or closing boundary is missing, or a part has no headers.
    """
    # A delimiter stands at the start of a line; the line end before it belongs to it, not to the part.
    delimiter = re.compile(
        rb"(?:^|\r?\n)--" + re.escape(boundary.encode("latin-1")) + rb"(--)?[ \t]*(?=\r?\n|$)"
    )
    found = list(delimiter.finditer(body))
    if not found:
        raise ProtocolError(f"The batch reply does not contain its boundary {boundary!r}")
    closing = next((number for number, mark in enumerate(found) if mark.group(1)), None)
    if closing is None:
        raise ProtocolError(
            f"The batch reply ends before its closing boundary {boundary!r}, in part {len(found)}"
        )
    marks = found[: closing + 1]
    pieces = [body[mark.end() : after.start()] for mark, after in pairwise(marks)]
    return [_mime_part(piece, number) for number, piece in enumerate(pieces, start=1)]


def _mime_part(piece: bytes, number: int) -> MimePart:
    head, body = _split_head(piece.removeprefix(b"\r\n").removeprefix(b"\n"))
    part = MimePart(_headers(head, f"part {number} of the batch reply"), body)
    if not part.content_type:
        raise ProtocolError(f"Part {number} of the batch reply has no Content-Type header")
    return part


def http_part(part: MimePart, number: int) -> HttpPart:
    """The HTTP answer in the ``number``-th part.

    Raises:
        ProtocolError: when the part is of another type or does not begin with a status line.
    """
    if part.content_type != "application/http":
        raise ProtocolError(f"Part {number} of the batch reply is {part.content_type}, not application/http")
    head, body = _split_head(part.body.lstrip(b"\r\n"))
    status_line, _, rest = head.partition(b"\n")
    found = _STATUS_LINE.fullmatch(status_line.rstrip(b"\r"))
    if found is None:
        raise ProtocolError(f"Part {number} of the batch reply does not begin with an HTTP status line")
    return HttpPart(
        int(found.group(1)), _headers(rest, f"part {number} of the batch reply"), body.strip(b"\r\n")
    )


def _split_head(text: bytes) -> tuple[bytes, bytes]:
    """Header lines and body, divided by the first empty line; without one everything is header."""
    if text.startswith((b"\r\n", b"\n")):
        return b"", text.partition(b"\n")[2]
    found = re.search(rb"\r?\n\r?\n", text)
    return (text[: found.start()], text[found.end() :]) if found else (text, b"")


def _headers(head: bytes, where: str) -> CaseInsensitiveDict[str]:
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for line in head.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name.strip():
            raise ProtocolError(f"The headers of {where} have a line without a colon")
        headers[name.strip()] = value.strip()
    return headers


def header_lines(headers: Mapping[str, str]) -> list[str]:
    """Header lines for sending.

    Raises:
        ValueError: when a name or value would end the line early.
    """
    for name, value in headers.items():
        if re.search(r"[\r\n]", f"{name}{value}"):
            raise ValueError(f"header {name!r} carries a line break")
    return [f"{name}: {value}" for name, value in headers.items()]
