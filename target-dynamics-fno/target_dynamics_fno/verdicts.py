"""What an answer to a write means for its row: F&O says it in words, whose stable parts decide."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from dynamics_odata.error_body import read_fault
from dynamics_singer.target import Outcome

if TYPE_CHECKING:
    from dynamics_odata.batch import BatchReply, PartReply

# F&O: service-protection-retry-operations and http; the write may or may not have happened.
_UNSURE = frozenset({408, 429, 500, 502, 503, 504})
_EXISTS = re.compile(r"\brecord already exists\b", re.IGNORECASE)
_ABSENT = re.compile(r"\bno resources were found when selecting for update\b", re.IGNORECASE)
NOT_FOUND = 404


class Verdict(Enum):
    """What to do with a row after an answer."""

    DONE = auto()
    """It is written."""
    EXISTS = auto()
    """A new row was sent, but its key is taken: somebody was faster, or another unique value is taken."""
    ABSENT = auto()
    """A change was sent, but the row is gone."""
    UNREACHED = auto()
    """The service stopped before it."""
    AGAIN = auto()
    """It lost a race, or its fate is unknown: look at the destination, then try again."""
    REFUSED = auto()
    """F&O does not want it."""


def judge(reply: BatchReply) -> Verdict:
    """What the answer to one row's write means."""
    if not reply.ran:
        return Verdict.UNREACHED
    if reply.ok:
        return Verdict.DONE
    answer = _failed(reply)
    fault = read_fault(answer.body)
    if _EXISTS.search(fault.message):
        return Verdict.EXISTS
    if _ABSENT.search(fault.message):
        return Verdict.ABSENT
    again = fault.is_update_conflict or (answer.status in _UNSURE and not fault.is_final)
    return Verdict.AGAIN if again else Verdict.REFUSED


def refusal(reply: BatchReply) -> Outcome:
    """The reject an answer stands for: F&O's infolog in short, its exception's kind or the status."""
    answer = _failed(reply)
    fault = read_fault(answer.body)
    code = fault.kind.rpartition(".")[2] or fault.code or str(answer.status)
    return Outcome("rejected", fault.detail, code, answer.request_id)


def _failed(reply: BatchReply) -> PartReply:
    return next(answer for answer in reply.replies if not answer.ok)
