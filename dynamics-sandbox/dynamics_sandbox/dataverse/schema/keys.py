"""Alternate keys over time: requested, pending, then active or failed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.schema import storage

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Key, Table
    from dynamics_sandbox.dataverse.session import Session

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def settled(session: Session, table: Table, *, asked: bool) -> Table:
    """Give the table with those pending keys built whose time has come, as if in the background.

    Args:
        session: the transaction.
        table: any table.
        asked: whether a client is about to read the keys' status.
    """
    for key in table.keys:
        if key.status == "Pending":
            reads = key.reads + 1 if asked else key.reads
            table = table.with_key(_advanced(session, table, replace(key, reads=reads)))
    return table


def _advanced(session: Session, table: Table, key: Key) -> Key:
    settings = session.settings
    age = (_moment(session.now) - _moment(key.requested_at)).total_seconds()
    asked_enough = key.reads > settings.key_activation_reads
    if age < settings.key_activation_seconds or not (
        asked_enough or age >= settings.key_activation_limit_seconds
    ):
        return key
    built = storage.build_key(session.connection, table, key)
    return replace(key, status="Active" if built else "Failed")


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, _TIME).replace(tzinfo=dt.timezone.utc)
