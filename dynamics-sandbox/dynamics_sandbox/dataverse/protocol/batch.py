"""$batch: many calls in one request, a change set as one transaction.

Dataverse: execute-batch-operations-using-web-api.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dynamics_sandbox.dataverse.errors import (
    INVALID_ARGUMENT,
    PAYLOAD_ERROR,
    DataverseError,
    bad_request,
    not_in_sandbox,
)
from dynamics_sandbox.dataverse.protocol.callers import CALLER_HEADERS
from dynamics_sandbox.dataverse.protocol.calls import Answer, Call
from dynamics_sandbox.dataverse.protocol.service import handle, refused_query
from dynamics_sandbox.dataverse.protocol.versions import SERVICE_PATH
from dynamics_sandbox.odata.errors import BatchError, QueryError
from dynamics_sandbox.odata.multipart import (
    ChangeSet,
    ChangeSetReply,
    HttpPart,
    HttpReply,
    count_operations,
    parse_batch,
    render_batch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.protocol.service import Service
    from dynamics_sandbox.dataverse.session import Caller

_REFERENCE = re.compile(r"\$([\w\-]+)")
_VALUE_REFERENCE = re.compile(rb'("[^"\r\n]*@odata\.(?:bind|id)"\s*:\s*")\$([\w\-]+)')
_FIRST_ERROR = 400


def batch_answer(service: Service, call: Call, caller: Caller) -> Answer:
    """Answer a $batch."""
    settings = service.environment.settings
    try:
        items = parse_batch(
            call.headers.get("content-type", ""), call.body, strict_crlf=settings.strict_line_ends
        )
    except BatchError as error:
        return service.refused(bad_request(error.message, PAYLOAD_ERROR), call)
    if count_operations(items) > settings.batch_operations:
        message = f"The batch holds more than {settings.batch_operations} operations, the most one may hold."
        return service.refused(bad_request(message), call)
    return _run(_Batch(service, caller, call), items, keep_going=call.preferences.continue_on_error)


def _run(batch: _Batch, items: list[HttpPart | ChangeSet], *, keep_going: bool) -> Answer:
    status = 200

    def replies() -> Iterator[HttpReply | ChangeSetReply]:
        nonlocal status
        for item in items:
            reply = batch.change_set(item) if isinstance(item, ChangeSet) else batch.single(item)
            yield reply
            last = reply.replies[-1] if isinstance(reply, ChangeSetReply) and reply.replies else reply
            if isinstance(last, HttpReply) and last.status >= _FIRST_ERROR and not keep_going:
                status = last.status
                return

    content_type, body = render_batch(replies())
    headers = {"Content-Type": content_type}
    if keep_going:
        headers["Preference-Applied"] = "odata.continue-on-error"
    return Answer(status, headers, body)


class _Batch:
    """Runs the items of one batch."""

    def __init__(self, service: Service, caller: Caller, outer: Call) -> None:
        self._service = service
        self._caller = caller
        self._outer = outer

    def single(self, part: HttpPart) -> HttpReply:
        """Run a call in a transaction of its own."""
        try:
            call = self._call(part, {})
        except DataverseError as error:
            return _reply(self._service.refused(error, self._outer), part)
        return _reply(self._service.answer(call, self._caller), part)

    def change_set(self, item: ChangeSet) -> ChangeSetReply | HttpReply:
        """Run calls in one transaction: all answers, or the one error that undid them."""
        replies: list[HttpReply] = []
        created: dict[str, str] = {}
        try:
            with self._service.environment.writing(self._caller) as session:
                for part in item.parts:
                    answer = handle(session, self._call(part, created).parsed())
                    replies.append(_reply(answer, part))
                    if part.content_id is not None and "OData-EntityId" in answer.headers:
                        created[part.content_id] = answer.headers["OData-EntityId"]
        except DataverseError as error:
            return self._undone(error)
        except QueryError as error:
            return self._undone(refused_query(error))
        return ChangeSetReply(tuple(replies))

    def _undone(self, error: DataverseError) -> ChangeSetReply | HttpReply:
        """The one answer of a change set that failed."""
        reply = self._failed(error)
        alone = self._service.environment.settings.failed_change_set == "part"
        return reply if alone else ChangeSetReply((reply,))

    def _call(self, part: HttpPart, created: dict[str, str]) -> Call:
        url = (
            _REFERENCE.sub(lambda match: _referenced(match.group(1), created), part.url, count=1)
            if (part.url.startswith("$") and not part.url.startswith(("$batch", "$metadata")))
            else part.url
        )
        path, _, query = _relative(url).partition("?")
        if path.strip("/") == "$batch":
            raise bad_request("A batch cannot hold another batch.")
        limit = 2 * self._service.environment.settings.url_limit
        if len(url) > limit:
            raise DataverseError(414, INVALID_ARGUMENT, f"The URL is longer than {limit} characters.")
        body = _VALUE_REFERENCE.sub(
            lambda match: match.group(1) + _referenced(match.group(2).decode(), created).encode(), part.body
        )
        for name in CALLER_HEADERS & part.headers.keys():
            raise not_in_sandbox(f"the header '{name}' inside a batch; send it with the batch")
        return Call(part.method, path, query, part.headers, body, version=self._outer.version)

    def _failed(self, error: DataverseError) -> HttpReply:
        answer = self._service.refused(error, self._outer)
        return HttpReply(answer.status, {**answer.headers, "OData-Version": "4.0"}, answer.whole_body())


def _relative(url: str) -> str:
    split = urlsplit(url)
    path = f"{split.path}?{split.query}" if split.query else split.path
    return SERVICE_PATH.sub("", path, count=1) if SERVICE_PATH.match(path) else path.lstrip("/")


def _referenced(content_id: str, created: dict[str, str]) -> str:
    if content_id not in created:
        raise bad_request(f"Content-ID Reference: '${content_id}' does not exist in the batch context.", "")
    return created[content_id]


def _reply(answer: Answer, part: HttpPart) -> HttpReply:
    headers = {**answer.headers, "OData-Version": "4.0"}
    return HttpReply(answer.status, headers, answer.whole_body(), part.content_id)
