"""Replies: what the service says about single rows, in a `$batch` or after a lone request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamics_odata.batch import PartReply

DUPLICATE_CODES = frozenset({"0x80060892", "0x80040237"})
"""Another row has the alternate key, or the id already (Dataverse: use-upsert-insert-update-record)."""

MISSING_CODES = frozenset({"0x80040217", "0x80060891"})
"""No row has the id, or the alternate key."""

PRIVILEGE_CODES = frozenset({"0x80040220", "0x80040299"})
"""The caller's roles allow this for no row of the table."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The service's answer about one row; `status` below 400 means written."""

    status: int
    code: str = ""
    message: str = ""
    request_id: str = ""

    @property
    def ok(self) -> bool:
        """The row was written."""
        return self.status < 400  # noqa: PLR2004  # HTTP: errors begin here

    @property
    def transient(self) -> bool:
        """The same request may succeed later."""
        return self.status in {408, 429} or self.status >= 500  # noqa: PLR2004  # HTTP: the server's own errors

    @property
    def about_existence(self) -> bool:
        """The row appeared or vanished between the look and the write."""
        return self.status == 412 or self.code in DUPLICATE_CODES or self.code in MISSING_CODES  # noqa: PLR2004


def verdict(reply: PartReply) -> Verdict:
    """The verdict in one part of a `$batch` answer."""
    if reply.ok:
        return Verdict(reply.status)
    told = reply.error()
    return Verdict(reply.status, told.code, told.detail, told.request_id)
