"""A tap of large pages; the signal tests run it as a process of its own."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, ClassVar

from dynamics_singer.cli import run
from dynamics_singer.tap.settings import TAP_PROPERTIES
from dynamics_singer.tap.shape import Copied, Part
from dynamics_singer.tap.stream import Batch, PageStream
from dynamics_singer.tap.tap import DynamicsTap
from msgspec import Raw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_A_PAGE = 1000


class Rows(PageStream):
    """Two hundred pages of rows of 2 kB, with the page's number as bookmark."""

    name = "rows"
    primary_keys = ("id",)
    schema: ClassVar[dict[str, Any]] = {
        "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
    }
    parts = (Copied("id", "id"), Copied("text", "text"))

    def batches(self, wanted: tuple[Part, ...]) -> Iterator[Batch]:
        del wanted
        for page in range(200):
            first = page * ROWS_A_PAGE
            numbers = range(first, first + ROWS_A_PAGE)
            rows = [Raw(b'{"id":%d,"text":"%s"}' % (number, b"x" * 2000)) for number in numbers]
            yield Batch(rows, bookmark={"page": page})


class Signalling(io.RawIOBase):
    """Standard error on which SIGTERM arrives in the middle of the first write."""

    def __init__(self) -> None:
        super().__init__()
        self._is_first = True

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self._is_first:
            self._is_first = False
            os.kill(os.getpid(), signal.SIGTERM)
        return os.write(2, data)


class PagingTap(DynamicsTap):
    """Reads nothing from anywhere.

    `slow_discovery` makes it wait where others ask for metadata; `signal_in_log_line` has SIGTERM arrive
    while stderr is being written; `parallel_streams` gives it four streams instead of one.
    """

    name = "paging-tap"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "slow_discovery": {"type": "boolean", "default": False},
            "signal_in_log_line": {"type": "boolean", "default": False},
            **TAP_PROPERTIES,
        },
    }

    def discover_streams(self) -> Sequence[Rows]:
        if self.config["slow_discovery"]:
            self.logger.info("discovering")
            time.sleep(60)
        if self.config["signal_in_log_line"]:
            for handler in logging.getLogger().handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(io.TextIOWrapper(io.BufferedWriter(Signalling()), line_buffering=True))
            self.logger.info("the line in which the signal arrives")
        streams = [Rows(self)]
        if self.config["parallel_streams"] > 1:
            streams += [Rows(self, name=f"rows{number}") for number in range(2, 5)]
        return streams


if __name__ == "__main__":
    sys.argv[0] = "paging-tap"
    run(PagingTap)
