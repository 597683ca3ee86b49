"""``$batch`` in JSON (OData JSON Format 4.01, section 19): into the requests of the other form, and back."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.odata.errors import BatchError
from dynamics_sandbox.odata.multipart import ChangeSet, ChangeSetReply, HttpPart, HttpReply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Status of a request of a group in which another one failed.
_FAILED_DEPENDENCY = 424


class _Request(msgspec.Struct, frozen=True, rename={"group": "atomicityGroup", "depends": "dependsOn"}):
    """One request; ``group`` names those that succeed or fail together."""

    id: str
    method: str
    url: str
    group: str = ""
    depends: list[str] = []
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()


class _Batch(msgspec.Struct, frozen=True):
    requests: list[_Request]


def parse_json_batch(body: bytes) -> list[HttpPart | ChangeSet]:
    """The requests of a batch in order, those of one group as a change set.

    Raises:
        BatchError: no such JSON, an id given twice, or a group whose requests do not follow each other.
    """
    try:
        batch = msgspec.json.decode(body, type=_Batch)
    except msgspec.MsgspecError as error:
        raise BatchError(f"The JSON batch cannot be read: {error}.") from None
    ids = [request.id for request in batch.requests]
    if len(set(ids)) < len(ids):
        raise BatchError("The ids of the requests in a batch must differ.")
    items: list[HttpPart | ChangeSet] = []
    seen: set[str] = set()
    for group, requests in groupby(batch.requests, key=lambda request: request.group):
        parts = [_part(request) for request in requests]
        if group and group in seen:
            raise BatchError(f"The requests of the group '{group}' do not follow each other.")
        seen.add(group)
        items += [ChangeSet(tuple(parts))] if group else parts
    return items


def _part(request: _Request) -> HttpPart:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HttpPart(request.method.upper(), request.url, headers, bytes(request.body), content_id=request.id)


def render_json_batch(
    items: Sequence[HttpPart | ChangeSet], replies: Sequence[HttpReply | ChangeSetReply]
) -> bytes:
    """The answers with the ids of their requests; those a failure of their group undid have 424."""
    responses: list[dict[str, Any]] = []
    for item, reply in zip(items, replies, strict=True):
        if isinstance(item, ChangeSet) and isinstance(reply, ChangeSetReply):
            responses += _of_group(item, reply)
        elif isinstance(reply, HttpReply) and isinstance(item, HttpPart):
            responses.append(_response(item.content_id, reply))
    return msgspec.json.encode({"responses": responses})


def _of_group(group: ChangeSet, reply: ChangeSetReply) -> Iterator[dict[str, Any]]:
    if len(reply.replies) == len(group.parts):
        for part, answer in zip(group.parts, reply.replies, strict=True):
            yield _response(part.content_id, answer)
        return
    (failure,) = reply.replies
    named = failure.content_id or group.parts[0].content_id
    for part in group.parts:
        failed = part.content_id == named
        yield _response(part.content_id, failure if failed else HttpReply(_FAILED_DEPENDENCY))


def _response(identifier: str | None, reply: HttpReply) -> dict[str, Any]:
    response: dict[str, Any] = {"id": identifier, "status": reply.status, "headers": dict(reply.headers)}
    if reply.body:
        json = "json" in reply.headers.get("Content-Type", "")
        response["body"] = msgspec.Raw(reply.body) if json else reply.body.decode("utf-8", "replace")
    return response
