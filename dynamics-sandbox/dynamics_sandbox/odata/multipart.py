"""Reads and writes ``$batch`` bodies: multipart/mixed with HTTP requests inside, change sets nested.

Both services frame batches as OData 4.0 part 1, 11.7 says. Dataverse insists on CRLF at every framing line,
the last one included (Dataverse: execute-batch-operations-using-web-api); bodies of parts may hold any line
ends.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.odata.errors import STREAM_NOT_READABLE, BatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class HttpPart:
    """One request of a batch.

    Attributes:
        method: in capitals.
        url: absolute, root-relative, relative to the service root, or a reference (``$1``); still encoded.
        headers: header fields by lower-case name.
        body: without the line end that belongs to the boundary; empty when blank.
        content_id: what ``$1`` refers to.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Requests that succeed or fail together."""

    parts: tuple[HttpPart, ...]


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The answer to one request of a batch; a failed change set is answered by a single one."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSetReply:
    """The answers to the requests of a change set, in order."""

    replies: tuple[HttpReply, ...]


def parse_batch(content_type: str, body: bytes, *, strict_crlf: bool = True) -> list[HttpPart | ChangeSet]:
    """The requests of a batch in order.

    Args:
        content_type: the header of the outer request, with its boundary.
        body: the whole body.
        strict_crlf: refuse bare line feeds in the framing and a closing boundary without its line end.

    Raises:
        BatchError: the body as a whole cannot be read; its message is what the service answers.
    """
    items = _Reader(strict=strict_crlf).items(content_type, body, nested=False)
    identifiers = Counter(part.content_id for part in _flatten(items) if part.content_id is not None)
    for identifier, count in identifiers.items():
        if count > 1:
            raise BatchError(f"The content ID '{identifier}' was found more than once in the batch.")
    return items


def count_operations(items: Iterable[HttpPart | ChangeSet]) -> int:
    """How many requests a batch holds, those inside change sets included."""
    return len(_flatten(items))


def _flatten(items: Iterable[HttpPart | ChangeSet]) -> list[HttpPart]:
    return [part for item in items for part in (item.parts if isinstance(item, ChangeSet) else (item,))]


class _Reader:
    """Cuts a multipart body into parts; ``strict`` as in ``parse_batch``."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def items(self, content_type: str, body: bytes, *, nested: bool) -> list[HttpPart | ChangeSet]:
        """The parts of one multipart body, the outer one or a change set's."""
        boundary = _boundary(content_type)
        if not nested and self._strict and not re.search(rb"--\s*?(?:\r\n|\n\n)\s*$", body):
            # The last line has to end as well; Dataverse accepts two bare line feeds there.
            raise BatchError(STREAM_NOT_READABLE)
        return [self._item(section, nested=nested) for section in self._sections(boundary, body)]

    def _sections(self, boundary: str, body: bytes) -> list[bytes]:
        marker = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r\n|\n|$)")
        sections: list[bytes] = []
        start = -1
        for match in marker.finditer(body):
            closing = match.group(1) is not None
            self._check_line_ends(match.group(), closing=closing)
            if start >= 0:
                sections.append(body[start : match.start()])
            if closing:
                return sections
            start = match.end()
        raise BatchError(STREAM_NOT_READABLE)

    def _check_line_ends(self, framing: bytes, *, closing: bool) -> None:
        # The line end behind a closing boundary belongs to what comes next.
        if self._strict and (framing.startswith(b"\n") or not (closing or framing.endswith(b"\r\n"))):
            raise BatchError(STREAM_NOT_READABLE)

    def _item(self, section: bytes, *, nested: bool) -> HttpPart | ChangeSet:
        headers, content = self._headers(section)
        media_type = _media_type(headers)
        if media_type == "multipart/mixed":
            if nested:
                raise BatchError("A change set cannot hold another change set.")
            parts = self.items(headers["content-type"], content, nested=True)
            return ChangeSet(tuple(part for part in parts if isinstance(part, HttpPart)))
        if media_type != "application/http":
            raise BatchError(
                f"An invalid Content-Type '{headers.get('content-type', '')}' was found for a part; "
                "it must be application/http or multipart/mixed."
            )
        if headers.get("content-transfer-encoding", "").lower() != "binary":
            raise BatchError("Every request of a batch needs the header 'Content-Transfer-Encoding: binary'.")
        return self._request(content, headers.get("content-id"), in_change_set=nested)

    def _request(self, content: bytes, content_id: str | None, *, in_change_set: bool) -> HttpPart:
        line, _, rest = content.partition(b"\n")
        self._check_line(line)
        method, _, target = line.decode("latin-1").strip().partition(" ")
        url, _, version = target.rpartition(" ")
        if not url or not re.fullmatch(r"HTTP/1\.[01]", version):
            raise BatchError(f"The request line '{line.decode('latin-1').strip()}' of the batch is invalid.")
        if in_change_set and method.upper() == "GET":
            raise BatchError("A change set cannot hold a GET request.")
        headers, body = self._headers(rest)
        # Some clients put the Content-ID among the headers of the inner request.
        identifier = content_id or headers.get("content-id")
        return HttpPart(method.upper(), url.strip(), headers, body if body.strip() else b"", identifier)

    def _headers(self, content: bytes) -> tuple[dict[str, str], bytes]:
        """Header fields up to the first blank line, and what follows it."""
        headers: dict[str, str] = {}
        while content:
            line, feed, content = content.partition(b"\n")
            if not line.strip():
                if feed:
                    self._check_line(line)
                return headers, content
            if feed:
                self._check_line(line)
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise BatchError(STREAM_NOT_READABLE)
            headers[name.strip().lower()] = value.strip()
        return headers, b""

    def _check_line(self, line: bytes) -> None:
        if self._strict and not line.endswith(b"\r"):
            raise BatchError(STREAM_NOT_READABLE)


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _boundary(content_type: str) -> str:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/mixed" or not boundary:
        raise BatchError(
            f"The Content-Type '{content_type}' of the batch is not multipart/mixed with a boundary."
        )
    return boundary


_CRLF: Final = b"\r\n"
#: Bytes of an answer that are kept in memory, and of a piece of a larger one.
_IN_MEMORY: Final = 4 * 1024 * 1024
_PIECE: Final = 64 * 1024


def _new_boundary(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4()}"


def render_batch(
    replies: Iterable[HttpReply | ChangeSetReply], *, new_boundary: Callable[[str], str] = _new_boundary
) -> tuple[str, bytes | Iterator[bytes]]:
    """The multipart answer to a batch; beyond some megabytes it waits on disk, not in memory.

    Args:
        replies: one per request or change set, in order; taken one by one.
        new_boundary: makes a boundary from ``batchresponse`` or ``changesetresponse``.

    Returns:
        The Content-Type header, and the body, in pieces when it is large.
    """
    boundary = new_boundary("batchresponse")
    spool = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed behind the last piece
    for reply in replies:
        spool.write(f"--{boundary}\r\n".encode() + _section(reply, new_boundary) + _CRLF)
    spool.write(f"--{boundary}--\r\n".encode())
    small = spool.tell() <= _IN_MEMORY
    spool.seek(0)
    pieces = _pieces(spool)
    return f"multipart/mixed; boundary={boundary}", b"".join(pieces) if small else pieces


def _pieces(spool: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(_PIECE):
            yield piece


def _section(reply: HttpReply | ChangeSetReply, new_boundary: Callable[[str], str]) -> bytes:
    if isinstance(reply, HttpReply):
        return _http(reply)
    boundary = new_boundary("changesetresponse")
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    opening = f"--{boundary}\r\n".encode()
    parts = b"".join(opening + _http(inner) + _CRLF for inner in reply.replies)
    return head + parts + f"--{boundary}--\r\n".encode()


def _http(reply: HttpReply) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if reply.content_id is not None:
        lines.append(f"Content-ID: {reply.content_id}")
    lines += ["", f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return _CRLF.join(line.encode("latin-1") for line in [*lines, "", ""]) + reply.body
