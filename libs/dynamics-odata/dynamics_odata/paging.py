"""Reading a result page by page: next links followed literally, rows left as the bytes they came in."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import msgspec

from dynamics_odata.errors import ProtocolError
from dynamics_odata.exchange import Response, describe, shape
from dynamics_odata.long_addresses import get
from dynamics_odata.row_slices import split_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamics_odata.transport import Transport

__all__ = ["Page", "pages"]

logger = logging.getLogger(__name__)

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a result.

    Attributes:
        rows: each row's JSON exactly as sent, numbers included; decode what is needed.
        next_link: address of the next page, or None on the last one.
        delta_link: address that later gives the changes since (change tracking), on the last page only.
        context: the ``@odata.context`` of the page.
        body: the whole page, of which ``rows`` are views.
    """

    rows: list[msgspec.Raw]
    next_link: str | None
    delta_link: str | None
    context: str
    body: bytes


class _Envelope(msgspec.Struct):
    """The frame of a collection answer (OData JSON format 4.0, section 12)."""

    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")
    context: str = msgspec.field(default="", name="@odata.context")


_decoder = msgspec.json.Decoder(_Envelope)


def pages(transport: Transport, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Page]:
    """All pages from an address on, empty ones included; ``headers`` (``Prefer``) go with each request.

    Raises:
        ProtocolError: when an answer is no collection, a link comes back a second time, or a link leaves the
            environment.
    """
    seen: set[str] = set()
    address: str | None = transport.url(url)
    while address is not None:
        seen.add(address)
        page = _sound_page(transport, address, headers)
        yield page
        address = _following(transport, address, page)
        if address in seen:
            raise ProtocolError(
                f"{describe('GET', address)} leads in a circle: a next link came back a second time",
                hint="Run again; if it stays, sort the stream by its key.",
            )


def _sound_page(
    transport: Transport, address: str, headers: Mapping[str, str] | None, repetitions: int = 0
) -> Page:
    """A page, asked for again when it comes cut short with a status and a length that say nothing of it."""
    response = get(transport, address, headers)
    try:
        return read_page(response)
    except ProtocolError:
        begun = response.body.removeprefix(_BOM).lstrip()[:1] == b"{"
        if not begun or repetitions >= transport.connection.max_retries:
            raise
    logger.info("the answer to %s ends early; asking again", describe("GET", address))
    return _sound_page(transport, address, headers, repetitions + 1)


def read_page(response: Response) -> Page:
    """One page out of an answer."""
    body = response.body.removeprefix(_BOM)
    try:
        envelope = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        envelope = _slowly(body, response.url)
    return Page(envelope.value, envelope.next_link, envelope.delta_link, envelope.context, response.body)


def _slowly(body: bytes, url: str) -> _Envelope:
    """The same without msgspec, which refuses strings with half a surrogate pair."""
    try:
        rows, others = split_page(body.decode())
        # Only the frame is checked here; the rows' own strings are what msgspec would stumble over again.
        envelope = msgspec.convert({**others, "value": []}, _Envelope)
    except (ValueError, RecursionError):
        what = describe("GET", url)
        raise ProtocolError(f"The answer to {what} is no collection but {shape(body)}") from None
    envelope.value = [msgspec.Raw(row.encode()) for row in rows]
    return envelope


def _following(transport: Transport, address: str, page: Page) -> str | None:
    if not page.next_link:
        return None
    if "://" in page.next_link.partition("?")[0]:
        return transport.url(page.next_link)
    # OData allows links relative to the request; both services send absolute ones.
    return transport.url(urljoin(address, page.next_link))
