"""Change tracking: a first read of everything, then what was written or deleted since (delta links).

Dataverse: use-change-tracking-synchronize-data-external-systems. The token names the row version at which the
read began, so whatever changes while a client still fetches pages is reported by the next delta.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import UNSUPPORTED_QUERY, DataverseError, bad_request
from dynamics_sandbox.dataverse.reading.expansion import RowWriter
from dynamics_sandbox.dataverse.reading.pages import PIECE, context, replace_state
from dynamics_sandbox.dataverse.reading.source import Source
from dynamics_sandbox.dataverse.reading.tokens import (
    PageState,
    malformed_cookie,
    read_deltatoken,
    read_skiptoken,
    write_deltatoken,
    write_skiptoken,
)
from dynamics_sandbox.dataverse.schema import storage
from dynamics_sandbox.dataverse.schema.system import VERSION
from dynamics_sandbox.odata.options import replace_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.reading.pages import CollectionRequest
    from dynamics_sandbox.dataverse.session import Session


def is_tracking(request: CollectionRequest) -> bool:
    """Say whether a read tracks changes: asked for, or going on from a token that does."""
    options = request.options
    if request.preferences.track_changes or options.deltatoken is not None:
        return True
    return options.skiptoken is not None and 'istracking="True"' in options.skiptoken


def changes_page(session: Session, request: CollectionRequest) -> Iterator[bytes]:
    """Give one page of a tracked read as JSON, some hundred rows at a time.

    Raises:
        DataverseError: an option that tracking forbids, a table without it, an expired or malformed token.
    """
    _check(session, request)
    return _pieces(session, request, _state(session, request))


def _pieces(session: Session, request: CollectionRequest, state: PageState) -> Iterator[bytes]:
    left = min(request.preferences.page_size or session.settings.page_size, session.settings.page_size)
    suffix = "" if state.since is None else "/$delta"
    head = json.dumps({"@odata.context": context(session, request.table, request.options, suffix)})
    text, separator = head[:-1] + ',"value":[', ""
    follow: PageState | None = state
    while follow is not None and left:
        read = _deleted if follow.deleted else _written
        found, follow = read(session, request, follow, min(left, PIECE))
        if found:
            yield (text + separator + ",".join(found)).encode()
            text, separator, left = "", ",", left - len(found)
    link = json.dumps(_link(session, request, state, follow))
    yield f'{text}],"@odata.{"deltaLink" if follow is None else "nextLink"}":{link}}}'.encode()


def changes_count(session: Session, request: CollectionRequest) -> int:
    """Count written and deleted rows since the token."""
    _check(session, request)
    state = _state(session, request)
    written = Source(session, request.table)
    written.where(f"{written.column(VERSION)} > ?", state.since or 0)
    (rows,) = session.connection.execute(f"SELECT count(*) {written.sql()}", written.parameters).fetchone()
    (gone,) = session.connection.execute(
        "SELECT count(*) FROM _sandbox_deleted WHERE table_name = ? AND version > ? AND ? IS NOT NULL",
        (request.table.logical_name, state.since or 0, state.since),
    ).fetchone()
    return int(rows) + int(gone)


def _check(session: Session, request: CollectionRequest) -> None:
    options = request.options
    given = {
        "$filter": options.filter,
        "$orderby": options.orderby,
        "$expand": options.expand,
        "$top": options.top,
        "$apply": options.apply,
    }
    for option, value in given.items():
        if value not in (None, ()):
            raise bad_request(
                f'The "{option}" query parameter isn\'t supported when Change Tracking is enabled.',
                UNSUPPORTED_QUERY,
            )
    if not request.table.change_tracking:
        raise bad_request(
            f"Change tracking is not enabled for entity '{request.table.logical_name}'.",
            session.settings.tracking_disabled_code,
        )


def _state(session: Session, request: CollectionRequest) -> PageState:
    """Find where this page begins and which versions it covers."""
    if request.options.skiptoken is not None:
        state = read_skiptoken(request.options.skiptoken, values=1)
        if state.until is None:
            raise malformed_cookie()
        return state
    if request.options.deltatoken is None:
        return PageState(until=session.version)
    token = read_deltatoken(request.options.deltatoken)
    days = session.organization().get("expirechangetrackingindays")
    days = session.settings.change_tracking_days if days is None else days
    now = dt.datetime.strptime(session.now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.timezone.utc)
    floor = storage.state(session.connection, storage.TRACKING_FLOOR)
    if now - token.given_at > dt.timedelta(days=days) or not floor <= token.version <= session.version:
        raise DataverseError(
            session.settings.expired_link_status,
            session.settings.expired_link_code,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return PageState(since=token.version, until=session.version)


def _written(
    session: Session, request: CollectionRequest, state: PageState, size: int
) -> tuple[list[str], PageState | None]:
    """Read rows: in the order of their ids at first, in the order of their versions afterwards."""
    source = Source(session, request.table)
    writer = RowWriter(session, source, request.options, request.preferences)
    order = request.table.primary_id if state.since is None else VERSION
    place = writer.projection.plain(order)
    if state.since is not None:
        source.where(f"{source.column(VERSION)} > ?", state.since)
        source.where(f"{source.column(VERSION)} <= ?", state.until)
    if state.after is not None:
        source.where(f"{source.column(order)} > ?", state.after[0])
    rows = writer.select(f"ORDER BY {source.column(order)} LIMIT ?", size + 1)
    follow = _follow(state, [row[place] for row in rows], size)
    if follow is None and state.since is not None:
        follow = replace_state(state, after=None, deleted=True)
    return writer.texts(rows[:size]), follow


def _deleted(
    session: Session, request: CollectionRequest, state: PageState, size: int
) -> tuple[list[str], PageState | None]:
    """Read what was deleted, in the order of deletion."""
    rows = session.connection.execute(
        "SELECT id, version FROM _sandbox_deleted "
        "WHERE table_name = ? AND version > ? AND version <= ? ORDER BY version LIMIT ?",
        (request.table.logical_name, state.after[0] if state.after else state.since, state.until, size + 1),
    ).fetchall()
    where = f"{session.root}/$metadata#{request.table.entity_set}/$deletedEntity"
    texts = [
        json.dumps({"@odata.context": where, "id": row_id, "reason": "deleted"}) for row_id, _ in rows[:size]
    ]
    return texts, _follow(state, [version for _, version in rows], size)


def _follow(state: PageState, order_values: list[Any], size: int) -> PageState | None:
    """Give the state behind the last row of a page, or None when these were all."""
    if len(order_values) <= size:
        return None
    return replace_state(state, after=[order_values[size - 1]])


def _link(session: Session, request: CollectionRequest, state: PageState, follow: PageState | None) -> str:
    if follow is not None:
        token = write_skiptoken(replace_state(follow, page=state.page + 1))
        query = replace_option(request.raw_query, "$deltatoken", None)
        query = replace_option(query, "$skiptoken", token)
    else:
        query = replace_option(request.raw_query, "$skiptoken", None)
        query = replace_option(query, "$deltatoken", write_deltatoken(state.until or 0, session.now))
    return f"{session.root}/{request.path}?{query}"
