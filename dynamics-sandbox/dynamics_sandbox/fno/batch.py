"""``POST /data/$batch``: reads one by one, change sets as one transaction each (…/data-entities/odata)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.exchange import JSON_TYPE, Call, Reply, split_path
from dynamics_sandbox.odata.errors import BatchError
from dynamics_sandbox.odata.json_batch import parse_json_batch, render_json_batch
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
    import sqlite3
    from collections.abc import Callable

    from dynamics_sandbox.database import Database
    from dynamics_sandbox.fno.settings import FnoSettings


class BatchHandler:
    """Takes a batch apart, runs it in order, and puts the answers together.

    Args:
        handle: answers one call inside the change set's transaction, or (None) in one of its own.
        refuse: the answer to an error inside a batch.
    """

    def __init__(
        self,
        database: Database,
        settings: FnoSettings,
        handle: Callable[[Call, sqlite3.Connection | None], Reply],
        refuse: Callable[[FnoError], Reply],
    ) -> None:
        self._database = database
        self._settings = settings
        self._handle = handle
        self._refuse = refuse

    def answer(self, call: Call) -> Reply:
        """The answer in the form of the batch, with status 200 whatever happened inside.

        Raises:
            FnoError: 400, the batch as a whole cannot be read or holds too many operations.
        """
        content_type = call.headers.get("content-type", "")
        in_json = self._settings.json_batch and content_type.partition(";")[0].strip() == "application/json"
        try:
            items = (
                parse_json_batch(call.body)
                if in_json
                else parse_batch(content_type, call.body, strict_crlf=False)
            )
        except BatchError as error:
            raise FnoError(400, error.message) from None
        limit = self._settings.batch_limit
        if count_operations(items) > limit:
            raise FnoError(400, f"The batch request holds more than the {limit} operations that are allowed.")
        replies = (
            self._change_set(call, item) if isinstance(item, ChangeSet) else self._alone(call, item)
            for item in items
        )
        if in_json:
            return Reply(200, render_json_batch(items, list(replies)), {"Content-Type": JSON_TYPE})
        content_type, body = render_batch(replies)
        return Reply(200, body, {"Content-Type": content_type})

    def _alone(self, outer: Call, part: HttpPart) -> HttpReply:
        try:
            reply = self._handle(_inner_call(outer, part), None)
            return _http(reply, part)
        except FnoError as error:
            return _http(self._refuse(error), part)

    def _change_set(self, outer: Call, change_set: ChangeSet) -> HttpReply | ChangeSetReply:
        """All or nothing; one part answers a failure, and its Content-ID is what the settings say."""
        replies: list[HttpReply] = []
        try:
            with self._database.writing() as connection:
                replies.extend(
                    _http(self._handle(_inner_call(outer, part), connection), part)
                    for part in change_set.parts
                )
        except FnoError as error:
            return ChangeSetReply((self._failed(error, change_set, len(replies)),))
        return ChangeSetReply(tuple(replies))

    def _failed(self, error: FnoError, change_set: ChangeSet, failing: int) -> HttpReply:
        """The single answer of a change set whose n-th operation failed."""
        named = self._settings.content_id_of_failed_change_set
        reply = _http(self._refuse(error), change_set.parts[failing if named == "failing" else 0])
        return replace(reply, content_id=None) if named == "none" else reply


def _inner_call(outer: Call, part: HttpPart) -> Call:
    """The call of a part; its URL is absolute, from the root, or relative to the service root.

    The outer URL's ``cross-company`` does not reach the parts.
    """
    url = urlsplit(part.url)
    path = url.path
    if path.startswith("/"):
        root, _, path = path.lstrip("/").partition("/")
        if root.lower() != "data":
            raise FnoError(404, f"Resource not found for the segment '{root}'.")
    if path.lower().startswith("$batch"):
        raise FnoError(400, "A batch cannot hold another batch.")
    return Call(part.method, split_path(path), url.query, part.headers, part.body, outer.company)


def _http(reply: Reply, part: HttpPart) -> HttpReply:
    return HttpReply(reply.status, reply.headers, reply.whole_body(), part.content_id)
