"""``$batch``: several requests in one, each with a verdict of its own.

Sources: Dataverse: execute-batch-operations-using-web-api; F&O: odata. Differences that are evened out
    here: a failed change set answers with one bare error (Dataverse) or with a change-set frame around one
    error (F&O); without continue-on-error, Dataverse gives the whole reply the failing part's status and
    leaves the rest out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dynamics_odata.errors import ProtocolError, RefusedError
from dynamics_odata.exchange import (
    IDEMPOTENT_METHODS,
    Request,
    Response,
    describe,
    parse_json,
    refusal,
    request_id_of,
)
from dynamics_odata.multipart import MimePart, boundary_of, header_lines, http_part, mime_parts
from dynamics_odata.verdicts import still_failing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dynamics_odata.transport import Transport

__all__ = ["BatchPart", "BatchReply", "ChangeSet", "PartReply", "decode", "encode", "send_batch"]

MULTIPART = "multipart/mixed"
# Dataverse gives the whole reply the status of the part that failed, unless it may go on after errors. These
# concern the caller and the service, not a row.
PART_ERRORS = frozenset(range(400, 500)) - {401, 408, 429}


@dataclass(frozen=True, slots=True)
class BatchPart:
    """One request inside a batch.

    ``url`` may be absolute, root-relative (``/data/…``), relative to the service root, or begin with ``$1``
    to refer to the part of that ``content_id`` in the same change set. A missing ``content_id`` is numbered
    when encoded.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Writes that happen all or not at all; no GET among them."""

    parts: Sequence[BatchPart]


@dataclass(frozen=True, slots=True)
class PartReply:
    """The answer to one part; header names ignore case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_id: str = ""

    @property
    def ok(self) -> bool:
        """Whether the part succeeded."""
        return self.status < 400  # noqa: PLR2004 - the first error status

    @property
    def request_id(self) -> str:
        """The identifier Microsoft's support asks for, or the empty string."""
        return request_id_of(self.headers)

    def json(self) -> Any:
        """The body, with exact decimals; ProtocolError when it is not JSON."""
        return parse_json(self.body, "A batch part's answer")

    def error(self, what: str = "") -> RefusedError:
        """The part's refusal as an error; ``what`` names the request."""
        return refusal(self.status, self.headers, self.body, what=what)


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What became of one item of a batch.

    ``replies`` has one reply for a part, one per part for a change set that succeeded, the single error for
    a change set that failed, and none for an item that was not run because an earlier one failed.
    """

    item: BatchPart | ChangeSet
    replies: tuple[PartReply, ...]

    @property
    def ran(self) -> bool:
        """Whether the service came to this item at all."""
        return bool(self.replies)

    @property
    def ok(self) -> bool:
        """Whether the item ran and succeeded."""
        return self.ran and all(reply.ok for reply in self.replies)

    @property
    def reply(self) -> PartReply:
        """The only reply, or the first."""
        return self.replies[0]

    @property
    def failure(self) -> RefusedError | None:
        """The refusal of an item that ran and failed, else None."""
        failed = next((reply for reply in self.replies if not reply.ok), None)
        if failed is None:
            return None
        item = self.item if isinstance(self.item, BatchPart) else None
        return failed.error(describe(item.method, item.url) if item else "Change set")


Item = BatchPart | ChangeSet


def encode(items: Iterable[Item], *, boundary: str = "") -> tuple[str, bytes]:
    """The content type and the body of a batch, with CRLF line ends throughout.

    Raises:
        ValueError: when a change set is empty or holds a GET, or an address or header would break its line.
    """
    name = boundary or f"batch_{uuid4()}"
    pieces: list[bytes] = []
    for number, item in enumerate(_numbered(items), start=1):
        pieces.append(f"--{name}\r\n".encode("ascii"))
        if isinstance(item, ChangeSet):
            pieces += _change_set(item, f"changeset_{number}_{name}")
        else:
            pieces.append(_http(item))
    pieces.append(f"--{name}--\r\n".encode("ascii"))
    return f'{MULTIPART}; boundary="{name}"', b"".join(pieces)


def _numbered(items: Iterable[Item]) -> list[Item]:
    """Every part with a Content-ID, unique in the whole batch."""
    listed = list(items)
    taken = {part.content_id for part in _flat(listed) if part.content_id}
    free = (str(number) for number in range(1, 2**31) if str(number) not in taken)

    def named(part: BatchPart) -> BatchPart:
        return part if part.content_id else replace(part, content_id=next(free))

    return [
        ChangeSet([named(part) for part in item.parts]) if isinstance(item, ChangeSet) else named(item)
        for item in listed
    ]


def _flat(items: Iterable[Item]) -> list[BatchPart]:
    return [part for item in items for part in (item.parts if isinstance(item, ChangeSet) else [item])]


def _change_set(item: ChangeSet, name: str) -> list[bytes]:
    if not item.parts:
        raise ValueError("a change set needs at least one part")
    if any(part.method.upper() == "GET" for part in item.parts):
        raise ValueError("a change set must not hold a GET")
    pieces = [f'Content-Type: {MULTIPART}; boundary="{name}"\r\n\r\n'.encode("ascii")]
    for part in item.parts:
        pieces += [f"--{name}\r\n".encode("ascii"), _http(part)]
    return [*pieces, f"--{name}--\r\n".encode("ascii")]


def _http(part: BatchPart) -> bytes:
    """One application/http part; its body's own line end stands before the next boundary."""
    if re.search(r"[^\x21-\x7e]", part.url):
        raise ValueError(f"the address of {part.method} must be percent-encoded ASCII without blanks")
    mime = {"Content-Type": "application/http", "Content-Transfer-Encoding": "binary"}
    if part.content_id:
        mime["Content-ID"] = part.content_id
    headers = {} if part.body is None else {"Content-Type": "application/json"}
    headers.update(part.headers)
    lines = [
        *header_lines(mime),
        "",
        f"{part.method.upper()} {part.url} HTTP/1.1",
        *header_lines(headers),
        "",
        "",
    ]
    return "\r\n".join(lines).encode("ascii") + (part.body or b"") + b"\r\n"


def decode(response: Response) -> list[PartReply]:
    """All part replies of a batch answer in order; a failed change set counts as one.

    Raises:
        ProtocolError: naming what is broken.
    """
    return [reply for group in decode_groups(response) for reply in group]


def decode_groups(response: Response) -> list[tuple[PartReply, ...]]:
    """The part replies of a batch answer, grouped by the items they answer."""
    if response.content_type != MULTIPART:
        raise ProtocolError(f"The batch reply is {response.content_type or 'of no type'}, not {MULTIPART}")
    outer = mime_parts(response.body, boundary_of(response.headers.get("Content-Type", "")))
    return [_group(part, number) for number, part in enumerate(outer, start=1)]


def _group(part: MimePart, number: int) -> tuple[PartReply, ...]:
    if part.content_type != MULTIPART:
        return (_reply(part, number),)
    inner = mime_parts(part.body, boundary_of(part.headers["Content-Type"]))
    if not inner:
        raise ProtocolError(f"Part {number} of the batch reply is an empty change set")
    return tuple(_reply(piece, number) for piece in inner)


def _reply(part: MimePart, number: int) -> PartReply:
    answer = http_part(part, number)
    content_id = part.headers.get("Content-ID") or answer.headers.get("Content-ID") or ""
    return PartReply(answer.status, answer.headers, answer.body, content_id)


def send_batch(
    transport: Transport, items: Iterable[Item], *, continue_on_error: bool, repeatable: bool | None = None
) -> list[BatchReply]:
    """Send one batch and match its replies to the items, in order.

    The batch as a whole is throttled and repeated like any request; ``repeatable`` None means: when every
    part may be repeated by its method. Verdicts of single parts are for the caller.

    Raises:
        RefusedError: when the service refuses the batch itself.
        AccessError, UnavailableError: when it takes no request of the caller, or none for now.
        ProtocolError: when replies and items do not match.
    """
    numbered = _numbered(_absolute(transport, items))
    if not numbered:
        return []
    content_type, body = encode(numbered)
    headers = {"Content-Type": content_type, "Accept": f"{MULTIPART}, application/json"}
    if continue_on_error:
        headers["Prefer"] = "odata.continue-on-error"
    if repeatable is None:
        repeatable = all(part.method.upper() in IDEMPOTENT_METHODS for part in _flat(numbered))
    request = Request("POST", "$batch", headers, body, repeatable)
    response = transport.send(request, accept=PART_ERRORS)
    if response.content_type != MULTIPART and response.status in PART_ERRORS:
        raise still_failing(response, transport.dialect, "POST $batch", tried="", unsure=False)
    return _matched(numbered, decode_groups(response))


def _absolute(transport: Transport, items: Iterable[Item]) -> list[Item]:
    """Parts with absolute addresses, the form both services take (F&O: odata samples)."""

    def resolved(part: BatchPart) -> BatchPart:
        return part if part.url.startswith("$") else replace(part, url=transport.url(part.url))

    return [
        ChangeSet([resolved(part) for part in item.parts]) if isinstance(item, ChangeSet) else resolved(item)
        for item in items
    ]


def _matched(items: list[Item], groups: list[tuple[PartReply, ...]]) -> list[BatchReply]:
    if len(groups) > len(items):
        raise ProtocolError(f"The batch reply has {len(groups)} parts for {len(items)} requests")
    if len(groups) < len(items) and (not groups or all(reply.ok for reply in groups[-1])):
        raise ProtocolError(
            f"The batch reply has {len(groups)} parts for {len(items)} requests, and none failed"
        )
    missing: list[tuple[PartReply, ...]] = [()] * (len(items) - len(groups))
    return [
        BatchReply(item, _in_order(item, group, number))
        for number, (item, group) in enumerate(zip(items, [*groups, *missing], strict=True), start=1)
    ]


def _in_order(item: Item, group: tuple[PartReply, ...], number: int) -> tuple[PartReply, ...]:
    """A change set's replies in the order of its parts: by Content-ID where the service repeats it."""
    failed = len(group) == 1 and not group[0].ok
    if isinstance(item, BatchPart) or not group or failed:
        if len(group) > 1:
            raise ProtocolError(f"Part {number} of the batch reply answers one request {len(group)} times")
        return group
    if len(group) != len(item.parts):
        raise ProtocolError(
            f"Part {number} of the batch reply has {len(group)} answers for {len(item.parts)} requests"
        )
    places = {part.content_id: place for place, part in enumerate(item.parts)}
    if {reply.content_id for reply in group} == places.keys():
        return tuple(sorted(group, key=lambda reply: places[reply.content_id]))
    return group
