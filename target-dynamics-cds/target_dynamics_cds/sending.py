"""Sending: operations to the service, in bulk where it can be, one verdict per row in any case.

UpsertMultiple and UpdateMultiple write all rows or none and do not say which one was bad; a refused chunk
goes once more as `$batch` with continue-on-error (Dataverse: bulk-operations).
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from dynamics_odata.batch import send_batch
from dynamics_odata.errors import AccessError, RefusedError, UnavailableError
from dynamics_odata.query import literal, query_string
from dynamics_odata.transport import Request

from target_dynamics_cds.operations import batch_part, bulk_body, chunks
from target_dynamics_cds.replies import PRIVILEGE_CODES, Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dynamics_odata.batch import PartReply
    from dynamics_odata.transport import Transport

    from target_dynamics_cds.operations import Operation
    from target_dynamics_cds.plan import StreamPlan

MOST_ROWS = 1000
_TRIES = 4
_WRITTEN = Verdict(204)

logger = logging.getLogger("target-dynamics-cds")


class Sender:
    """Writes the rows of one table."""

    def __init__(
        self, transport: Transport, plan: StreamPlan, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._transport = transport
        self._plan = plan
        self._sleep = sleep
        self._has_bulk: bool | None = None

    def send(self, operations: Sequence[Operation]) -> list[Verdict]:
        """Carry out operations, one verdict for each, in order.

        Raises:
            AccessError: the caller lacks the privilege to write this table at all.
            UnavailableError: the service still fails after the repetitions.
        """
        verdicts: dict[int, Verdict] = {}
        for message in ("UpsertMultiple", "UpdateMultiple"):
            numbered = [(index, one) for index, one in enumerate(operations) if one.message == message]
            told = self._send_all(message, [one for _index, one in numbered])
            verdicts.update(zip((index for index, _one in numbered), told, strict=True))
        return [verdicts[index] for index in range(len(operations))]

    def one_by_one(self, operations: Sequence[Operation]) -> list[Verdict]:
        """Carry out operations in `$batch` requests, each on its own; see `send`."""
        verdicts = [one for chunk in chunks(operations, MOST_ROWS) for one in self._batch(chunk)]
        for told in verdicts:
            self._check_rights(told)
        return verdicts

    def _check_rights(self, told: Verdict | RefusedError) -> None:
        """End the run where no row of the table may be written: each of them would become a reject."""
        if told.code in PRIVILEGE_CODES:
            raise AccessError(
                told.message,
                hint=f"Give the application user a role that may write {self._plan.table.logical_name}",
                status=told.status,
                code=told.code,
                request_id=told.request_id,
            )

    def _send_all(self, message: str, operations: Sequence[Operation]) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for chunk in chunks(operations, MOST_ROWS):
            if len(chunk) > 1 and self._bulk() and self._sent_in_bulk(message, chunk):
                verdicts += [_WRITTEN] * len(chunk)
            else:
                verdicts += self.one_by_one(chunk)
        return verdicts

    def _sent_in_bulk(self, message: str, chunk: Sequence[Operation]) -> bool:
        table = self._plan.table
        request = Request(
            "POST",
            f"{table.entity_set}/Microsoft.Dynamics.CRM.{message}",
            {"Content-Type": "application/json; charset=utf-8"},
            bulk_body(self._plan, chunk),
            repeatable=True,
        )
        try:
            self._transport.send(request)
        except RefusedError as error:
            self._check_rights(error)
            logger.info(
                "%s: the service refused %s of %d rows (%s), they go once more one by one",
                self._plan.stream,
                message,
                len(chunk),
                error.code or error.status,
            )
            return False
        return True

    def _bulk(self) -> bool:
        """Whether the table has bulk messages, asked once (Dataverse: bulk-operations names this query)."""
        if self._has_bulk is None:
            condition = (
                "sdkmessageid/name eq 'UpdateMultiple' and "
                f"primaryobjecttypecode eq {literal(self._plan.table.logical_name)}"
            )
            url = "sdkmessagefilters" + query_string(select=["sdkmessagefilterid"], filter=condition)
            try:
                self._has_bulk = bool(self._transport.get(url).json()["value"])
            except RefusedError:
                # Not every caller may ask; a message the table lacks is refused, and its rows sent singly.
                self._has_bulk = True
        return self._has_bulk

    def _batch(self, chunk: Sequence[Operation]) -> list[Verdict]:
        """One `$batch`; parts the service could not do for now are sent again after a while."""
        verdicts: dict[int, Verdict] = {}
        waiting = list(range(len(chunk)))
        for attempt in range(_TRIES):
            parts = [batch_part(self._plan, chunk[index]) for index in waiting]
            replies = [one.reply for one in send_batch(self._transport, parts, continue_on_error=True)]
            verdicts.update({index: verdict(reply) for index, reply in zip(waiting, replies, strict=True)})
            waits = [_wait(reply, attempt) for reply in replies if verdict(reply).transient]
            waiting = [index for index in waiting if verdicts[index].transient]
            if not waiting:
                return [verdicts[index] for index in range(len(chunk))]
            self._sleep(max(waits))
        told = verdicts[waiting[0]]
        raise UnavailableError(
            f"{len(waiting)} rows of {self._plan.stream} were not written in {_TRIES} tries: {told.message}",
            hint="Run again later; nothing is lost",
            status=told.status,
            code=told.code,
            request_id=told.request_id,
        )


def _wait(reply: PartReply, attempt: int) -> float:
    told = reply.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else float(2**attempt)
