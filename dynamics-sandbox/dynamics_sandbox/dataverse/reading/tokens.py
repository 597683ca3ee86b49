"""Tokens in links: $skiptoken in the service's outer shape, and $deltatoken for change tracking."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from dynamics_sandbox.dataverse.errors import DataverseError, bad_request

_COOKIE = re.compile(
    r'<cookie pagenumber="(\d+)" pagingcookie="([\w\-=]*)" istracking="(True|False)" />', re.ASCII
)
_DELTA = re.compile(r"(\d{1,18})!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)", re.ASCII)
_DELTA_TIME = "%m/%d/%Y %H:%M:%S"


class PageState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a paged read goes on: the last row's sort values, or rows to skip; and the tracked versions."""

    page: int = 1
    after: list[str | int | float | None] | None = None
    offset: int = 0
    since: int | None = None
    until: int | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class DeltaState:
    """A change-tracking token: the version up to which the client has seen everything, and its age."""

    version: int
    given_at: dt.datetime


def write_skiptoken(state: PageState) -> str:
    """Give the percent-encoded $skiptoken."""
    inner = base64.urlsafe_b64encode(msgspec.json.encode(state)).decode()
    tracking = state.until is not None
    return quote(
        f'<cookie pagenumber="{state.page}" pagingcookie="{inner}" istracking="{tracking}" />', safe=""
    )


def read_skiptoken(token: str, *, values: int) -> PageState:
    """Read a decoded $skiptoken of a query with this many sort values.

    Raises:
        DataverseError: it is none of ours.
    """
    match = _COOKIE.fullmatch(token)
    try:
        content = base64.b64decode(match.group(2), altchars=b"-_", validate=True) if match else b""
        state = msgspec.json.decode(content, type=PageState)
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        raise malformed_cookie() from None
    if state.after is not None and len(state.after) != values:
        raise malformed_cookie()
    return state


def malformed_cookie() -> DataverseError:
    """Refuse a $skiptoken that this query did not give."""
    return bad_request("Malformed XML in the Paging Cookie")


def write_deltatoken(version: int, now: str) -> str:
    """Give the percent-encoded $deltatoken."""
    moment = dt.datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.timezone.utc)
    return quote(f"{version}!{moment.strftime(_DELTA_TIME)}", safe="")


def read_deltatoken(token: str) -> DeltaState:
    """Read a decoded $deltatoken.

    Raises:
        DataverseError: malformed.
    """
    match = _DELTA.fullmatch(token)
    try:
        if match is not None:
            moment = dt.datetime.strptime(match.group(2), _DELTA_TIME).replace(tzinfo=dt.timezone.utc)
            return DeltaState(int(match.group(1)), moment)
    except ValueError:
        pass  # digits in the right places that make no date: malformed like the rest
    raise bad_request("The delta token of the request is malformed.")
